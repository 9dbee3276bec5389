"""The 21 keypoints of a hand in FreiHAND's order, which is also MediaPipe's."""

import numpy as np

from dahyf_core.arrays import Array

WRIST, MIDDLE_KNUCKLE = 0, 9
PALM = [0, 5, 9, 13, 17]
"""Wrist and knuckles. They hardly move against each other, and lie nearly in a plane."""
KEYPOINT_SETS = ("own", "mediapipe", "freihand")
"""Sets of keypoints: on the bones of the hand model, or as MediaPipe and FreiHAND place them."""
MIRROR = np.array([-1.0, 1.0, 1.0])
"""Brings points of a right hand to a left one and back; axis-angle vectors take its negative."""


def relative_depths(joints: Array) -> Array:
    """(..., 21) depths of joints (..., 21, 3) behind the wrist, along z, where the palm's length is 1."""
    palm = np.linalg.norm(joints[..., MIDDLE_KNUCKLE, :] - joints[..., WRIST, :], axis=-1)
    depths: Array = (joints[..., 2] - joints[..., WRIST, None, 2]) / palm[..., None]
    return depths
