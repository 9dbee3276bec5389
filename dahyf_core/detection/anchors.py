"""What the networks say of their anchors, as palms."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray

MIN_OVERLAP = 0.3
"""MediaPipe's threshold: intersection over union of two detections of one palm."""


def logit(probability: float) -> float:
    """The inverse of the logistic function."""
    return float(np.log(probability / (1 - probability)))


def decode(
    boxes: NDArray[np.float32], logits: NDArray[np.float32], anchors: FloatArray, min_logit: float
) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """The networks' outputs (2016, 18) and (2016,) to likely palms: anchors (N,), scores (N,) and points (N, 9, 2).

    The points are the box's two corners and 7 keypoints, in pixels of the letterboxed picture; the networks give the
    box's centre and size and the keypoints, relative to the anchors.
    """
    likely = np.flatnonzero(logits >= min_logit)
    score = 1 / (1 + np.exp(-logits[likely].astype(np.float64)))
    pairs = boxes[likely].reshape(-1, 9, 2).astype(np.float64)
    center, size, keypoints = pairs[:, :1], pairs[:, 1:2], pairs[:, 2:]
    points = np.concatenate([center - size / 2, center + size / 2, keypoints], axis=1)
    return likely, score, points + anchors[likely, None]
