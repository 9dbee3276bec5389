"""MediaPipe Hands on a clip as its users run it: every frame decoded by OpenCV, video mode, its own defaults.

Usage: python mediapipe_hands.py CLIP MAX_HANDS, in an environment that has mediapipe. Prints one JSON object: frames,
found (frames with a hand) and seconds from opening the clip, the networks' loading included, to the last result.
"""

import json
import sys
import time

import cv2
import mediapipe


def main(clip: str, max_hands: int) -> None:
    frames = found = 0
    start = time.perf_counter()
    video = cv2.VideoCapture(clip)
    with mediapipe.solutions.hands.Hands(static_image_mode=False, max_num_hands=max_hands) as hands:
        while (read := video.read())[0]:
            result = hands.process(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB))
            frames += 1
            found += bool(result.multi_hand_landmarks)
    print(json.dumps({"frames": frames, "found": found, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
