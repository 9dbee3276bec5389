"""MediaPipe's palm detector (full model), which is the detector [32] of the DaHyF paper."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray, Image
from dahyf_core.detection.letterbox import anchor_centers, letterbox
from dahyf_core.detection.palms import Palms
from dahyf_core.detection.suppression import merge_overlapping
from dahyf_core.profiling import is_stage
from dahyf_core.runtime import create_session
from dahyf_core.shipped import asset

MIN_SCORE = 0.5
MIN_OVERLAP = 0.3
"""MediaPipe's thresholds: probability of a palm, and intersection over union of two detections of one palm."""


class Detector(Protocol):
    """Finds palms in a frame (H, W, 3) of RGB bytes."""

    def detect(self, image: Image) -> Palms: ...


class PalmDetector:
    """Finds palms in whole frames."""

    def __init__(self, min_score: float = MIN_SCORE, threads: int = 0) -> None:
        """min_score: palms of a lower probability are left out, in (0, 1). threads: CPU threads, 0 for one per core.

        Raises ModelFileError when the network cannot be loaded.
        """
        self._session = create_session(asset("palm_detector.onnx"), threads)
        self._anchors = anchor_centers()
        self._min_logit = np.log(min_score / (1 - min_score))

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the network."""
        return self._session.provider

    @is_stage("detecting palms")
    def detect(self, image: NDArray[np.uint8]) -> Palms:
        """The palms in a frame (H, W, 3) of RGB bytes, best first."""
        picture, frame_from_picture = letterbox(image)
        boxes, score_logits = self._session.run(image=picture[None])
        score, points = self._decode(boxes[0], score_logits[0, :, 0])
        score, points = merge_overlapping(score, points[:, :2].reshape(-1, 4), points, MIN_OVERLAP)
        points = points @ frame_from_picture[:, :2].T + frame_from_picture[:, 2]
        return Palms(score, points[:, :2].reshape(-1, 4), points[:, 2:])

    def _decode(self, boxes: NDArray[np.float32], logits: NDArray[np.float32]) -> tuple[FloatArray, FloatArray]:
        """The network's outputs (2016, 18) and (2016,) to the score (N,) and points (N, 9, 2) of likely palms.

        The points are the box's two corners and 7 keypoints, in pixels of the letterboxed picture; the network gives
        the box's centre and size and the keypoints, relative to the anchors.
        """
        likely = np.flatnonzero(logits >= self._min_logit)
        score = 1 / (1 + np.exp(-logits[likely].astype(np.float64)))
        pairs = boxes[likely].reshape(-1, 9, 2).astype(np.float64)
        center, size, keypoints = pairs[:, :1], pairs[:, 1:2], pairs[:, 2:]
        points = np.concatenate([center - size / 2, center + size / 2, keypoints], axis=1)
        return score, points + self._anchors[likely, None]
