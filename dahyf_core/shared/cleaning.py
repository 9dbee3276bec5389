"""Cleaning settings: defaults, ranges and units for `dahyf clean`, capture files and Blender's panel."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .rules import Number


@dataclass(frozen=True)
class Setting:
    """A number: its default, its range and its unit."""

    default: float
    unit: str
    highest: float = math.inf
    lowest: float = 0

    @property
    def rule(self) -> Number:
        """The rule for presets."""
        return Number(self.lowest, self.highest, unit=self.unit)


LOST_RULES: Final = ("interpolate", "hold", "open")
"""Rules for the pose of a lost frame. The first one is the default."""

NUMBERS: Final[Mapping[str, Setting]] = {
    # With the network that ships, 1 patch without a hand in 92 reaches it, and 999 of 1,000 right answers; from 0.9 on,
    # hands that are hard to see are lost too (docs/model-card.md).
    "threshold": Setting(0.8, "confidence", highest=1),
    "max_gap_seconds": Setting(0.5, "seconds"),
    "spike_seconds": Setting(0.25, "seconds"),
    "wrist_position_hz": Setting(6.0, "hertz"),
    "wrist_depth_hz": Setting(2.0, "hertz"),
    "wrist_rotation_hz": Setting(5.0, "hertz"),
    "finger_hz": Setting(5.0, "hertz"),
    "stillness": Setting(0.0, "metres"),
}
"""Settings by their names in the capture file's `cleaning`, which is `dahyf_core.CleaningSettings`."""
