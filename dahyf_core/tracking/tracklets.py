"""Tracks cut into tracklets where they are in doubt, and tracklets linked to hands over the whole clip at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.tracking.assignment import assigned
from dahyf_core.tracking.association import distance, radius

IntArray = NDArray[np.integer]

LINK_TIME = 1.0
LINK_OVERLAP = 0.5
LINK_COST = 3.0
"""A tracklet continues another if it begins within the time (s) after, or the overlap before, the end of that one, and
the link costs less (radii)."""

LINK_SIDE_WEIGHT = 2.8
LINK_SIZE_WEIGHT = 1.0
LINK_TIME_WEIGHT = 1.0
"""Costs of linking tracklets of certainly opposite sides, for each e-fold of size and for each second between them,
radii."""

TRACK_SHARE, TRACK_COST = 0.3, 2.0
"""Share of its cost that a jump has within a track, and the most that it can cost there (radii): if no other hand is
where it jumped from or to, it was one hand."""

UNSURE_ROWS = 5.0
"""The evidence of so many observations that speak for neither side is added to that of a tracklet."""

SURE_LEAN = 1.5
"""Mean log-odds from which a side is not doubted, even while another hand of that side is seen."""

JUMP = 1.5
"""A hand that is this much farther (radii) than it was going to, from one look to the next, may be another hand."""

MEETING = 1.2
"""Hands nearer than this (radii) may be taken for each other."""

END_ROWS = 5
"""Number of observations that say how fast and how large a hand is at the end of a tracklet."""

IMPOSSIBLE = 1e6


@dataclass(frozen=True)
class Log:
    """R observations in the order of time. A tracklet is an array of its rows, which rise.

    time (R,): s. track (R,). joints_2d (R, 21, 2): px. presence (R,). evidence (R,): log-odds for a right hand.
    """

    time: Array
    track: IntArray
    joints_2d: Array
    presence: Array
    evidence: Array

    @cached_property
    def next_look(self) -> IntArray:
        """(R,) the row of the same track that follows each row; -1 after its last."""
        order = np.argsort(self.track, kind="stable")
        result = np.full(len(order), -1)
        same = self.track[order[:-1]] == self.track[order[1:]]
        result[order[:-1][same]] = order[1:][same]
        return result

    def vote(self, rows: IntArray) -> float:
        """Summed evidence for a right hand."""
        return float(self.evidence[rows].sum())

    def lean(self, rows: IntArray) -> float:
        """Mean log-odds for a right hand."""
        return self.vote(rows) / float(self.presence[rows].sum())

    def gap(self, earlier: IntArray, later: IntArray) -> float:
        """Seconds from the end of a tracklet to the start of another; less than 0 where the other has begun before."""
        return float(self.time[later[0]] - self.time[earlier[-1]])

    def jump(self, earlier: IntArray, later: IntArray) -> float:
        """Distance of the joints from the end of a tracklet to the start of another, in radii."""
        return float(distance(self.joints_2d[earlier[-1:]], self.joints_2d[later[:1]])[0, 0])

    def meet(self, first: IntArray, second: IntArray) -> bool:
        """Whether two tracklets are seen in the same frame."""
        return bool(np.isin(self.time[first], self.time[second]).any())

    def size(self, rows: IntArray) -> float:
        """Median radius, px."""
        return float(np.median(radius(self.joints_2d[rows])))

    def middles(self, rows: IntArray) -> Array:
        """(N, 2) middles of the joints, px."""
        return self.joints_2d[rows].mean(axis=1)


def tracklets(log: Log, shortest: float) -> list[IntArray]:
    """All tracks, cut wherever they may have gone from one hand to another.

    That is where a side turns into the other for certain, where a hand jumps, and where it is nearest to another.
    shortest: seconds of a part whose side is certain.
    """
    tracks = [np.flatnonzero(log.track == number) for number in np.unique(log.track)]
    cuts = _meetings(log, tracks)
    parts = []
    for rows, places in zip(tracks, cuts, strict=True):
        for part in np.split(rows, np.union1d(places, _jumps(log, rows))):
            parts += _cut_by_side(part, log, shortest)
    return parts


def linked(pieces: Sequence[IntArray], log: Log) -> list[IntArray]:
    """Join tracklets in which motion, size and side go on, so that all links together cost least.

    Where two that are joined are seen in the same frame, the observation with more presence is kept.
    """
    following = dict(_links(pieces, log))
    begun = set(range(len(pieces))) - set(following.values())
    hands = []
    for first in sorted(begun, key=lambda number: int(pieces[number][0])):
        rows, number = pieces[first], following.get(first)
        while number is not None:
            rows, number = _merged(rows, pieces[number], log), following.get(number)
        hands.append(rows)
    return hands


def _jumps(log: Log, rows: IntArray) -> IntArray:
    """Places at which a track is not where it was going to, in `rows`."""
    if len(rows) < 3:
        return np.zeros(0, dtype=np.int64)
    middles, times = log.middles(rows), log.time[rows]
    speed = np.diff(middles, axis=0) / np.diff(times)[:, None]
    expected = middles[1:-1] + speed[:-1] * np.diff(times)[1:, None]
    off = np.linalg.norm(middles[2:] - expected, axis=1) / radius(log.joints_2d[rows[1:-1]])
    return np.flatnonzero(off > JUMP) + 2


def _meetings(log: Log, tracks: Sequence[IntArray]) -> list[IntArray]:
    """For each track, the places in it at which it is nearest to another, once for each time that they meet and part.

    Where another ends while they are together, the one that goes on may follow either hand, and is cut there.
    """
    places: list[list[int]] = [[] for _ in tracks]
    starts = np.array([log.time[rows[0]] for rows in tracks])
    ends = np.array([log.time[rows[-1]] for rows in tracks])
    for first in range(len(tracks)):
        beside = (starts <= ends[first]) & (ends >= starts[first])
        for second in (np.flatnonzero(beside[first + 1 :]) + first + 1).tolist():
            _, here, there = np.intersect1d(
                log.time[tracks[first]], log.time[tracks[second]], assume_unique=True, return_indices=True
            )
            if not len(here):
                continue
            rows, others = log.joints_2d[tracks[first][here]], log.joints_2d[tracks[second][there]]
            apart = np.linalg.norm(rows - others, axis=-1).mean(axis=-1) / np.maximum(radius(rows), radius(others))
            near = apart < MEETING
            for run in np.split(np.arange(len(near)), np.flatnonzero(np.diff(near)) + 1):
                if not near[run[0]]:
                    continue
                if run[-1] == len(near) - 1:
                    places[first].append(int(here[-1]) + 1)
                    places[second].append(int(there[-1]) + 1)
                elif run[0] > 0:
                    place = run[apart[run].argmin()]
                    places[first].append(int(here[place]))
                    places[second].append(int(there[place]))
    return [
        np.array([place for place in of_track if 0 < place < len(rows)], dtype=np.int64)
        for of_track, rows in zip(places, tracks, strict=True)
    ]


def _cut_by_side(rows: IntArray, log: Log, shortest: float) -> list[IntArray]:
    """The parts of a tracklet between which its side changes for certain: there it went from one hand to another."""
    if not len(rows):
        return []
    sums = np.cumsum(log.evidence[rows])
    where = int(np.argmax(np.abs(2 * sums - sums[-1]))) + 1
    parts = rows[:where], rows[where:]
    if any(not len(part) or log.time[part[-1]] - log.time[part[0]] < shortest for part in parts):
        return [rows]
    leans = [log.lean(part) for part in parts]
    if min(np.abs(leans)) < SURE_LEAN or np.sign(leans[0]) == np.sign(leans[1]):
        return [rows]
    return [piece for part in parts for piece in _cut_by_side(part, log, shortest)]


def _links(pieces: Sequence[IntArray], log: Log) -> Iterator[tuple[int, int]]:
    """Pairs of tracklets of which the second continues the first: the cheapest of all ways to link them."""
    starts = np.array([log.time[rows[0]] for rows in pieces])
    ends = np.array([log.time[rows[-1]] for rows in pieces])
    order = np.argsort(starts, kind="stable")
    low = np.searchsorted(starts[order], ends - LINK_OVERLAP, side="right")
    high = np.searchsorted(starts[order], ends + LINK_TIME, side="right")
    pairs = [
        (first, int(second))
        for first in range(len(pieces))
        for second in order[low[first] : high[first]]
        if starts[first] < starts[second]
    ]
    earlier, later = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    costs = np.array([_link_cost(pieces[first], pieces[second], log) for first, second in pairs])
    possible = costs < LINK_COST
    earlier, later, costs = earlier[possible], later[possible], costs[possible]
    if not len(costs):
        return
    from scipy.sparse import coo_array  # when it is first needed, as in assignment.py
    from scipy.sparse.csgraph import connected_components

    count = len(pieces)
    graph = coo_array((np.ones(len(costs)), (earlier, count + later)), shape=(2 * count, 2 * count))
    _, group = connected_components(graph, directed=False)
    for name in np.unique(group[earlier]):
        inside = group[earlier] == name
        rows, row = np.unique(earlier[inside], return_inverse=True)
        columns, column = np.unique(later[inside], return_inverse=True)
        saved = np.zeros((len(rows), len(columns)))
        saved[row, column] = LINK_COST - costs[inside]
        for chosen in zip(*assigned(-saved), strict=True):
            if saved[chosen] > 0:
                yield int(rows[chosen[0]]), int(columns[chosen[1]])


def _link_cost(earlier: IntArray, later: IntArray, log: Log) -> float:
    """Cost of joining a tracklet to a later one, in radii: of place, size and side."""
    head = earlier[log.time[earlier] < log.time[later[0]]]
    if not len(head):
        return IMPOSSIBLE
    end, start = head[-END_ROWS:], later[:END_ROWS]
    sizes = log.size(end), log.size(start)
    seconds = log.gap(head, later)
    places = (
        log.middles(later[:1])[0] - log.middles(head[-1:])[0],
        log.middles(later[:1])[0] - log.middles(head[-1:])[0] - seconds * _speed(end, log),
        log.middles(later[:1])[0] - log.middles(head[-1:])[0] - seconds * _speed(start, log),
    )
    off = min(float(np.linalg.norm(place)) for place in places) / max(sizes)
    if log.next_look[head[-1]] == later[0]:
        off = min(TRACK_SHARE * off, TRACK_COST)
    right = [1 / (1 + np.exp(-log.vote(rows) / (log.presence[rows].sum() + UNSURE_ROWS))) for rows in (head, later)]
    shape = abs(float(np.log(sizes[1] / sizes[0])))
    side = float(abs(right[0] - right[1]))
    return off + LINK_SIZE_WEIGHT * shape + LINK_SIDE_WEIGHT * side + LINK_TIME_WEIGHT * seconds


def _speed(rows: IntArray, log: Log) -> Array:
    """(2,) px/s."""
    if len(rows) < 2:
        return np.zeros(2)
    middles = log.middles(rows[[0, -1]])
    speed: Array = (middles[1] - middles[0]) / (log.time[rows[-1]] - log.time[rows[0]])
    return speed


def _merged(earlier: IntArray, later: IntArray, log: Log) -> IntArray:
    """Rows of both, one a frame: where both have one, that with more presence, or the later tracklet's."""
    rows = np.concatenate([later, earlier])
    rows = rows[np.lexsort((-log.presence[rows], log.time[rows]))]
    return rows[np.unique(log.time[rows], return_index=True)[1]]
