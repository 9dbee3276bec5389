"""Named sets of 21 keypoints, in FreiHAND's order, that follow the bones of a hand."""

from dataclasses import dataclass, replace

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import MIRROR

KEYPOINT_BONES = np.array([0, 13, 14, 15, 15, 1, 2, 3, 3, 4, 5, 6, 6, 10, 11, 12, 12, 7, 8, 9, 9])
"""The bone (MANO order) that carries each keypoint. A tip follows the last bone of its finger."""
FINGER_BONES = np.arange(1, 16).reshape(5, 3)
"""Bones of the five fingers from the palm outwards, in MANO's order: index, middle, pinky, ring, thumb."""
FINGER_KEYPOINTS = np.array([[5, 6, 7, 8], [9, 10, 11, 12], [17, 18, 19, 20], [13, 14, 15, 16], [1, 2, 3, 4]])
"""Keypoints of the same five fingers."""
TIPS = np.array([4, 8, 12, 16, 20])
"""Places of the fingertips among the 21 keypoints: thumb, index, middle, ring, pinky."""


@dataclass(frozen=True)
class KeypointSet:
    """The positions of the 21 keypoints of one source of labels.

    Keypoint k = joint[b] + R[b] @ (offsets[k] + offset_directions[k] @ shape), with b = bones[k] and R[b] the bone's
    global rotation. Where vertices[k] >= 0 the keypoint is that skinned vertex instead, and the offset is its place in
    the flat hand.
    """

    bones: np.ndarray  # (21,) int
    offsets: Array  # (21, 3) metres, rest frame
    offset_directions: Array  # (21, 3, 10)
    vertices: np.ndarray  # (21,) int, -1 where the keypoint rides on a bone

    def mirrored(self) -> "KeypointSet":
        """The same set on the other hand (x negated)."""
        directions = self.offset_directions * MIRROR[:, None]
        return replace(self, offsets=self.offsets * MIRROR, offset_directions=directions)
