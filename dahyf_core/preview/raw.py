"""The raw estimates as a capture that can be drawn."""

from collections.abc import Mapping
from typing import Final

from dahyf_core.capture import Capture, recleaned
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.hand_model import HandModel, Side

UNCLEANED: Final = CleaningSettings(
    threshold=0,
    lost="open",
    spike_seconds=0,
    wrist_position_hz=0,
    wrist_depth_hz=0,
    wrist_rotation_hz=0,
    finger_hz=0,
)


def without_cleaning(capture: Capture, models: Mapping[Side, HandModel]) -> Capture:
    """The capture with every estimate kept, nothing filled in and nothing smoothed; one shape a hand, as always.

    models: by side, those the capture was made with; else ModelFileError.
    """
    return recleaned(capture, UNCLEANED, models)
