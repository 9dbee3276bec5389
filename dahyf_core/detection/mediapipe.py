"""MediaPipe's palm detector (full model), which is the detector [32] of the DaHyF paper."""

from dahyf_core.arrays import Image
from dahyf_core.detection.anchors import MIN_OVERLAP, decode
from dahyf_core.detection.letterbox import letterbox
from dahyf_core.detection.network import AnchoredNetwork
from dahyf_core.detection.palms import Palms
from dahyf_core.detection.suppression import merge_overlapping
from dahyf_core.profiling import is_stage

MIN_SCORE = 0.5
"""MediaPipe's threshold: probability of a palm."""


class PalmDetector(AnchoredNetwork):
    """Finds palms in whole frames. Captures ask it first; the baseline and the annotator use it alone."""

    def __init__(self, min_score: float = MIN_SCORE, threads: int = 0) -> None:
        """min_score: palms of a lower probability are left out, in (0, 1). threads: CPU threads, 0 for one per core.

        Raises ModelFileError when the network cannot be loaded.
        """
        super().__init__("palm_detector.onnx", min_score, threads)

    @is_stage("detecting hands")
    def detect(self, image: Image, *, tiles: int = 1) -> Palms:
        """The palms in a frame (H, W, 3) of RGB bytes, best first."""
        picture, frame_from_picture = letterbox(image)
        boxes, score_logits = self._session.run(image=picture[None])
        _, score, points = decode(boxes[0], score_logits[0, :, 0], self._anchors, self._min_logit)
        score, points = merge_overlapping(score, points[:, :2].reshape(-1, 4), points, MIN_OVERLAP)
        points = points @ frame_from_picture[:, :2].T + frame_from_picture[:, 2]
        return Palms(score, points[:, :2].reshape(-1, 4), points[:, 2:])
