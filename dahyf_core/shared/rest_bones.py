"""Bones with tails and rolls from MANO's joints, for both the add-on's rigs and exported skeletons."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .names import BONE_NAMES, FINGERS

WRIST_POINTS_TO: Final = BONE_NAMES.index("middle1")
THUMB: Final = [bone for bone, name in enumerate(BONE_NAMES) if name.startswith("thumb")]
THUMB_BENDS_TO: Final = BONE_NAMES.index("pinky1")
PALM: Final = (0.0, -1.0, 0.0)
"""Direction that the palm faces in the rest pose of the capture file."""
TIP_BONES: Final = [BONE_NAMES.index(f"{finger}3") for finger in FINGERS]
"""The last bone of each finger, in the order of tips."""


def bone_tails(joints: NDArray[Any], tips: NDArray[Any], parents: Sequence[int] | NDArray[Any]) -> NDArray[Any]:
    """(16, 3) tails of the bones: the next joint or the fingertip; for the wrist, the middle finger's knuckle.

    joints: (16, 3) at rest. tips: (5, 3), thumb to pinky. parents: (16,), -1 for the wrist.
    """
    tails = joints.copy()
    for bone in reversed(range(1, len(joints))):
        tails[parents[bone]] = joints[bone]
    tails[TIP_BONES] = tips
    tails[0] = joints[WRIST_POINTS_TO]
    return tails


def bend_directions(joints: NDArray[Any], palm: Sequence[float] | NDArray[Any] = PALM) -> NDArray[Any]:
    """(16, 3) where a finger goes when it bends at a joint, roughly; not of unit length.

    joints: (16, 3) at rest. palm: (3,) where the palm faces in the same axes.
    """
    towards = np.tile(np.asarray(palm, joints.dtype), (len(joints), 1))
    towards[THUMB] = joints[THUMB_BENDS_TO] - joints[THUMB]
    return towards
