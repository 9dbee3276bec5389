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
    located = intrinsics.normalise(joints_2d)
    translation = solve_translation(keypoints, joints_2d, intrinsics)
    for _ in range(GAUSS_NEWTON_STEPS):
        points = keypoints + translation[:, None]
        projected = points[..., :2] / points[..., 2:]
        jacobian = np.zeros((*projected.shape, 3))
        jacobian[..., 0, 0] = jacobian[..., 1, 1] = 1.0
        jacobian[..., 2] = -projected
        jacobian /= points[..., 2, None, None]
        normal = np.einsum("nkic,nkid->ncd", jacobian, jacobian)
        gradient = np.einsum("nkic,nki->nc", jacobian, located - projected)
        translation = translation + np.linalg.solve(normal, gradient[..., None])[..., 0]
    return translation
