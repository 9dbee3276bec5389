"""Gate, then smooth: which frames to believe, what lost ones get, and zero-phase low-pass filters over real times."""

from dahyf_core.cleaning.clean import clean
from dahyf_core.cleaning.gate import find_jumps
from dahyf_core.cleaning.hand import CleanHand, RawHand, State
from dahyf_core.cleaning.settings import CleaningSettings

__all__ = ["CleanHand", "CleaningSettings", "RawHand", "State", "clean", "find_jumps"]
