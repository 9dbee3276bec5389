"""Which frames to trust: by confidence, and by jumps that are faster than any hand."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import quaternion_from_axis_angle

IMPOSSIBLE_JUMP = np.radians(60.0)
"""A larger rotation from one frame to the next and back is an error of the estimator, radians."""

FASTEST_ROTATION = 30.0
"""rad/s: beyond the fastest wrist and fingers. It catches smaller jumps when frames follow each other quickly ..."""

SMALLEST_JUMP = np.radians(30.0)
"""... but only above the estimator's ordinary noise."""


def without_spikes(pose: Array, times: Array, confident: NDArray[np.bool_], spike_seconds: float) -> NDArray[np.bool_]:
    """`confident` (T,) without spikes: short excursions that jump away and come back, and short jumpy ends.

    pose (T, 16, 3) axis-angle; times (T,) in seconds. Confident frames are cut into runs wherever any of the 16
    rotations jumps. A run, or several in a row, is a spike if the runs on both sides of it fit together and lie at
    most spike_seconds apart. A run shorter than that is also a spike where the hand enters or leaves the picture,
    because the hand is often only half visible there.
    """
    frames = np.flatnonzero(confident)
    if len(frames) < 3:
        return confident
    quaternions = quaternion_from_axis_angle(pose[frames])
    times = times[frames]
    breaks = np.flatnonzero(find_jumps(quaternions[:-1], quaternions[1:], np.diff(times))) + 1
    kept: list[NDArray[np.intp]] = []
    for run in np.split(np.arange(len(frames)), breaks):
        back = _run_to_join(kept, run, quaternions, times, spike_seconds)
        if back is None:
            kept.append(run)
        else:
            kept[back:] = [np.concatenate([kept[back], run])]
    kept = _without_jumpy_start(kept, times, spike_seconds)
    kept = _without_jumpy_start([run[::-1] for run in reversed(kept)], -times, spike_seconds)
    believed = np.zeros_like(confident)
    believed[frames[np.concatenate(kept)]] = True
    return believed


def _run_to_join(
    kept: list[NDArray[np.intp]],
    run: NDArray[np.intp],
    quaternions: Array,
    times: Array,
    spike_seconds: float,
) -> int | None:
    """Index of the last kept run that `run` continues, without its direct neighbour, from which it jumped."""
    for index in reversed(range(len(kept) - 1)):
        last, first = kept[index][-1], run[0]
        seconds = times[first] - times[last]
        if seconds > spike_seconds:
            return None
        if not find_jumps(quaternions[last], quaternions[first], seconds):
            return index
    return None


def _without_jumpy_start(runs: list[NDArray[np.intp]], times: Array, spike_seconds: float) -> list[NDArray[np.intp]]:
    """The runs, without short ones that have no trusted run before them and soon jump into another run."""
    kept: list[NDArray[np.intp]] = []
    for run, following in pairwise(runs):
        begins = not kept or times[run[0]] - times[kept[-1][-1]] > spike_seconds
        short = times[run[-1]] - times[run[0]] < spike_seconds
        jumps = times[following[0]] - times[run[-1]] <= spike_seconds
        if not (begins and short and jumps):
            kept.append(run)
    return [*kept, runs[-1]]


def find_jumps(before: Array, after: Array, seconds: Array) -> NDArray[np.bool_]:
    """Whether any of the unit quaternions (..., 16, 4) turns farther than hands can in the given seconds (...)."""
    cosines = np.abs((before * after).sum(axis=-1)).clip(max=1.0)
    angle = 2 * np.arccos(cosines).max(axis=-1)
    return angle > np.clip(FASTEST_ROTATION * seconds, SMALLEST_JUMP, IMPOSSIBLE_JUMP)
