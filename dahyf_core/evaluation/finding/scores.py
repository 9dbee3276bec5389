"""Found hands against true ones: which are found, which are none, and whether each keeps its identity and side."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from dahyf_core.arrays import Array
from dahyf_core.evaluation.finding.truth import Presence, TrueHands

NEAR: Final = 0.6
"""Distance between the middles of a found and a true hand, in sizes of the true one, up to which they can be one."""
FAITHFUL: Final = 0.3
"""By how much nearer another found hand must be for a true hand to change to it, in sizes."""
FAR: Final = 1e6


@dataclass(frozen=True, eq=False)
class FoundHands:
    """K hands over T frames, as a system gives them: K rigs of an animator. side: (K,).

    centre: (K, T, 2) px, middle of the joints' box, NaN where the hand is not found.
    """

    side: NDArray[np.str_]
    centre: Array

    @property
    def there(self) -> NDArray[np.bool_]:
        """(K, T)"""
        return np.isfinite(self.centre[..., 0])


@dataclass(frozen=True, eq=False)
class ClipScore:
    """matched: (H, T) index of the found hand that is each true one, -1 for none. false: (K, T) found hands that are
    none. swaps: how often a found hand goes over to another true one. pieces: found hands beyond the first that each
    true one is in. wrong_side: (M,) of found hands that match true ones of a known side.
    """

    presence: NDArray[np.int8]
    matched: NDArray[np.int64]
    false: NDArray[np.bool_]
    swaps: int
    pieces: int
    wrong_side: NDArray[np.bool_]

    @property
    def found(self) -> NDArray[np.bool_]:
        """(M,) for each frame in which a hand is present, whether it is found."""
        return np.asarray(self.matched[self.presence == Presence.PRESENT] >= 0)

    @property
    def false_frames(self) -> NDArray[np.bool_]:
        """(T,) frames with a found hand that is none."""
        return np.asarray(self.false.any(axis=0))


def score_clip(truth: TrueHands, found: FoundHands) -> ClipScore:
    """One found hand for each true one at most, near it; it stays the same while it is near."""
    matched = np.full(truth.presence.shape, -1, np.int64)
    last = np.full(len(truth.side), -1)
    for frame in range(truth.frames):
        matched[:, frame] = _match(truth, found, frame, last)
        last = np.where(matched[:, frame] >= 0, matched[:, frame], last)
    false = found.there.copy()
    hands, frames = np.nonzero(matched >= 0)
    taken = matched[hands, frames]
    false[taken, frames] = False
    known = truth.side[hands] != ""
    return ClipScore(
        presence=truth.presence,
        matched=matched,
        false=false,
        swaps=_swaps(matched, len(found.side)),
        pieces=sum(max(0, len(np.unique(row[row >= 0])) - 1) for row in matched),
        wrong_side=(truth.side[hands] != found.side[taken])[known],
    )


def _match(truth: TrueHands, found: FoundHands, frame: int, last: NDArray[np.int64]) -> NDArray[np.int64]:
    """(H,) index of the found hand, -1 for none."""
    result = np.full(len(truth.side), -1)
    rows = np.flatnonzero(truth.presence[:, frame] != Presence.ABSENT)
    columns = np.flatnonzero(found.there[:, frame])
    if not (len(rows) and len(columns)):
        return result
    offset = truth.centre[rows, None, frame] - found.centre[None, columns, frame]
    cost = np.linalg.norm(offset, axis=-1) / truth.size[rows, frame, None]
    near = cost <= NEAR
    cost = np.where(near, cost - FAITHFUL * (columns[None] == last[rows, None]), FAR)
    for row, column in zip(*linear_sum_assignment(cost), strict=True):
        if near[row, column]:
            result[rows[row]] = columns[column]
    return result


def _swaps(matched: NDArray[np.int64], count: int) -> int:
    """Changes of the true hand that each found one lies on."""
    swaps = 0
    for number in range(count):
        frames, hands = np.nonzero((matched == number).T)
        swaps += int((np.diff(hands[np.argsort(frames, kind="stable")]) != 0).sum())
    return swaps
