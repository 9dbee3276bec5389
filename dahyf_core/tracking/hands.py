"""Assembles hands from all tracks of the footage: joins pieces, drops ghosts, and gives each hand one side."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from dahyf_core.arrays import Array
from dahyf_core.tracking.association import CERTAIN, Observation, distance, side_evidence
from dahyf_core.tracking.settings import TrackingSettings
from dahyf_core.tracking.verdicts import LeftOut, without_doubtful

Side = Literal["left", "right"]
IntArray = NDArray[np.integer]

LINK_TIME = 1.0
LINK_OVERLAP = 0.2
LINK_COST = 3.0
"""A piece continues another if it begins within the time (s) after, or the overlap before, the end of that one, and is
near enough (radii)."""

LINK_SIDE_WEIGHT = 2.8
"""Cost of joining two pieces of certainly opposite sides, radii."""

SURE_LEAN = 1.5
"""Mean log-odds from which a side is not doubted, even while another hand of that side is seen."""

IMPOSSIBLE = 1e6


@dataclass(frozen=True)
class TrackedHand:
    """One hand of the footage. side: in the picture as filmed. rows (N,): its observations in the order of time."""

    side: Side
    rows: IntArray


@dataclass(frozen=True)
class Assembly:
    """The hands of the footage, and what was followed for long enough to be one but is none."""

    hands: list[TrackedHand]
    left_out: list[LeftOut]


def assemble_hands(
    position: IntArray,
    track: IntArray,
    seen: Observation,
    frame_times: Array,
    settings: TrackingSettings,
    certain: Mapping[int, Side | None] = MappingProxyType({}),
) -> Assembly:
    """At most settings.max_hands hands, each with one observation a frame at most, in the order in which they appear.

    position (R,), track (R,), seen (R): all observations of all tracks in the order of time; position counts in
    frame_times (T,), seconds. certain: observations that somebody says are hands, with their sides as far as they are
    known; what has one is not doubted, goes before all others, and has that side.

    Tracks in which one side turns into the other are cut there. Pieces that go on where another ended are joined, and
    what is left too short or too faint is dropped, and so is what `without_doubtful` leaves out. Each hand has the side
    that its observations vote for, but of two of one side that are seen at the same time an unsure one yields: a person
    has one hand of each side. Pieces of one side that are never seen at the same time are one hand.
    """
    if not len(position):
        return Assembly([], [])
    evidence = side_evidence(seen.right_score, seen.presence)
    for row, side in certain.items():
        if side is not None:
            evidence[track == track[row]] = CERTAIN if side == "right" else -CERTAIN
    is_given = np.isin(track, track[list(certain)])
    log = _Log(frame_times[position], track, seen.joints_2d, seen.presence, evidence)
    tracks = [np.flatnonzero(track == number) for number in np.unique(track)]
    pieces = _linked([piece for rows in tracks for piece in _cut(rows, log, settings.established_time)], log)
    pieces = [rows for rows in pieces if is_given[rows].any() or not _is_ghost(rows, log, frame_times, settings)]
    pieces, left_out = without_doubtful(pieces, position, seen, frame_times, list(certain))
    hands = [
        TrackedHand(side, rows)
        for side, rows_of_side in _sided(pieces, log).items()
        for rows in _joined(rows_of_side, log)
    ]
    hands.sort(key=lambda hand: (not is_given[hand.rows].any(), -log.presence[hand.rows].sum()))
    hands = hands[: settings.max_hands]
    return Assembly(sorted(hands, key=lambda hand: hand.rows[0]), left_out)


@dataclass(frozen=True)
class _Log:
    """R observations in the order of time. A piece of a hand is an array of its rows, which rise."""

    time: Array
    track: IntArray
    joints_2d: Array
    presence: Array
    evidence: Array

    def vote(self, rows: IntArray) -> float:
        """Summed evidence for a right hand."""
        return float(self.evidence[rows].sum())

    def lean(self, rows: IntArray) -> float:
        """Mean log-odds for a right hand."""
        return self.vote(rows) / float(self.presence[rows].sum())

    def gap(self, earlier: IntArray, later: IntArray) -> float:
        """Seconds from the end of a piece to the start of another; 0 or less where the other has begun before."""
        return float(self.time[later[0]] - self.time[earlier[-1]])

    def before(self, earlier: IntArray, later: IntArray) -> IntArray:
        """The part of a piece before the start of another."""
        return earlier[self.time[earlier] < self.time[later[0]]]

    def jump(self, earlier: IntArray, later: IntArray) -> float:
        """Distance of the joints from the end of a piece to the start of another, in radii."""
        return float(distance(self.joints_2d[earlier[-1:]], self.joints_2d[later[:1]])[0, 0])

    def link_cost(self, earlier: IntArray, later: IntArray) -> float:
        """Cost of joining a piece to a later one, in radii."""
        head = self.before(earlier, later)
        if not len(head):
            return IMPOSSIBLE
        jump = 0.0 if self.track[head[-1]] == self.track[later[0]] else self.jump(head, later)
        right = 1 / (1 + np.exp([-self.lean(head), -self.lean(later)]))
        return jump + LINK_SIDE_WEIGHT * float(abs(right[0] - right[1]))

    def meet(self, first: IntArray, second: IntArray) -> bool:
        """Whether two pieces are seen in the same frame."""
        return bool(np.isin(self.time[first], self.time[second]).any())


def _cut(rows: IntArray, log: _Log, shortest: float) -> list[IntArray]:
    """The pieces of a track between which its side changes for certain: there it went from one hand to another."""
    sums = np.cumsum(log.evidence[rows])
    where = int(np.argmax(np.abs(2 * sums - sums[-1]))) + 1
    parts = rows[:where], rows[where:]
    if any(not len(part) or log.time[part[-1]] - log.time[part[0]] < shortest for part in parts):
        return [rows]
    leans = [log.lean(part) for part in parts]
    if min(np.abs(leans)) < SURE_LEAN or np.sign(leans[0]) == np.sign(leans[1]):
        return [rows]
    return [piece for part in parts for piece in _cut(part, log, shortest)]


def _linked(pieces: list[IntArray], log: _Log) -> list[IntArray]:
    """Join pieces in which motion, shape and side go on; those that begin together are considered together."""

    def start(rows: IntArray) -> float:
        return float(log.time[rows[0]])

    joined: list[IntArray] = []
    for _, group in groupby(sorted(pieces, key=start), key=start):
        begun = list(group)
        ended = [n for n, rows in enumerate(joined) if -LINK_OVERLAP < log.gap(rows, begun[0]) <= LINK_TIME]
        costs = np.array([[log.link_cost(joined[n], rows) for rows in begun] for n in ended]).reshape(-1, len(begun))
        new = dict(enumerate(begun))
        for row, column in zip(*linear_sum_assignment(costs), strict=True):
            if costs[row, column] <= LINK_COST:
                later = new.pop(int(column))
                joined[ended[row]] = np.concatenate([log.before(joined[ended[row]], later), later])
        joined += new.values()
    return joined


def _is_ghost(rows: IntArray, log: _Log, frame_times: Array, settings: TrackingSettings) -> bool:
    period = (frame_times[-1] - frame_times[0]) / max(len(frame_times) - 1, 1)
    shortest = min(settings.established_time, frame_times[-1] - frame_times[0])
    return len(rows) * period < shortest or log.presence[rows].mean() < settings.ghost_presence


def _sided(pieces: list[IntArray], log: _Log) -> dict[Side, list[IntArray]]:
    """The pieces of each side, by their votes and by what else is seen at the time, the clearest vote first."""
    result: dict[Side, list[IntArray]] = {"right": [], "left": []}
    for rows in sorted(pieces, key=lambda rows: -abs(log.vote(rows))):
        voted: Side = "right" if log.vote(rows) >= 0 else "left"
        other: Side = "left" if voted == "right" else "right"
        taken = {side: any(log.meet(rows, piece) for piece in result[side]) for side in (voted, other)}
        yields = taken[voted] and not taken[other] and abs(log.lean(rows)) < SURE_LEAN
        result[other if yields else voted].append(rows)
    return result


def _joined(pieces: list[IntArray], log: _Log) -> list[IntArray]:
    """Join pieces of one side that are never seen at the same time; each goes to the nearest hand that has room."""
    hands: list[IntArray] = []
    for rows in sorted(pieces, key=lambda rows: rows[0]):
        free = [index for index, hand in enumerate(hands) if log.gap(hand, rows) > 0]
        if free:
            nearest = min(free, key=lambda index: log.jump(hands[index], rows))
            hands[nearest] = np.concatenate([hands[nearest], rows])
        else:
            hands.append(rows)
    return hands
