"""MediaPipe's palm detector with a second opinion: where it sees nothing, the hand detector may look."""

from dahyf_core.arrays import Image
from dahyf_core.detection.detector import HandDetector
from dahyf_core.detection.mediapipe import MIN_SCORE, PalmDetector
from dahyf_core.detection.palms import Palms

SURE_SCORE = 0.65
"""Score from which the hand detector is believed. With 0.5 captures followed things after a hand had gone."""


class BothDetectors:
    """Finds palms in frames, and hands where there is no palm: in grey film, other colours, gloves, or far away."""

    def __init__(self, min_score: float = MIN_SCORE, threads: int = 0) -> None:
        """min_score: palms of a lower probability are left out, in (0, 1); below MIN_SCORE it is also the least score
        of the hand detector. threads: CPU threads, 0 for one per core.

        Raises ModelFileError when a network cannot be loaded.
        """
        self._palms = PalmDetector(min_score, threads)
        self._hands = HandDetector(SURE_SCORE if min_score >= MIN_SCORE else min_score, threads)

    def detect(self, image: Image, *, tiles: int = 1) -> Palms:
        """The palms in a frame (H, W, 3) of RGB bytes.

        tiles: above 1, a frame without palms is searched for hands, whole and in so many parts along a side. Without
        that, blurred hands would be found in frames from which they cannot be followed back.
        """
        palms = self._palms.detect(image)
        return palms if len(palms) or tiles == 1 else self._hands.detect(image, tiles=tiles)
