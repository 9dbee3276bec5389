"""Where a hand of known pose must be to lie on its located joints."""

import numpy as np

from dahyf_core.camera import Intrinsics
from dahyf_core.cleaning.hand import FloatArray
from dahyf_core.fitting import solve_translation

GAUSS_NEWTON_STEPS = 2


def place(keypoints: FloatArray, joints_2d: FloatArray, intrinsics: Intrinsics) -> FloatArray:
    """Translation (N, 3), m, with the least squared distance of projected keypoints to located joints.

    keypoints: (N, 21, 3) of hands at translation 0. joints_2d: (N, 21, 2) px as filmed. The linear solution, which puts
    a hand too near the worse its pose fits the picture, is the start.
    """
    count, joints, _ = keypoints.shape
    located = intrinsics.normalise(joints_2d)
    translation = solve_translation(keypoints, joints_2d, intrinsics)
    for _ in range(GAUSS_NEWTON_STEPS):
        points = keypoints + translation[:, None]
        projected = points[..., :2] / points[..., 2:]
        by_joint = np.zeros((count, joints, 2, 3))
        by_joint[..., 0, 0] = by_joint[..., 1, 1] = 1.0
        by_joint[..., 2] = -projected
        by_joint /= points[..., 2, None, None]
        jacobian = by_joint.reshape(count, 2 * joints, 3)
        transposed = np.swapaxes(jacobian, 1, 2)
        offsets = (located - projected).reshape(count, 2 * joints, 1)
        translation = translation + np.linalg.solve(transposed @ jacobian, transposed @ offsets)[..., 0]
    return translation
