"""Patches around points and boxes, for training, annotation and the estimators for stills."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, FloatArray
from dahyf_core.camera.crops import PATCH_SIZE, Crops, upright_roll
from dahyf_core.camera.intrinsics import Intrinsics
from dahyf_core.geometry import MIDDLE_KNUCKLE, WRIST

CROP_SCALE = 1.6
"""Side of a patch over the side of the upright box of all joints, in training and in stills. Landmark networks work
best at this scale. Tracking uses another box and scale (tracking.boxes)."""


def box_around(points: Array) -> FloatArray:
    """(..., 4) left, top, right, bottom of the upright rectangles tight around points (..., K, 2)."""
    return np.concatenate([points.min(axis=-2), points.max(axis=-2)], axis=-1, dtype=np.float64)


def crops_around(points: Array, roll: Array, mirrored: NDArray[np.bool_], intrinsics: Intrinsics) -> Crops:
    """Patches centred on the boxes of points (N, K, 2) px, in virtual cameras with this roll and mirroring (N,)."""
    first = np.asarray(points[:, 0], dtype=np.float64)
    unit = Crops(first, np.full(len(points), float(PATCH_SIZE)), roll.astype(np.float64), mirrored, intrinsics)
    box = box_around(unit.to_patch(points)).reshape(-1, 2, 2)
    center = unit.to_frame(box.mean(axis=1, keepdims=True))[:, 0]
    return Crops(center, CROP_SCALE * (box[:, 1] - box[:, 0]).max(axis=1), unit.roll, mirrored, intrinsics)


def upright_crops(joints_2d: Array, left: NDArray[np.bool_], intrinsics: Intrinsics) -> Crops:
    """Patches of right hands, fingers up, around all joints (N, 21, 2). left: (N,) of left hands, to be mirrored."""
    return crops_around(joints_2d, upright_rolls(joints_2d, left, intrinsics), left, intrinsics)


def upright_rolls(joints_2d: Array, left: NDArray[np.bool_], intrinsics: Intrinsics) -> FloatArray:
    """(N,) rolls of those patches, radians."""
    return upright_roll(joints_2d[:, WRIST], joints_2d[:, MIDDLE_KNUCKLE], left, intrinsics)
