"""Gate, then smooth: which frames to trust, how lost frames are filled, and zero-phase low-pass filters.

Before that, the user can edit the tracks: split, join, swap and drop hands.
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
