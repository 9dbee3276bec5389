"""Which followed things are no hands, judged at the end from all that was seen of them, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.tracking.association import LIKELY_HAND, SAME_HAND, Observation, distance, radius, side_evidence

IntArray = NDArray[np.integer]
Reason = Literal[
    "is seen in one frame only", "looks like something else than a hand", "lies on another hand", "never moves"
]

FEWEST_FRAMES = 2
"""Smallest number of frames of a hand, in footage of more than one: no other frame speaks for a single pose."""

RIDER_DISTANCE = 2 * SAME_HAND
"""A hand nearer than this to another, in radii of the larger one, lies on it."""
RIDER_SHARE = 0.5
"""A track that lies on a stronger one of its side in this share of its frames is that hand, seen twice."""

STILL_SPREAD = 0.05
MOVED_SPREAD = 0.5
"""Radii that a palm strays from its middle place (90th percentile): less never moves against the picture, more does."""
STILL_SECONDS = 1.0
WEAK_PRESENCE = 0.85
WEAK_HAND = 0.8
"""Means of presence and of is_hand under which a track that never moves is doubted."""

PALM_JOINTS = (0, 1, 2, 5, 9, 13, 17)


@dataclass(frozen=True)
class LeftOut:
    """What was followed from start to end, seconds, and left out. reason: a sentence's end."""

    start: float
    end: float
    reason: Reason

    def __str__(self) -> str:
        span = f"at {self.start:.2f} s" if self.start == self.end else f"from {self.start:.2f} s to {self.end:.2f} s"
        return f"What was followed {span} is left out: it {self.reason}."


def without_doubtful(
    tracks: Sequence[IntArray],
    position: IntArray,
    seen: Observation,
    frame_times: Array,
    certain: IntArray | Sequence[int] = (),
) -> tuple[list[IntArray], list[LeftOut]]:
    """The tracks that are hands, in their order, and what is left out.

    tracks: rows of observations, in the order of time. position (R,): of all observations, in frame_times (T,), s.
    certain: observations that somebody says are hands; tracks with one of them are hands.
    """
    known = {n for n, rows in enumerate(tracks) if np.isin(rows, certain).any()}
    judged: dict[int, Reason | None] = {
        n: None if n in known else _own_reason(rows, seen, len(frame_times)) for n, rows in enumerate(tracks)
    }
    hands = [n for n, reason in judged.items() if reason is None and n not in known]
    for n in hands:
        others = [tracks[other] for other, reason in judged.items() if other != n and reason is None]
        judged[n] = _reason_beside(tracks[n], others, position, seen, frame_times)
    left_out = [
        LeftOut(float(frame_times[position[tracks[n][0]]]), float(frame_times[position[tracks[n][-1]]]), reason)
        for n, reason in judged.items()
        if reason is not None
    ]
    return [rows for n, rows in enumerate(tracks) if judged[n] is None], left_out


def _own_reason(rows: IntArray, seen: Observation, frames: int) -> Reason | None:
    if len(rows) < FEWEST_FRAMES <= frames:
        return "is seen in one frame only"
    return "looks like something else than a hand" if np.median(seen.is_hand[rows]) < LIKELY_HAND else None


def _reason_beside(
    rows: IntArray, others: Sequence[IntArray], position: IntArray, seen: Observation, frame_times: Array
) -> Reason | None:
    if any(_lies_on(rows, other, position, seen) for other in others):
        return "lies on another hand"
    seconds = frame_times[position[rows[-1]]] - frame_times[position[rows[0]]]
    weak = seen.presence[rows].mean() < WEAK_PRESENCE and seen.is_hand[rows].mean() < WEAK_HAND
    still = seconds >= STILL_SECONDS and _strays(rows, seen) < STILL_SPREAD
    others_move = any(_strays(other, seen) > MOVED_SPREAD for other in others)
    return "never moves" if weak and still and others_move else None


def _lies_on(rows: IntArray, other: IntArray, position: IntArray, seen: Observation) -> bool:
    """Whether a track mostly lies on a stronger one of the same side."""
    _, here, there = np.intersect1d(position[rows], position[other], assume_unique=True, return_indices=True)
    if len(here) < RIDER_SHARE * len(rows) or _side(rows, seen) != _side(other, seen):
        return False
    if _strength(rows, seen) >= _strength(other, seen):
        return False
    pairs = zip(seen.joints_2d[rows[here]], seen.joints_2d[other[there]], strict=True)
    apart = np.array([distance(first[None], second[None])[0, 0] for first, second in pairs])
    return bool((apart < RIDER_DISTANCE).sum() >= RIDER_SHARE * len(rows))


def _side(rows: IntArray, seen: Observation) -> bool:
    return bool(side_evidence(seen.right_score[rows], seen.presence[rows]).sum() >= 0)


def _strength(rows: IntArray, seen: Observation) -> float:
    return float((seen.presence[rows] * seen.is_hand[rows]).sum())


def _strays(rows: IntArray, seen: Observation) -> float:
    """How far a palm strays from its middle place, in radii of the hand."""
    palms = seen.joints_2d[rows][:, PALM_JOINTS].mean(axis=1)
    off = np.linalg.norm(palms - np.median(palms, axis=0), axis=1)
    return float(np.quantile(off, 0.9) / np.median(radius(seen.joints_2d[rows])))
