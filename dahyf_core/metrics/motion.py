"""Acceleration of joints, which a viewer sees as jitter."""

import numpy as np

from dahyf_core.arrays import Array


def acceleration(points: Array, times: Array | None = None) -> Array:
    """Length of the second divided differences of points (T, K, D) at times (T,), seconds: (T - 2, K) units/s^2.

    Without times, frames are evenly spaced and the result is in units/frame^2. Frames without the hand are NaN, and so
    are all results that use them.
    """
    steps = np.ones(len(points) - 1) if times is None else np.diff(times)
    velocity = np.diff(points, axis=0) / steps[:, None, None]
    between = (steps[1:] + steps[:-1])[:, None, None] / 2
    return np.linalg.norm(np.diff(velocity, axis=0) / between, axis=-1)
