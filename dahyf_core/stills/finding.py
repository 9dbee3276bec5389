"""Detects hands in stills without known boxes."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Intrinsics, upright_crops
from dahyf_core.detection import SURE_SCORE, Detector, crops_from_palms
from dahyf_core.pose import HandObservations, PoseEstimator
from dahyf_core.tracking import LIKELY_HAND, distinct

LEAST_PRESENCE = 0.5
"""Smallest presence of a hand."""

TILES = 3
"""How many tiles along the longer side of a picture are looked at where no hand is found at once."""


def find_hands(
    detector: Detector, estimator: PoseEstimator, image: NDArray[np.uint8], intrinsics: Intrinsics
) -> HandObservations:
    """The hands in a picture (H, W, 3), RGB, each once, in upright patches of the sides that they seem to be."""
    palms = detector.detect(image)
    if not len(palms):
        closer = detector.detect(image, tiles=TILES)
        palms = closer[closer.score >= SURE_SCORE]
    first = estimator.observe(image, crops_from_palms(palms, intrinsics))
    seen = estimator.observe(image, upright_crops(first.joints_2d, first.right_score < 0.5, intrinsics))
    seen = seen[(seen.presence >= LEAST_PRESENCE) & (seen.is_hand >= LIKELY_HAND)]
    return seen[distinct(seen.joints_2d, seen.presence)]
