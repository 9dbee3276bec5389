"""Solves the translation that puts a hand of known shape and orientation on given image points."""

import numpy as np

from dahyf_core.arrays import Array

GAUSS_NEWTON_STEPS = 2


def solve_translation(points: Array, rays: Array, weights: Array | None = None, nearest: float = -np.inf) -> Array:
    """Translation (N, 3), metres, camera frame, that brings points closest to the rays on which they are seen.

    points: (N, K, 3) m, oriented as in the camera frame. rays: (N, K, 2), image points on the plane z = 1; NaN leaves a
    point out. weights: (N, K), default 1. nearest: least depth, metres. Weighted linear least squares of
    x + t_x - u (z + t_z), and likewise in y, in closed form; rows without two known points give NaN.
    """
    known = np.all(np.isfinite(rays), axis=-1)
    squares = known.astype(float) if weights is None else np.where(known, weights, 0.0) ** 2
    rays = np.where(known[..., None], rays, 0.0)
    offsets = points[..., :2] - rays * points[..., 2:]
    mean_ray, mean_offset = _mean(rays, squares), _mean(offsets, squares)
    spread = squares[..., None] * (rays - mean_ray)
    extent = np.maximum((spread * (rays - mean_ray)).sum(axis=(1, 2)), 1e-12)
    depth = np.maximum((spread * (offsets - mean_offset)).sum(axis=(1, 2)) / extent, nearest)[:, None]
    translation = np.concatenate([mean_ray[:, 0] * depth - mean_offset[:, 0], depth], axis=1)
    solvable = (squares > 0).sum(axis=-1) >= 2
    return np.where(solvable[:, None], translation, np.nan)


def minimise_reprojection(points: Array, rays: Array) -> Array:
    """Translation (N, 3), metres, with the least squared distance of projected points to rays on the plane z = 1.

    points: (N, K, 3) m. rays: (N, K, 2). Gauss-Newton from `solve_translation`, which puts a hand too near the worse
    its pose fits the picture.
    """
    count, joints, _ = points.shape
    translation = solve_translation(points, rays)
    for _ in range(GAUSS_NEWTON_STEPS):
        placed = points + translation[:, None]
        projected = placed[..., :2] / placed[..., 2:]
        by_point = np.zeros((count, joints, 2, 3))
        by_point[..., 0, 0] = by_point[..., 1, 1] = 1.0
        by_point[..., 2] = -projected
        by_point /= placed[..., 2, None, None]
        jacobian = by_point.reshape(count, 2 * joints, 3)
        transposed = np.swapaxes(jacobian, 1, 2)
        offsets = (rays - projected).reshape(count, 2 * joints, 1)
        translation = translation + np.linalg.solve(transposed @ jacobian, transposed @ offsets)[..., 0]
    return translation


def _mean(values: Array, weights: Array) -> Array:
    """(N, K, 2), (N, K) -> (N, 1, 2); 0 where nothing has weight."""
    total = weights.sum(axis=1)
    return np.einsum("nk,nkc->nc", weights, values)[:, None] / np.where(total > 0, total, 1.0)[:, None, None]
