"""Flagged frames, where result and picture disagree, and ranges without an observed pose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.report.motion import palm_length

APART_SECONDS = 0.25
"""Worst frames lie at least so far apart, or all would show the same moment."""


@dataclass(frozen=True)
class Flag:
    """A hand in one frame whose joints lie `distance` palms from where they were located in the picture, on average."""

    hand: int
    index: int
    distance: float


@dataclass(frozen=True)
class FrameRange:
    """A run of frames, indices `first` to `last`, in which a hand has no observed pose."""

    hand: int
    first: int
    last: int
    state: State

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.last - self.first + 1


def worst_frames(capture: Capture, count: int) -> list[Flag]:
    """At most `count`, worst first, no two at the same moment."""
    distances = np.array([reprojection_distance(capture, hand) for hand in range(capture.hands)])
    chosen: list[Flag] = []
    for flat in np.argsort(-np.nan_to_num(distances, nan=-1), axis=None):
        hand, index = np.unravel_index(flat, distances.shape)
        if len(chosen) == count or np.isnan(distances[hand, index]):
            break
        if all(abs(capture.time[index] - capture.time[flag.index]) >= APART_SECONDS for flag in chosen):
            chosen.append(Flag(int(hand), int(index), float(distances[hand, index])))
    return chosen


def reprojection_distance(capture: Capture, hand: int) -> NDArray[np.floating]:
    """(T,) mean distance of the cleaned joints to the located ones, in palms at the hand's depth; NaN without both."""
    camera = capture.source.intrinsics
    if camera is None:
        return np.full(len(capture.frame), np.nan)
    pixels = np.linalg.norm(capture.joints_2d[hand] - capture.raw_joints_2d[hand], axis=-1).mean(axis=-1)
    depth = capture.wrist_position[hand, :, 2]
    distance: NDArray[np.floating] = pixels * depth / (camera.fx * palm_length(capture, hand))
    return distance


def lost_ranges(capture: Capture, count: int) -> list[FrameRange]:
    """The `count` longest ranges that were not observed, in the order of time."""
    ranges = []
    for hand, states in enumerate(capture.state):
        starts = np.flatnonzero(np.diff(states.astype(int), prepend=-1))
        ends = np.append(starts[1:], len(states)) - 1
        ranges += [
            FrameRange(hand, int(first), int(last), State(states[first]))
            for first, last in zip(starts, ends, strict=True)
            if states[first] != State.OBSERVED
        ]
    longest = sorted(ranges, key=lambda span: -span.frames)[:count]
    return sorted(longest, key=lambda span: (span.first, span.hand))
