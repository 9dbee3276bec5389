"""Zero-phase low-pass filters for values and rotations at uneven times.

The filter is the cubic smoothing spline: of all curves f it takes the one that minimises

    integral (f - y)^2 dt + stiffness * integral f''^2 dt,

whose response to a frequency w (rad/s) is 1 / (1 + stiffness * w^4). That is a second-order Butterworth filter run once
forward and once backward, but it needs no even frame rate and has no transients at the ends, where the curve runs on
straight.
"""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import axis_angle_from_quaternion, continuous_quaternions, quaternion_from_axis_angle

SHORTEST_RUN = 5
"""Frames: fewer are left as they are."""

LONGEST_STEP = 0.5
"""Seconds: motion before a longer step says nothing about motion after it."""


def find_runs(filled: NDArray[np.bool_], times: Array) -> list[slice]:
    """The runs of frames to smooth as one: all `filled` (T,), and no step in time longer than LONGEST_STEP."""
    frames = np.flatnonzero(filled)
    gaps = (np.diff(frames) > 1) | (np.diff(times[frames]) > LONGEST_STEP)
    return [slice(run[0], run[-1] + 1) for run in np.split(frames, np.flatnonzero(gaps) + 1) if len(run)]


def smooth(values: Array, times: Array, cutoff_hz: float) -> Array:
    """Low-pass values (T, ...) at increasing times (T,) in seconds; -3 dB at cutoff_hz, and 0 changes nothing."""
    if cutoff_hz == 0 or len(times) < SHORTEST_RUN:
        return values
    stiffness = (np.sqrt(2) - 1) / (2 * np.pi * cutoff_hz) ** 4
    return _smoothing_spline(values.reshape(len(times), -1), times, stiffness).reshape(values.shape)


def smooth_rotations(axis_angle: Array, times: Array, cutoff_hz: float) -> Array:
    """Low-pass rotations (T, ..., 3), on quaternions with continuous signs that are brought back to unit length."""
    if cutoff_hz == 0 or len(times) < SHORTEST_RUN:
        return axis_angle
    quaternions = continuous_quaternions(quaternion_from_axis_angle(axis_angle))
    return axis_angle_from_quaternion(smooth(quaternions, times, cutoff_hz))


def _smoothing_spline(values: Array, times: Array, stiffness: float) -> Array:
    """The curve (T, K) at the times (T,) of its data (T, K), by way of its second derivatives g (Reinsch 1967).

    With S^T y the changes of slope from value to value, g^T R g the integral of f''^2, and W the seconds that each
    value stands for, it is f = y - stiffness W^-1 S g, where (R + stiffness S^T W^-1 S) g = S^T y.
    """
    from scipy.linalg import solveh_banded  # when it is first needed: importing it takes 0.13 s

    steps = np.diff(times)
    give = stiffness * 2 / (np.append(steps, 0.0) + np.append(0.0, steps))
    before, after = 1 / steps[:-1], 1 / steps[1:]
    at = -before - after
    main = (steps[:-1] + steps[1:]) / 3 + before**2 * give[:-2] + at**2 * give[1:-1] + after**2 * give[2:]
    first = steps[1:-1] / 6 + at[:-1] * before[1:] * give[1:-2] + after[:-1] * at[1:] * give[2:-1]
    second = after[:-2] * before[2:] * give[2:-2]
    changes = np.diff(np.diff(values, axis=0) / steps[:, None], axis=0)
    bands = np.stack([main, np.append(first, 0.0), np.append(second, (0.0, 0.0))])
    bends = solveh_banded(bands, changes, lower=True, check_finite=False)
    pull = np.zeros(values.shape)
    pull[:-2] += before[:, None] * bends
    pull[1:-1] += at[:, None] * bends
    pull[2:] += after[:, None] * bends
    return values - give[:, None] * pull
