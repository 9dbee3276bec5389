"""Search regions of hands: square crops around their joints, with the fingers up."""

import numpy as np
from numpy.typing import ArrayLike

from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics, upright_roll
from dahyf_core.geometry import MIDDLE_KNUCKLE, WRIST

BOX_JOINTS = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
TRACKING_SCALE = 2.0
BOX_SHIFT = 0.1
"""MediaPipe's tracking box: no finger joint but the first of each, so that it hardly moves when fingers bend; twice the
long side, and moved towards the fingers by a tenth of it."""

STEADY_WEIGHT = 0.3
STEADY_CHANGE = 0.2
"""A change by this much (in sides of the crop, in logarithm of the side, in radians) is followed at once; what is
smaller is followed in part, at least by the weight."""


def crops_from_joints(joints_2d: ArrayLike, mirrored: ArrayLike, intrinsics: Intrinsics) -> Crops:
    """Crops (N,) around hands whose joints (N, 21, 2) are known, px as filmed; mirrored (N,) marks left hands.

    Each crop is rolled so that wrist to middle knuckle points up.
    """
    joints = np.asarray(joints_2d, dtype=np.float64)
    flags = np.asarray(mirrored, dtype=bool)
    wrist = joints[:, WRIST]
    roll = upright_roll(wrist, joints[:, MIDDLE_KNUCKLE], flags, intrinsics)
    unit = Crops(wrist, np.full(len(joints), float(PATCH_SIZE)), roll, flags, intrinsics)
    upright = unit.to_patch(joints[:, BOX_JOINTS])
    low, high = upright.min(axis=1), upright.max(axis=1)
    long_side = (high - low).max(axis=1)
    center = (low + high) / 2
    center[:, 1] -= BOX_SHIFT * long_side
    return Crops(unit.to_frame(center[:, None])[:, 0], TRACKING_SCALE * long_side, roll, flags, intrinsics)


def steadied(crops: Crops, previous: Crops) -> Crops:
    """Crops (N,) drawn towards the previous ones of the same hands, the more so the less they differ.

    A network answers differently to every shift of its patch; a patch that stands still on a still hand halves the
    jitter of the joints. Where a hand changed its mirroring its new crop is taken as it is.
    """
    turn = (crops.roll - previous.roll + np.pi) % (2 * np.pi) - np.pi
    growth = np.log(crops.side / previous.side)
    shift = crops.center - previous.center
    change = np.linalg.norm(shift, axis=1) / previous.side + np.abs(growth) + np.abs(turn)
    weight = np.clip(change / STEADY_CHANGE, STEADY_WEIGHT, 1.0)
    weight[crops.mirrored != previous.mirrored] = 1.0
    return Crops(
        crops.center - (1 - weight)[:, None] * shift,
        crops.side * np.exp((weight - 1) * growth),
        crops.roll + (weight - 1) * turn,
        crops.mirrored,
        crops.intrinsics,
    )
