"""Filling of lost frames: the earlier confident pose, an interpolation of the poses around them, or nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.cleaning.settings import CleaningSettings
from dahyf_core.geometry import slerp
from dahyf_core.shared.capture_schema import State


@dataclass(frozen=True, eq=False)
class FillPlan:
    """Source of the values of each of T frames: between frame `before` and frame `after`, at `weight` 0 to 1.

    `before` and `after` differ only for INTERPOLATED frames. Frames whose state is MISSING get no values.
    """

    state: NDArray[np.uint8]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    weight: Array

    @property
    def filled(self) -> NDArray[np.bool_]:
        """(T,) frames that get values."""
        return self.state != State.MISSING

    def vectors(self, values: Array) -> Array:
        """Fill (T, ...) linearly."""
        weight = self.weight[self.filled].reshape(-1, *[1] * (values.ndim - 1))
        start, end = values[self.before[self.filled]], values[self.after[self.filled]]
        return self._scatter(start + weight * (end - start))

    def rotations(self, axis_angle: Array) -> Array:
        """Fill (T, J, 3) on great circles (slerp)."""
        result = axis_angle[self.before]
        between = np.flatnonzero(self.weight > 0)
        start, end = axis_angle[self.before[between]], axis_angle[self.after[between]]
        result[between] = slerp(start, end, self.weight[between, None])
        return self._scatter(result[self.filled])

    def _scatter(self, values: Array) -> Array:
        result = np.full((len(self.state), *values.shape[1:]), np.nan)
        result[self.filled] = values
        return result


def plan_filling(
    seen: NDArray[np.bool_], confident: NDArray[np.bool_], times: Array, settings: CleaningSettings
) -> FillPlan:
    """Plan each of T frames. With "hold", a hand without an earlier confident pose stays missing."""
    frames = np.arange(len(times))
    before = np.maximum.accumulate(np.where(confident, frames, -1))
    after = before.copy()
    state = np.where(confident, State.OBSERVED, State.MISSING).astype(np.uint8)
    weight = np.zeros(len(frames))
    if settings.lost == "hold":
        held = seen & ~confident & (before >= 0)
        state[held] = State.REPLACED
    elif settings.lost == "interpolate":
        following = np.minimum.accumulate(np.where(confident, frames, len(frames))[::-1])[::-1]
        lost = np.flatnonzero(~confident & (before >= 0) & (following < len(frames)))
        lost = lost[times[following[lost]] - times[before[lost]] <= settings.max_gap_seconds]
        state[lost] = State.INTERPOLATED
        after[lost] = following[lost]
        weight[lost] = (times[lost] - times[before[lost]]) / (times[after[lost]] - times[before[lost]])
    return FillPlan(state, before, after, weight)
