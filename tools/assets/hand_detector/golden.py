"""Draws tests/golden/hands.png: two hands before a blurred pattern.

PYTHONPATH=.:tools/assets .env/core/bin/python -m hand_detector.golden CUTOUTS LEFT_ROW RIGHT_ROW
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Image
from hand_detector.drawn import Cutout, load_cutouts

WIDTH, HEIGHT, EXTENT = 480, 320, 105
PLACES = ((150, 150), (345, 165))
TARGET = Path("tests/golden/hands.png")


def draw(cutouts: list[Cutout]) -> Image:
    rng = np.random.default_rng(4)
    pattern = cv2.resize(rng.uniform(40, 190, (5, 7, 3)).astype(np.float32), (WIDTH, HEIGHT))
    picture = pattern + cv2.GaussianBlur(rng.normal(0, 40, pattern.shape), (0, 0), 2)
    for cutout, place in zip(cutouts, PLACES, strict=True):
        scale = EXTENT / np.ptp(cutout.joints, axis=0).max()
        affine = np.array([[scale, 0, 0], [0, scale, 0]])
        affine[:, 2] = place - scale * cutout.joints.mean(axis=0)
        warped = cv2.warpAffine(cutout.colour, affine, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR).astype(float)
        picture = warped[..., :3] + (1 - warped[..., 3:] / 255) * picture
        print(
            "wrist", affine[:, :2] @ cutout.joints[0] + affine[:, 2], "knuckle", affine @ np.append(cutout.joints[9], 1)
        )
    return picture.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    stored = load_cutouts(Path(sys.argv[1]), "val")
    pixels = draw([stored[int(row)] for row in sys.argv[2:4]])
    cv2.imwrite(str(TARGET), pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
