"""The motion of a captured hand, as retargeting needs it. No bpy here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...shared.rig_joints import FINGERS, MANO_BONES

FloatArray = NDArray[np.floating]


@dataclass(frozen=True)
class HandMotion:
    """A hand over N frames in its own rest axes, those of MANO or of the armature that was keyed.

    side: "left" or "right". rotations (N, 16, 3, 3): each bone's rotation from its rest orientation, its parents'
    included. wrist (N, 3): the wrist's position, in metres, world axes. to_world (3, 3) or
    (N, 3, 3): rest axes to world axes.
    joints (16, 3) and tips (5, 3), thumb to little finger: the hand at rest.
    """

    side: str
    rotations: FloatArray
    wrist: FloatArray
    to_world: FloatArray
    joints: FloatArray
    tips: FloatArray

    def finger_points(self, finger: str) -> FloatArray:
        """(4, 3) a finger at rest: the heads of its three bones and its tip."""
        return np.concatenate([self.joints[list(MANO_BONES[finger])], self.tips[FINGERS.index(finger)][None]])

    def finger_rotations(self, finger: str) -> FloatArray:
        """(N, 3, 3, 3) the rotations of a finger's bones relative to the hand."""
        return self.rotations[:, :1].swapaxes(-1, -2) @ self.rotations[:, MANO_BONES[finger]]


def chained(local: FloatArray, parents: tuple[int, ...]) -> FloatArray:
    """(N, B, 3, 3) rotations relative to the parent to those relative to the rest pose. Parents come first."""
    rotations = np.array(local, np.float64)
    for bone, parent in enumerate(parents):
        if parent >= 0:
            rotations[:, bone] = rotations[:, parent] @ rotations[:, bone]
    return rotations
