"""Hands in frames, and the patches around them."""

from dahyf_core.detection.both import SURE_SCORE, BothDetectors
from dahyf_core.detection.detector import Detector, HandDetector
from dahyf_core.detection.mediapipe import MIN_SCORE, PalmDetector
from dahyf_core.detection.palms import Palms, crops_from_palms
from dahyf_core.detection.suppression import overlap

__all__ = [
    "MIN_SCORE",
    "SURE_SCORE",
    "BothDetectors",
    "Detector",
    "HandDetector",
    "PalmDetector",
    "Palms",
    "crops_from_palms",
    "overlap",
]
