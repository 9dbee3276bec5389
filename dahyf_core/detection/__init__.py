"""MediaPipe's palm detector, and the patches around the hands of detected palms."""

from dahyf_core.detection.detector import MIN_SCORE, Detector, PalmDetector
from dahyf_core.detection.palms import Palms, crops_from_palms
from dahyf_core.detection.suppression import overlap

__all__ = ["MIN_SCORE", "Detector", "PalmDetector", "Palms", "crops_from_palms", "overlap"]
