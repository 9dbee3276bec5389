"""Distances between hands, and what a confidence tells: functions of arrays, one number a hand."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.geometry import PALM, nearest_rotation

Array = NDArray[np.floating]

WRIST, MIDDLE_KNUCKLE = 0, 9
PALM_MM = 90.0
"""Length from wrist to middle knuckle to which hands are scaled where their true size is unknown."""
FLIP_DEGREES = 60.0
"""No wrist turns so far from one frame to the next."""


def palm_length(joints: Array) -> Array:
    """From wrist to middle knuckle: (N, 21, 3) -> (N,)."""
    return np.linalg.norm(joints[:, MIDDLE_KNUCKLE] - joints[:, WRIST], axis=-1)


def to_palm_size(joints: Array) -> Array:
    """Joints (N, 21, 3) in any unit, with the wrist at the origin and a palm of PALM_MM."""
    return (joints - joints[:, WRIST, None]) * (PALM_MM / palm_length(joints))[:, None, None]


def epe(located: Array, truth: Array, known: NDArray[np.bool_] | None = None) -> Array:
    """End-point error: mean distance of the joints of each hand, (N, K, D), (N, K, D) -> (N,).

    known: (N, K), joints that count; NaN for a hand without any.
    """
    distances = np.linalg.norm(located - truth, axis=-1)
    counts = np.ones_like(distances) if known is None else known.astype(float)
    with np.errstate(invalid="ignore"):
        return (distances * counts).sum(axis=1) / counts.sum(axis=1)


def mpjpe(joints: Array, truth: Array) -> Array:
    """Mean distance of joints (N, 21, 3) from the truth, wrists together and palms made as long as the true ones."""
    relative, true_relative = joints - joints[:, WRIST, None], truth - truth[:, WRIST, None]
    scale = palm_length(truth) / palm_length(joints)
    return epe(scale[:, None, None] * relative, true_relative)


def pa_mpjpe(points: Array, truth: Array) -> Array:
    """Mean distance of points (N, K, 3) after the best rotation, scale and shift, without reflection (Procrustes)."""
    points, truth = (values - values.mean(axis=1, keepdims=True) for values in (points, truth))
    turned = points @ np.swapaxes(nearest_rotation(np.swapaxes(truth, 1, 2) @ points), 1, 2)
    scale = (turned * truth).sum(axis=(1, 2)) / (turned**2).sum(axis=(1, 2))
    return epe(scale[:, None, None] * turned, truth)


def palm_rotation(joints: Array, flat_joints: Array) -> Array:
    """The wrist's rotation (N, 3, 3) that brings the palm of a flat hand (21, 3) closest to that of joints (N, 21, 3).

    Kabsch on wrist and knuckles: for systems that give points and no rotations.
    """
    palm, flat_palm = joints[:, PALM], flat_joints[PALM]
    palm, flat_palm = palm - palm.mean(axis=1, keepdims=True), flat_palm - flat_palm.mean(axis=0)
    return nearest_rotation(np.swapaxes(palm, 1, 2) @ flat_palm)


def acceleration(joints: Array) -> Array:
    """Mean length of the joints' second differences: (T, K, 3) -> (T - 2,) per frame^2; NaN around frames of NaN."""
    return np.linalg.norm(np.diff(joints, n=2, axis=0), axis=-1).mean(axis=1)


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision and recall (T,) of calling a hand what has at least a confidence of `threshold` (T,), rising.

    Hands and other things count as if there were as many of the one as of the other.
    """

    threshold: Array
    precision: Array
    recall: Array

    @classmethod
    def of(cls, hands: Array, others: Array) -> "PrecisionRecall":
        """hands, others: confidences of what is a hand (N,) and of what is none (M,)."""
        threshold = np.unique(np.concatenate([hands, others]))
        found = 1 - np.searchsorted(np.sort(hands), threshold) / len(hands)
        false = 1 - np.searchsorted(np.sort(others), threshold) / len(others)
        return cls(threshold, found / (found + false), found)

    def precise_threshold(self, precision: float) -> float:
        """The least threshold from which on precision stays at least so high; NaN where none does."""
        enough = np.flip(np.logical_and.accumulate(np.flip(self.precision >= precision)))
        return float(self.threshold[enough][0]) if enough.any() else float("nan")


def auroc(hands: Array, others: Array) -> float:
    """Area under the ROC curve: the chance that a hand has more confidence than another thing, ties counting half."""
    ranked = np.sort(others)
    less, not_more = (np.searchsorted(ranked, hands, side) for side in ("left", "right"))
    return float((less + not_more).mean() / 2 / len(others))
