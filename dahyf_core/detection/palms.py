"""Detected palms, and the square patches that contain their whole hands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray
from dahyf_core.camera import Crops, Intrinsics, upright_roll

Index = slice | Sequence[int] | NDArray[np.bool_] | NDArray[np.integer]

WRIST, MIDDLE_MCP = 0, 2
"""Rows of Palms.keypoints; the others are the knuckles of index (1), ring (3), pinky (4), and two of the thumb."""

HAND_SCALE = 2.6
HAND_SHIFT = 0.5
"""MediaPipe's rule from palm to hand: patch width and shift towards the fingers, in sides of the palm's box."""


@dataclass(frozen=True, eq=False)
class Palms:
    """N palms in a frame, best first.

    score: (N,) probability that this is a palm. box: (N, 4) left, top, right, bottom in pixels as filmed.
    keypoints: (N, 7, 2) pixels as filmed: wrist, the knuckles of index, middle, ring and pinky, thumb CMC and MCP.
    patch: (N, 3) centre and side of the patch that contains the whole hand, pixels as filmed; None to follow from the
    palm.
    """

    score: FloatArray
    box: FloatArray
    keypoints: FloatArray
    patch: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.score)

    def __getitem__(self, index: Index) -> "Palms":
        patch = None if self.patch is None else self.patch[index]
        return Palms(self.score[index], self.box[index], self.keypoints[index], patch)

    def moved(self, shift: FloatArray) -> "Palms":
        """The same palms in a frame whose origin is at -shift (2,), px."""
        patch = None if self.patch is None else self.patch + np.append(shift, 0.0)
        return Palms(self.score, self.box + np.tile(shift, 2), self.keypoints + shift, patch)


def crops_from_palms(palms: Palms, intrinsics: Intrinsics) -> Crops:
    """One patch per palm that contains the whole hand, fingers up. The side is unknown, so no patch is mirrored.

    Where the detector gives no patch it is HAND_SCALE times as wide as the palm's box, and its centre is the box's,
    moved by HAND_SHIFT sides of the box along the direction from the wrist to the middle finger's knuckle.
    """
    wrist, knuckle = palms.keypoints[:, WRIST], palms.keypoints[:, MIDDLE_MCP]
    unmirrored = np.zeros(len(palms), dtype=bool)
    roll = upright_roll(wrist, knuckle, unmirrored, intrinsics)
    if palms.patch is not None:
        return Crops(palms.patch[:, :2], palms.patch[:, 2], roll, unmirrored, intrinsics)
    up = np.stack([-np.sin(roll), -np.cos(roll)], axis=-1)
    square = np.array([1.0, intrinsics.aspect])
    palm_side = ((palms.box[:, 2:] - palms.box[:, :2]) * square).max(axis=-1)
    middle = (palms.box[:, :2] + palms.box[:, 2:]) / 2
    center = middle + HAND_SHIFT * palm_side[:, None] * up / square
    return Crops(center, HAND_SCALE * palm_side, roll, unmirrored, intrinsics)
