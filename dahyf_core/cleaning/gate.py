"""Which frames to trust: by confidence, and by jumps that are faster than any hand."""

from dataclasses import dataclass

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

Frames = NDArray[np.intp]


@dataclass(frozen=True)
class Trust:
    """Which of T frames to trust.

    believed (T,): frames whose poses are used. doubtful (T,): those of them whose poses jump without a reason to take
    the one side of the jump for right and the other for wrong.
    """

    believed: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


def judge_jumps(pose: Array, times: Array, confident: NDArray[np.bool_], spike_seconds: float) -> Trust:
    """Which of the `confident` frames (T,) to trust.

    pose (T, 16, 3) axis-angle; times (T,) in seconds. Confident frames are cut into appearances wherever the hand is
    lost for more than spike_seconds, and these into runs wherever any of the 16 rotations jumps. All runs of an
    appearance are judged together: those are left out whose absence takes away the most jumps for the fewest seconds.
    In between, runs may go that last spike_seconds at most if what is on both sides of them fits together. At the start
    and at the end, where the hand is often only half visible and nothing says what it did before or after, half as many
    seconds may go, whatever the number of runs. Short runs between the jumps that remain are doubtful.
    """
    believed, doubtful = confident.copy(), np.zeros_like(confident)
    frames = np.flatnonzero(confident)
    if spike_seconds <= 0 or not len(frames):
        return Trust(believed, doubtful)
    quaternions = quaternion_from_axis_angle(pose[frames])
    losses = np.flatnonzero(np.diff(times[frames]) > spike_seconds) + 1
    for rows in np.split(np.arange(len(frames)), losses):
        appearance = _Appearance.of(quaternions[rows], times[frames[rows]], spike_seconds)
        kept = appearance.kept()
        believed[frames[rows]] = appearance.spread(kept)
        doubtful[frames[rows]] = appearance.spread(appearance.doubtful(kept))
    return Trust(believed, doubtful)


@dataclass(frozen=True)
class _Appearance:
    """The frames between two losses, in R runs without a jump, and what their judgement depends on.

    quaternions (N, 16, 4), times (N,). first, last (R,): frames of each run. seconds (R,): how long each lasts.
    """

    quaternions: Array
    times: Array
    first: Frames
    last: Frames
    seconds: Array
    spike_seconds: float

    @classmethod
    def of(cls, quaternions: Array, times: Array, spike_seconds: float) -> "_Appearance":
        jumps = np.flatnonzero(find_jumps(quaternions[:-1], quaternions[1:], np.diff(times)))
        first, last = np.append(0, jumps + 1), np.append(jumps, len(times) - 1)
        period = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
        return cls(quaternions, times, first, last, times[last] - times[first] + period, spike_seconds)

    @property
    def price(self) -> float:
        """Seconds that may go for each jump which goes with them: an excursion has two, a wild end one."""
        return self.spike_seconds / 2

    def spread(self, runs: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(N,) the frames of some of the runs (R,)."""
        return np.repeat(runs, self.last - self.first + 1)

    def kept(self) -> NDArray[np.bool_]:
        """(R,) which runs to keep: the way through them that costs least, in seconds left out and jumps left in."""
        count = len(self.first)
        before = np.append(0.0, np.cumsum(self.seconds))
        cost, previous = np.empty(count), np.full(count, -1)
        for run in range(count):
            cost[run] = before[run] if self._starts_soon(run) else np.inf
            for earlier, step in self._steps(run, before):
                if cost[earlier] + step < cost[run]:
                    cost[run], previous[run] = cost[earlier] + step, earlier
        ends = [cost[run] + before[-1] - before[run + 1] if self._ends_late(run) else np.inf for run in range(count)]
        kept = np.zeros(count, dtype=bool)
        run = int(np.argmin(ends))
        while run >= 0:
            kept[run] = True
            run = previous[run]
        return kept

    def doubtful(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(R,) which kept runs are short and lie between two jumps, or between a jump and a loss."""
        runs = np.flatnonzero(kept)
        jumps = self._jump(runs[:-1], runs[1:])
        alone = np.append(True, jumps) & np.append(jumps, True) & jumps.any()
        result = np.zeros_like(kept)
        result[runs[alone & (self.seconds[runs] < self.spike_seconds)]] = True
        return result

    def _starts_soon(self, run: int) -> bool:
        return bool(self.times[self.first[run]] - self.times[0] < self.price)

    def _ends_late(self, run: int) -> bool:
        return bool(self.times[-1] - self.times[self.last[run]] < self.price)

    def _steps(self, run: int, before: Array) -> list[tuple[int, float]]:
        """The runs that this one may follow, and what that costs: its direct neighbour, and earlier ones that fit."""
        if run == 0:
            return []
        oldest = int(
            np.searchsorted(self.times[self.last[: run - 1]], self.times[self.first[run]] - self.spike_seconds)
        )
        earlier = np.arange(oldest, run - 1)
        fitting = earlier[~self._jump(earlier, np.full(len(earlier), run))]
        return [(run - 1, self.price), *((int(index), float(before[run] - before[index + 1])) for index in fitting)]

    def _jump(self, runs: Frames, following: Frames) -> NDArray[np.bool_]:
        """(N,) whether there is a jump from the end of each of some runs (N,) to the start of another."""
        ends, starts = self.last[runs], self.first[following]
        return find_jumps(self.quaternions[ends], self.quaternions[starts], self.times[starts] - self.times[ends])


def find_jumps(before: Array, after: Array, seconds: Array) -> NDArray[np.bool_]:
    """Whether any of the unit quaternions (..., 16, 4) turns farther than hands can in the given seconds (...)."""
    cosines = np.abs((before * after).sum(axis=-1)).clip(max=1.0)
    angle = 2 * np.arccos(cosines).max(axis=-1)
    return angle > np.clip(FASTEST_ROTATION * seconds, SMALLEST_JUMP, IMPOSSIBLE_JUMP)
