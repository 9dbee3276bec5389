"""How a clip's joints move: what a viewer sees as shaking.

Frames are evenly spaced. A frame without the hand is NaN, and so is all that touches it.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def acceleration(points: Array, rate: float) -> Array:
    """Magnitudes of second differences: (..., T, K, 3) m at `rate` frames a second -> (..., T - 2, K) m/s^2."""
    return _rate_of_change(points, rate, order=2)


def acceleration_error(points: Array, truth: Array, rate: float) -> Array:
    """Distances of found from true accelerations (Kanazawa et al. 2019): (..., T, K, 3) m -> (..., T - 2, K) m/s^2."""
    return acceleration(points - truth, rate)


def jitter(points: Array, rate: float) -> Array:
    """Magnitudes of third differences, the jerk (Flash and Hogan 1985): (..., T, K, 3) m -> (..., T - 3, K) m/s^3."""
    return _rate_of_change(points, rate, order=3)


def _rate_of_change(points: Array, rate: float, order: int) -> Array:
    return np.linalg.norm(np.diff(points, n=order, axis=-3), axis=-1) * rate**order
