"""Zero-phase low-pass filters for values and rotations at uneven times.

The filter is the cubic smoothing spline: of all curves f it takes the one that minimises

    integral (f - y)^2 dt + stiffness * integral f''^2 dt,

whose response to a frequency w (rad/s) is 1 / (1 + stiffness * w^4). That is a second-order Butterworth filter run once
forward and once backward, but it needs no even frame rate and has no transients at the ends, where the curve runs on
straight.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_smoothing_spline

from dahyf_core.cleaning.hand import FloatArray
from dahyf_core.rotations import axis_angle_from_quaternion, continuous_quaternions, quaternion_from_axis_angle

SHORTEST_RUN = 5
"""Frames: fewer are left as they are."""

LONGEST_STEP = 0.5
"""Seconds: motion before a longer step says nothing about motion after it."""


def find_runs(filled: NDArray[np.bool_], times: FloatArray) -> list[slice]:
    """The runs of frames to smooth as one: all `filled` (T,), and no step in time longer than LONGEST_STEP."""
    frames = np.flatnonzero(filled)
    gaps = (np.diff(frames) > 1) | (np.diff(times[frames]) > LONGEST_STEP)
    return [slice(run[0], run[-1] + 1) for run in np.split(frames, np.flatnonzero(gaps) + 1) if len(run)]


def smooth(values: FloatArray, times: FloatArray, cutoff_hz: float) -> FloatArray:
    """Low-pass values (T, ...) at increasing times (T,) in seconds; -3 dB at cutoff_hz, and 0 changes nothing."""
    if cutoff_hz == 0 or len(times) < SHORTEST_RUN:
        return values
    steps = np.diff(times)
    seconds_each = (np.append(steps, 0.0) + np.append(0.0, steps)) / 2
    stiffness = (np.sqrt(2) - 1) / (2 * np.pi * cutoff_hz) ** 4
    return make_smoothing_spline(times, values, seconds_each, stiffness)(times)


def smooth_rotations(axis_angle: FloatArray, times: FloatArray, cutoff_hz: float) -> FloatArray:
    """Low-pass rotations (T, ..., 3), on quaternions with continuous signs that are brought back to unit length."""
    if cutoff_hz == 0 or len(times) < SHORTEST_RUN:
        return axis_angle
    quaternions = continuous_quaternions(quaternion_from_axis_angle(axis_angle))
    return axis_angle_from_quaternion(smooth(quaternions, times, cutoff_hz))
