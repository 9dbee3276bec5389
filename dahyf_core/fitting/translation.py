"""Where a hand of known shape and orientation must be to project onto given image points."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Intrinsics

Array = NDArray[np.floating]


def solve_translation(
    keypoints: Array, joints_2d: Array, intrinsics: Intrinsics, weights: Array | None = None
) -> Array:
    """Translation (N, 3), metres, camera frame, that brings root-relative keypoints onto image points.

    keypoints: (N, K, 3) m, oriented as in the camera frame. joints_2d: (N, K, 2) px as filmed; NaN leaves a point out.
    weights: (N, K), default 1. Linear least squares on x (Z + tz) = X + tx; rows without two known points give NaN.
    """
    rays = intrinsics.normalise(joints_2d)
    known = np.all(np.isfinite(rays), axis=-1)
    weights = known.astype(float) if weights is None else np.where(known, weights, 0.0)
    return translation_from_rays(keypoints, np.where(known[..., None], rays, 0.0), weights)


def translation_from_rays(keypoints: Array, rays: Array, weights: Array) -> Array:
    """`solve_translation` for points on the plane z = 1: (N, K, 3), (N, K, 2), (N, K) -> (N, 3)."""
    count, points = weights.shape
    rows = np.zeros((count, points, 2, 3))
    rows[..., 0, 0] = rows[..., 1, 1] = 1.0
    rows[..., 2] = -rays
    values = rays * keypoints[..., 2:] - keypoints[..., :2]
    weighted = np.swapaxes((weights[..., None, None] ** 2 * rows).reshape(count, 2 * points, 3), 1, 2)
    normal = weighted @ rows.reshape(count, 2 * points, 3)
    right = weighted @ values.reshape(count, 2 * points, 1)
    solvable = (weights > 0).sum(axis=-1) >= 2
    translation = np.full((count, 3), np.nan)
    translation[solvable] = np.linalg.solve(normal[solvable], right[solvable])[..., 0]
    return translation
