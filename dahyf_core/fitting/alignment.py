"""Rigid alignment of points."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

PALM = np.array([0, 5, 9, 13, 17])
"""Wrist and knuckles among the 21 keypoints: they move together, and lie nearly in a plane."""


def nearest_rotation(matrix: Array) -> Array:
    """Rotations (..., 3, 3), never reflections, nearest to matrices (..., 3, 3).

    Of the covariance sum(target^T source) of centred points it is the rotation of Kabsch: target = R source.
    """
    left, _, right = np.linalg.svd(matrix)
    signs = np.ones(matrix.shape[:-1])
    signs[..., 2] = np.linalg.det(left @ right)
    return left @ (signs[..., None] * right)
