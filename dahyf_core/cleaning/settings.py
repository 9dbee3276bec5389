"""What the user may choose about gate and smoothing."""

import math
from dataclasses import dataclass, fields
from typing import Literal, get_args

from dahyf_core.errors import SettingsError

THRESHOLD = 0.6
"""Confidence under which a frame is lost."""

LostRule = Literal["hold", "interpolate", "open"]


@dataclass(frozen=True)
class CleaningSettings:
    """Gate and smoothing of one capture. Raises SettingsError for values that make no sense.

    threshold: confidence, 0 to 1, under which a frame is lost.
    lost: what a lost frame gets. "hold": the nearest earlier confident pose of the same hand, for as long as the hand
        is seen without confidence (section 3.4 of the DaHyF paper). "interpolate": the way between the confident frames
        around it, in gaps up to max_gap_seconds, seen or not. "open": nothing.
    max_gap_seconds: longest time between two confident frames that is interpolated.
    spike_seconds: longest excursion that is taken for an error when it starts and ends with an impossible jump of the
        wrist or a finger; 0 keeps all.
    *_hz: cut-off (-3 dB) of the zero-phase low-pass for where the wrist stands in the picture, for its depth, for the
        wrist's rotation and for the fingers; 0 switches that filter off.
    """

    threshold: float = THRESHOLD
    lost: LostRule = "interpolate"
    max_gap_seconds: float = 0.5
    spike_seconds: float = 0.25
    wrist_position_hz: float = 6.0
    wrist_depth_hz: float = 2.0
    wrist_rotation_hz: float = 5.0
    finger_hz: float = 5.0

    def __post_init__(self) -> None:
        if self.lost not in get_args(LostRule):
            raise SettingsError(f"There is no rule {self.lost!r} for lost frames.", f"Use one of {get_args(LostRule)}.")
        for field in fields(self):
            if field.type is float:
                _check_number(field.name, getattr(self, field.name))
        if self.threshold > 1:
            raise SettingsError(f"A threshold of {self.threshold} is above every confidence.", "Use a value of 0 to 1.")


def _check_number(name: str, value: float) -> None:
    if not math.isfinite(value) or value < 0:
        raise SettingsError(f"The cleaning setting {name} cannot be {value}.", "Use 0 or a positive number.")
