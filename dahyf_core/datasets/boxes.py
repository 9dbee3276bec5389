"""Patches laid around points, as training, annotation and the estimators' trials have them."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics, upright_roll
from dahyf_core.datasets.example import Array

BOX_SCALE = 1.6
"""Side of a patch over that of the upright box of all joints: what landmark networks see best in."""
WRIST, MIDDLE_KNUCKLE = 0, 9


def crops_around(points: Array, roll: Array, mirrored: NDArray[np.bool_], intrinsics: Intrinsics) -> Crops:
    """Patches amid the boxes of points (N, K, 2) px, in virtual cameras of such roll and mirroring (N,)."""
    first = np.asarray(points[:, 0], dtype=np.float64)
    unit = Crops(first, np.full(len(points), float(PATCH_SIZE)), roll.astype(np.float64), mirrored, intrinsics)
    virtual = unit.to_patch(points)
    low, high = virtual.min(axis=1), virtual.max(axis=1)
    center = unit.to_frame(((low + high) / 2)[:, None])[:, 0]
    return Crops(center, BOX_SCALE * (high - low).max(axis=1), unit.roll, mirrored, intrinsics)


def upright_crops(joints_2d: Array, left: NDArray[np.bool_], intrinsics: Intrinsics) -> Crops:
    """Patches of right hands, fingers up, around all joints (N, 21, 2). left: (N,) of left hands, to be mirrored."""
    roll = upright_roll(joints_2d[:, WRIST], joints_2d[:, MIDDLE_KNUCKLE], left, intrinsics)
    return crops_around(joints_2d, roll, left, intrinsics)
