"""Which hands are found in pictures and clips, and what is taken for a hand. docs/finding.md explains the measures."""

from dahyf_core.evaluation.finding.drawn import drawn_clips
from dahyf_core.evaluation.finding.finders import Finder, MediaPipeFinder, ProgramFinder
from dahyf_core.evaluation.finding.run import Inputs, measure
from dahyf_core.evaluation.finding.scores import ClipScore, FoundHands, score_clip
from dahyf_core.evaluation.finding.truth import Presence, TrueHands, Truths

__all__ = [
    "ClipScore",
    "Finder",
    "FoundHands",
    "Inputs",
    "MediaPipeFinder",
    "Presence",
    "ProgramFinder",
    "TrueHands",
    "Truths",
    "drawn_clips",
    "measure",
    "score_clip",
]
