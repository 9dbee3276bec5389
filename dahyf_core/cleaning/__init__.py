"""Gate, then smooth: which frames to believe, what lost ones get, and zero-phase low-pass filters over real times.

Before that, tracks can be edited: which hand is which is the user's to say.
"""

from dahyf_core.cleaning.clean import clean
from dahyf_core.cleaning.gate import find_jumps
from dahyf_core.cleaning.hand import CleanHand, RawHand
from dahyf_core.cleaning.settings import CleaningSettings, ThresholdOverride
from dahyf_core.cleaning.tracks import TrackEdits, edit_tracks
from dahyf_core.shared.capture_schema import State

__all__ = [
    "CleanHand",
    "CleaningSettings",
    "RawHand",
    "State",
    "ThresholdOverride",
    "TrackEdits",
    "clean",
    "edit_tracks",
    "find_jumps",
]
