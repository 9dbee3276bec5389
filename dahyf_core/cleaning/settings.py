"""Settings of gate and smoothing."""

import math
from dataclasses import dataclass, fields
from typing import Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from dahyf_core.errors import SettingsError
from dahyf_core.shared.cleaning import NUMBERS

LostRule = Literal["interpolate", "hold", "open"]


class ThresholdOverride(NamedTuple):
    """The threshold of the footage's frames `first` to `last`, both included, in place of the general one."""

    first: int
    last: int
    threshold: float

    def __str__(self) -> str:
        """As the option --threshold-override takes it."""
        return f"{self.first}:{self.last}={self.threshold:g}"


@dataclass(frozen=True)
class CleaningSettings:
    """Gate and smoothing of one capture. Raises SettingsError for values that make no sense.

    threshold: confidence, 0 to 1, under which a frame is lost.
    lost: the pose of a lost frame. "hold": the nearest earlier confident pose of the same hand, for as long as the hand
        is seen without confidence (section 3.4 of the DaHyF paper). "interpolate": between the confident frames around
        it, in gaps up to max_gap_seconds, whether the hand is seen there or not. "open": no pose.
    max_gap_seconds: longest time between two confident frames that is interpolated.
    spike_seconds: longest excursion that is discarded as an error if it starts and ends with an impossible jump of the
        wrist or a finger; half as much is discarded at most where a hand comes or goes. 0 keeps all.
    *_hz: cut-off (-3 dB) of the zero-phase low-pass filters for the wrist's position in the picture, its depth, its
        rotation, and the finger joints; 0 switches that filter off.
    stillness: metres; a hand that stays within that distance of its mean for a while is held still. 0 holds nothing.
    wrist_rotation_only: the wrist turns, but stays in one place.
    threshold_overrides: thresholds of parts of the clip; where they overlap, the last one counts.
    """

    threshold: float = NUMBERS["threshold"].default
    lost: LostRule = "interpolate"
    max_gap_seconds: float = NUMBERS["max_gap_seconds"].default
    spike_seconds: float = NUMBERS["spike_seconds"].default
    wrist_position_hz: float = NUMBERS["wrist_position_hz"].default
    wrist_depth_hz: float = NUMBERS["wrist_depth_hz"].default
    wrist_rotation_hz: float = NUMBERS["wrist_rotation_hz"].default
    finger_hz: float = NUMBERS["finger_hz"].default
    stillness: float = NUMBERS["stillness"].default
    wrist_rotation_only: bool = False
    threshold_overrides: tuple[ThresholdOverride, ...] = ()

    def __post_init__(self) -> None:
        if self.lost not in get_args(LostRule):
            raise SettingsError(
                f"The rule {self.lost!r} for lost frames is unknown.", f"Use one of {get_args(LostRule)}."
            )
        for field in fields(self):
            if field.type is float:
                _check_number(field.name, getattr(self, field.name))
        _check_threshold(self.threshold)
        for override in self.threshold_overrides:
            _check_number("threshold_overrides", override.threshold)
            _check_threshold(override.threshold)
            if override.first > override.last:
                raise SettingsError(
                    f"The range {override.first}:{override.last} of a threshold override ends before it begins.",
                    "Swap its ends.",
                )

    def thresholds(self, frame: NDArray[np.integer]) -> NDArray[np.floating]:
        """(T,) the confidence under which each frame is lost. frame: (T,) numbers in the footage."""
        result = np.full(len(frame), self.threshold)
        for override in self.threshold_overrides:
            result[(frame >= override.first) & (frame <= override.last)] = override.threshold
        return result


def _check_threshold(threshold: float) -> None:
    if threshold > 1:
        raise SettingsError(f"The threshold {threshold} is above every confidence.", "Use a value from 0 to 1.")


def _check_number(name: str, value: float) -> None:
    if not math.isfinite(value) or value < 0:
        raise SettingsError(f"The cleaning setting {name} cannot be {value}.", "Use 0 or a positive number.")
