"""Detects hands in a picture of which nothing is known, and judges each by all that the networks say of it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray, Image, IntArray
from dahyf_core.camera import Crops, Intrinsics, box_around, upright_crops
from dahyf_core.detection import Detector, Palms, crops_from_palms
from dahyf_core.pose import HandObservations, PoseEstimator
from dahyf_core.tracking import LIKELY_HAND, distinct

LEAST_PRESENCE = 0.5
"""Smallest presence of a hand."""

SURE_HAND = 0.7
MORE_IN_TILES = 0.06
"""Geometric mean of the detector's score, presence and is_hand from which a find is a hand; in tiles, which show more
things that are none, by so much more. Chosen on photographs that no training saw (docs/finding.md)."""

TILES = 3
"""How many tiles along the longer side of a picture are looked at where no hand is found at once."""

SAME_PLACE = 0.5
"""Share of the smaller of two boxes that the other covers from which two hands of one side are one, seen twice."""


def all_of(crops: Crops) -> IntArray:
    """The rows of all patches (N,)."""
    return np.arange(len(crops))


def find_hands(
    detector: Detector,
    estimator: PoseEstimator,
    image: Image,
    intrinsics: Intrinsics,
    *,
    tiles: int = TILES,
    surety: float = SURE_HAND,
    choose: Callable[[Crops], IntArray] = all_of,
) -> HandObservations:
    """The hands in a picture (H, W, 3), RGB, each once, in upright patches of the sides that they seem to be.

    tiles: how many along the longer side are looked at if nothing is found without; 1 for none. surety: geometric mean
    of score, presence and is_hand from which a find is a hand. choose: the rows of the detected patches to look at.
    """
    for parts, least in ((1, surety), (tiles, surety + MORE_IN_TILES))[: min(tiles, 2)]:
        palms = detector.detect(image, tiles=parts)
        palms = palms[palms.score >= least**3]
        palms = palms[choose(crops_from_palms(palms, intrinsics))]
        seen = _judged(palms, estimator, image, intrinsics, least)
        if len(seen):
            break
    return seen


def _judged(
    palms: Palms, estimator: PoseEstimator, image: Image, intrinsics: Intrinsics, surety: float
) -> HandObservations:
    """Those of the detected hands that are some, each once."""
    first = estimator.observe(image, crops_from_palms(palms, intrinsics))
    seen = estimator.observe(image, upright_crops(first.joints_2d, first.right_score < 0.5, intrinsics))
    seen = _seen_as_its_side(seen, estimator, image, intrinsics)
    worth = np.cbrt(palms.score * seen.presence * seen.is_hand)
    hands = np.flatnonzero((worth >= surety) & (seen.presence >= LEAST_PRESENCE) & (seen.is_hand >= LIKELY_HAND))
    seen, worth = seen[hands], worth[hands]
    hands = np.flatnonzero(distinct(seen.joints_2d, worth))
    seen, worth = seen[hands], worth[hands]
    return seen[_not_inside(seen, worth)]


def _seen_as_its_side(
    seen: HandObservations, estimator: PoseEstimator, image: Image, intrinsics: Intrinsics
) -> HandObservations:
    """The same hands, with another look at those that seem to be of the other side than they were mirrored for."""
    is_left = seen.right_score < 0.5
    other = np.flatnonzero(is_left != seen.crops.mirrored)
    again = estimator.observe(image, upright_crops(seen.joints_2d[other], is_left[other], intrinsics))
    rows = np.arange(len(seen))
    rows[other] = len(seen) + np.arange(len(other))
    return HandObservations.concatenate([seen, again])[rows]


def _not_inside(seen: HandObservations, worth: FloatArray) -> NDArray[np.bool_]:
    """(N,) which hands lie on no better one of their side."""
    boxes = box_around(seen.joints_2d)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    shared = np.minimum(boxes[:, None, 2:], boxes[:, 2:]) - np.maximum(boxes[:, None, :2], boxes[:, :2])
    covered = np.prod(np.maximum(shared, 0), axis=-1) > SAME_PLACE * np.minimum(areas[:, None], areas)
    right = seen.right_score >= 0.5
    keep = np.ones(len(seen), dtype=bool)
    for row in np.argsort(-worth, kind="stable"):
        if keep[row]:
            keep &= ~(covered[row] & (right == right[row]) & (np.arange(len(keep)) != row))
    return keep
