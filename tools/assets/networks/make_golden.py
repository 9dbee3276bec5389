"""Writes the TensorFlow Lite runtime's outputs for a drawn picture, the reference of tests/test_models.py.

    python tools/assets/networks/make_golden.py FOLDER_OF_TFLITE_FILES FOLDER

FOLDER/drawn_hands.png is the picture. FOLDER/networks.npz holds the exact inputs of both networks, cut from it, and
their outputs; of the palm detector's boxes only those of the anchors with the highest scores.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
import tensorflow as tf
from draw_hands import HEIGHT, WIDTH, draw_two_hands
from numpy.typing import NDArray

DETECTOR_SIZE, PATCH_SIZE = 192, 224
STORED_ANCHORS = 64
PATCHES = [((190, 250), 330, -0.15), ((505, 240), 240, 0.4), ((320, 80), 150, 0.0)]
"""Center in pixels, side in pixels, roll in radians: the large hand, the small hand, no hand."""


def run_tflite(path: Path, picture: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Outputs, in the order of the file, for one picture (side, side, 3) of bytes."""
    interpreter = tf.lite.Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture[None].astype(np.float32) / 255)
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


def letterbox(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = (DETECTOR_SIZE, DETECTOR_SIZE * HEIGHT // WIDTH)
    border = (DETECTOR_SIZE - size[1]) // 2
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cv2.copyMakeBorder(small, border, border, 0, 0, cv2.BORDER_CONSTANT)


def cut_patch(picture: NDArray[np.uint8], center: tuple[float, float], side: float, roll: float) -> NDArray[np.uint8]:
    matrix = cv2.getRotationMatrix2D(center, np.degrees(roll), PATCH_SIZE / side)
    matrix[:, 2] += PATCH_SIZE / 2 - np.array(center)
    return cv2.warpAffine(picture, matrix, (PATCH_SIZE, PATCH_SIZE))


def main() -> None:
    networks, folder = map(Path, sys.argv[1:])
    picture = draw_two_hands()
    cv2.imwrite(str(folder / "drawn_hands.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))

    image = letterbox(picture)
    boxes, score_logits = run_tflite(networks / "palm_detection_full.tflite", image)
    anchors = np.argsort(-score_logits[0, :, 0])[:STORED_ANCHORS]

    patches = np.stack([cut_patch(picture, *patch) for patch in PATCHES])
    rows = [run_tflite(networks / "hand_landmark_full.tflite", patch) for patch in patches]
    points, presence, right_score, world = (np.concatenate(column) for column in zip(*rows, strict=True))

    np.savez_compressed(
        folder / "networks.npz",
        image=image,
        score_logits=score_logits[0, :, 0],
        anchors=anchors,
        anchor_boxes=boxes[0, anchors],
        patches=patches,
        points=points.reshape(-1, 21, 3),
        presence=presence[:, 0],
        right_score=right_score[:, 0],
        world=world.reshape(-1, 21, 3),
    )


if __name__ == "__main__":
    main()
