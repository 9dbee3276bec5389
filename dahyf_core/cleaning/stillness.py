"""Stillness lock: removes the remaining jitter and drift of a resting hand."""

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import axis_angle_from_quaternion, continuous_quaternions, quaternion_from_axis_angle, slerp

SHORTEST_REST = 0.5
"""Seconds that a hand must stay in place to be held still."""

EASING = 0.15
"""Seconds in which a hand comes to rest, and leaves it again."""

DEPTH_WEIGHT = 0.2
"""Share of motion along the view that counts, because a picture gives depth less exactly than direction."""


def find_rests(keypoints: Array, wrist: Array, times: Array, runs: list[slice], radius: float) -> list[slice]:
    """Spans of frames, each within one of `runs`, in which no joint leaves its place by more than `radius` metres.

    keypoints: (T, 21, 3) m, of the hand at translation 0. wrist: (T, 3) m, camera frame. times: (T,) seconds.
    """
    depth = np.nanmedian(wrist[:, 2])
    seen_place = np.column_stack([wrist[:, :2] / wrist[:, 2:] * depth, DEPTH_WEIGHT * wrist[:, 2]])
    points = keypoints + seen_place[:, None]
    rests: list[slice] = []
    for run in runs:
        start, last = run.start, times[run.stop - 1]
        while last - times[start] >= SHORTEST_REST:
            shortest = int(np.searchsorted(times, times[start] + SHORTEST_REST)) + 1
            if _frames_in_place(points[start:shortest], radius) < shortest - start:
                start += 1
                continue
            rests.append(slice(start, start + _frames_in_place(points[start : run.stop], radius)))
            start = min(rests[-1].stop, run.stop - 1)
    return rests


def hold_still(pose: Array, wrist: Array, times: Array, rests: list[slice], runs: list[slice]) -> tuple[Array, Array]:
    """pose (T, 16, 3) and wrist (T, 3), at their mean throughout each rest, with easing where they move on."""
    pose, wrist = pose.copy(), wrist.copy()
    starts, stops = {run.start for run in runs}, {run.stop for run in runs}
    for rest in rests:
        weight = _easing(times[rest], rest.start not in starts, rest.stop not in stops)
        wrist[rest] += weight[:, None] * (wrist[rest].mean(axis=0) - wrist[rest])
        pose[rest] = slerp(pose[rest], _mean_rotation(pose[rest]), weight[:, None])
    return pose, wrist


def _frames_in_place(points: Array, radius: float) -> int:
    """Number of first frames of points (T, K, 3) that lie in boxes with half a diagonal of `radius`."""
    reach = np.maximum.accumulate(points) - np.minimum.accumulate(points)
    within = np.linalg.norm(reach, axis=-1).max(axis=-1) / 2 <= radius
    return len(within) if within.all() else int(within.argmin())


def _easing(times: Array, eases_in: bool, eases_out: bool) -> Array:
    """(T,) weights of the rest's mean."""
    seconds = np.full(len(times), EASING)
    if eases_in:
        seconds = np.minimum(seconds, times - times[0])
    if eases_out:
        seconds = np.minimum(seconds, times[-1] - times)
    part = seconds / EASING
    return part * part * (3 - 2 * part)


def _mean_rotation(axis_angle: Array) -> Array:
    """(T, J, 3) -> (J, 3), for rotations that are close to each other."""
    return axis_angle_from_quaternion(continuous_quaternions(quaternion_from_axis_angle(axis_angle)).mean(axis=0))
