"""Rigid alignment of points."""

import numpy as np

from dahyf_core.arrays import Array


def nearest_rotation(matrix: Array) -> Array:
    """Rotations (..., 3, 3), never reflections, nearest to matrices (..., 3, 3).

    Of the covariance sum(target^T source) of centred points it is the rotation of Kabsch: target = R source.
    """
    left, _, right = np.linalg.svd(matrix)
    signs = np.ones(matrix.shape[:-1])
    signs[..., 2] = np.linalg.det(left @ right)
    return left @ (signs[..., None] * right)


def similarity_aligned(points: Array, target: Array, reflection: bool = False) -> Array:
    """Points (..., K, 3) turned, scaled and moved to where they are closest to a target (..., K, 3).

    Procrustes analysis (Umeyama 1991). reflection: mirrored as well, where that brings them closer.
    """
    centre = target.mean(axis=-2, keepdims=True)
    centred, wanted = points - points.mean(axis=-2, keepdims=True), target - centre
    nearest = _nearest_orthogonal if reflection else nearest_rotation
    turned = centred @ np.swapaxes(nearest(np.swapaxes(wanted, -1, -2) @ centred), -1, -2)
    spread = np.maximum((turned**2).sum(axis=(-1, -2)), np.finfo(float).tiny)
    scale = (turned * wanted).sum(axis=(-1, -2)) / spread
    return scale[..., None, None] * turned + centre


def _nearest_orthogonal(matrix: Array) -> Array:
    """Rotations or reflections (..., 3, 3) nearest to matrices (..., 3, 3)."""
    left, _, right = np.linalg.svd(matrix)
    return left @ right
