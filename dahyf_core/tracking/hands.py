"""Assembles hands from all tracks of the footage: joins pieces, drops ghosts, and gives each hand one side."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.tracking.association import CERTAIN, Observation, side_evidence
from dahyf_core.tracking.settings import TrackingSettings
from dahyf_core.tracking.tracklets import SURE_LEAN, Log, linked, tracklets
from dahyf_core.tracking.verdicts import LeftOut, without_doubtful

Side = Literal["left", "right"]
IntArray = NDArray[np.integer]

OTHER_SIDE_WORTH = 1.25
"""How much more a hand of the missing side counts, where there are more hands than are asked for."""


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

    Tracks are cut into tracklets where they may have gone from one hand to another, and tracklets are linked where
    motion, size and side go on, in the way that is cheapest for the whole clip. What is left too short or too faint is
    dropped, and so is what `without_doubtful` leaves out. Each hand has the side that its observations vote for, but of
    two of one side that are seen at the same time an unsure one yields: a person has one hand of each side. Pieces of
    one side that are never seen at the same time are one hand. Of too many hands those are kept that are seen most and
    largest, one of each side where that makes little difference.
    """
    if not len(position):
        return Assembly([], [])
    evidence = side_evidence(seen.right_score, seen.presence)
    for row, side in certain.items():
        if side is not None:
            evidence[track == track[row]] = CERTAIN if side == "right" else -CERTAIN
    is_given = np.isin(track, track[list(certain)])
    log = Log(frame_times[position], track, seen.joints_2d, seen.presence, evidence)
    pieces = linked(tracklets(log, settings.established_time), log)
    pieces = [rows for rows in pieces if is_given[rows].any() or not _is_ghost(rows, log, frame_times, settings)]
    pieces, left_out = without_doubtful(pieces, position, seen, frame_times, list(certain))
    hands = [
        TrackedHand(side, rows)
        for side, rows_of_side in _sided(pieces, log).items()
        for rows in _joined(rows_of_side, log)
    ]
    chosen = _chosen(hands, log, is_given, settings.max_hands)
    return Assembly(sorted(chosen, key=lambda hand: hand.rows[0]), left_out)


def _chosen(hands: list[TrackedHand], log: Log, is_given: NDArray[np.bool_], count: int) -> list[TrackedHand]:
    """At most `count` hands: the given ones, and those of the largest person, as far as size and presence say.

    One of each side is preferred.
    """
    if len(hands) <= count:
        return hands
    sizes = np.array([log.size(hand.rows) for hand in hands])
    seen = np.array([log.presence[hand.rows].sum() for hand in hands])
    given = np.array([is_given[hand.rows].any() for hand in hands])
    worth = dict(enumerate((seen * (sizes / sizes.max()) ** 2 + given * seen.sum() * OTHER_SIDE_WORTH).tolist()))
    chosen: list[TrackedHand] = []
    while len(chosen) < count:
        rights = sum(hand.side == "right" for hand in chosen)
        missing = "left" if 2 * rights > len(chosen) else "right" if 2 * rights < len(chosen) else None
        valued = {n: worth[n] * (OTHER_SIDE_WORTH if hands[n].side == missing else 1) for n in worth}
        best = max(valued, key=lambda number: valued[number])
        chosen.append(hands[best])
        del worth[best]
    return chosen


def _is_ghost(rows: IntArray, log: Log, frame_times: Array, settings: TrackingSettings) -> bool:
    period = (frame_times[-1] - frame_times[0]) / max(len(frame_times) - 1, 1)
    shortest = min(settings.established_time, frame_times[-1] - frame_times[0])
    return len(rows) * period < shortest or log.presence[rows].mean() < settings.ghost_presence


def _sided(pieces: list[IntArray], log: Log) -> dict[Side, list[IntArray]]:
    """The pieces of each side, by their votes and by what else is seen at the time, the clearest vote first."""
    result: dict[Side, list[IntArray]] = {"right": [], "left": []}
    for rows in sorted(pieces, key=lambda rows: -abs(log.vote(rows))):
        voted: Side = "right" if log.vote(rows) >= 0 else "left"
        other: Side = "left" if voted == "right" else "right"
        taken = {side: any(log.meet(rows, piece) for piece in result[side]) for side in (voted, other)}
        yields = taken[voted] and not taken[other] and abs(log.lean(rows)) < SURE_LEAN
        result[other if yields else voted].append(rows)
    return result


def _joined(pieces: list[IntArray], log: Log) -> list[IntArray]:
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
