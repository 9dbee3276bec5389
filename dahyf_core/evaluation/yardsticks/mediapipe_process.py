"""Runs MediaPipe Hands with its own defaults, in an environment that has mediapipe.

    python mediapipe_process.py (time | time_static) CLIP MAX_HANDS

decodes every frame by OpenCV, in video or static mode, and prints one JSON object: frames, found (frames with a hand),
seconds from opening the clip, the networks' loading included, to the last result, and latency_p50 and latency_p99 of a
single frame, ms.

    python mediapipe_process.py (stills | video) MAX_HANDS

reads pictures from standard input, each as height and width (two little-endian uint32) and RGB bytes, and answers each
with one line of JSON: a list of hands with `points`, 21 x, y in pixels (the centre of the upper left one is 0, 0),
`world`, 21 x 3 metres, `side`, that of the real hand in an unmirrored picture, and `score`, of that side.
"""

import json
import struct
import sys
import time
from typing import Any

import cv2
import mediapipe
import numpy as np

Hands = mediapipe.solutions.hands.Hands
SIDES = {"Left": "right", "Right": "left"}
"""MediaPipe names sides as if the picture were a mirror image."""


def time_clip(clip: str, max_hands: int, static: bool) -> None:
    taken, found = [], 0
    start = time.perf_counter()
    video = cv2.VideoCapture(clip)
    with Hands(static_image_mode=static, max_num_hands=max_hands) as hands:
        while (read := video.read())[0]:
            picture = cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB)
            began = time.perf_counter()
            result = hands.process(picture)
            taken.append(1e3 * (time.perf_counter() - began))
            found += bool(result.multi_hand_landmarks)
    numbers = {"frames": len(taken), "found": found, "seconds": time.perf_counter() - start}
    median, highest = np.percentile(taken, (50, 99))
    print(json.dumps({**numbers, "latency_p50": median, "latency_p99": highest}))


def serve(static: bool, max_hands: int) -> None:
    with Hands(static_image_mode=static, max_num_hands=max_hands) as hands:
        while header := sys.stdin.buffer.read(8):
            height, width = struct.unpack("<II", header)
            pixels = sys.stdin.buffer.read(height * width * 3)
            picture = np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
            print(json.dumps(describe(hands.process(picture), width, height)), flush=True)


def describe(result: Any, width: int, height: int) -> list[dict[str, Any]]:
    found = zip(
        result.multi_hand_landmarks or [],
        result.multi_hand_world_landmarks or [],
        result.multi_handedness or [],
        strict=True,
    )
    return [
        {
            "points": [[point.x * width - 0.5, point.y * height - 0.5] for point in points.landmark],
            "world": [[point.x, point.y, point.z] for point in world.landmark],
            "side": SIDES[handedness.classification[0].label],
            "score": handedness.classification[0].score,
        }
        for points, world, handedness in found
    ]


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    if mode in ("time", "time_static"):
        time_clip(arguments[0], int(arguments[1]), mode == "time_static")
    else:
        serve(mode == "stills", int(arguments[0]))
