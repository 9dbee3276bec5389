"""Hands in frames, and the patches around them."""

from dahyf_core.detection.detector import Detector, Detectors, HandDetector
from dahyf_core.detection.mediapipe import MIN_SCORE, PalmDetector
from dahyf_core.detection.palms import Palms, crops_from_palms
from dahyf_core.detection.suppression import overlap

__all__ = [
    "MIN_SCORE",
    "Detector",
    "Detectors",
    "HandDetector",
    "PalmDetector",
    "Palms",
    "crops_from_palms",
    "overlap",
]
