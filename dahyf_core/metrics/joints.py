"""Distances between found and true hands, and the benchmarks' metrics. NaN means unknown and does not count."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import MIDDLE_KNUCKLE, PALM, WRIST, nearest_rotation, similarity_aligned

PCK_THRESHOLDS = np.linspace(0.0, 0.05, 100)
"""Metres; those of FreiHAND's and HO-3D's evaluation."""
F_THRESHOLDS = (0.005, 0.015)
"""Metres."""
PALM_MM = 90.0
"""Length from wrist to middle knuckle to which hands are scaled where their true size is unknown."""


def distances(points: Array, truth: Array) -> Array:
    """(..., K, D), (..., K, D) -> (..., K): of joints or vertices in space, or of points in the picture (EPE)."""
    return np.linalg.norm(points - truth, axis=-1)


def epe(located: Array, truth: Array, known: NDArray[np.bool_] | None = None) -> Array:
    """End-point error: mean distance of the joints of each hand, (N, K, D), (N, K, D) -> (N,).

    known: (N, K), joints that count; NaN for a hand without any.
    """
    errors = distances(located, truth)
    counts = np.ones_like(errors) if known is None else known.astype(float)
    with np.errstate(invalid="ignore"):
        return (errors * counts).sum(axis=1) / counts.sum(axis=1)


def mpjpe(joints: Array, truth: Array) -> Array:
    """Mean distance of joints (N, 21, 3) from the truth, with wrists aligned and palms scaled to the true length."""
    relative, true_relative = joints - joints[:, WRIST, None], truth - truth[:, WRIST, None]
    scale = _palm_length(truth) / _palm_length(joints)
    return epe(scale[:, None, None] * relative, true_relative)


def pa_mpjpe(points: Array, truth: Array) -> Array:
    """Mean distance of points (N, K, 3) after the best rotation, scale and shift, without reflection (Procrustes)."""
    return epe(similarity_aligned(points, truth), truth)


def to_palm_size(joints: Array) -> Array:
    """Joints (N, 21, 3) in any unit, with the wrist at the origin and a palm of PALM_MM."""
    return (joints - joints[:, WRIST, None]) * (PALM_MM / _palm_length(joints))[:, None, None]


def palm_rotation(joints: Array, flat_joints: Array) -> Array:
    """The wrist's rotation (N, 3, 3) that brings the palm of a flat hand (21, 3) closest to that of joints (N, 21, 3).

    Kabsch on wrist and knuckles: for systems that give points and no rotations.
    """
    palm, flat_palm = joints[:, PALM], flat_joints[PALM]
    palm, flat_palm = palm - palm.mean(axis=1, keepdims=True), flat_palm - flat_palm.mean(axis=0)
    return nearest_rotation(np.swapaxes(palm, 1, 2) @ flat_palm)


def mean_over_joints(errors: Array) -> float:
    """The mean over K joints of their means over N hands: (N, K) -> a number, NaN where nothing is known.

    FreiHAND's and HO-3D's evaluation average so.
    """
    return _mean(_joint_means(errors))


def pck_curve(errors: Array, thresholds: Array = PCK_THRESHOLDS) -> Array:
    """Share of joints that err by a threshold or less (PCK), mean over joints: (N, K), (T,) -> (T,)."""
    return np.array([mean_over_joints(np.where(np.isnan(errors), np.nan, errors <= limit)) for limit in thresholds])


def area_under_pck(errors: Array, thresholds: Array = PCK_THRESHOLDS) -> Array:
    """Contribution of each error to the area under the PCK curve: (...) -> (...), 0 to 1.

    The area under the curve (AUC, trapezoidal, over the thresholds' range) is the mean of these.
    """
    steps = np.triu(np.ones((len(thresholds) + 1, len(thresholds))))
    areas = np.trapezoid(steps, thresholds, axis=-1) / (thresholds[-1] - thresholds[0])
    return np.where(np.isnan(errors), np.nan, areas[np.searchsorted(thresholds, errors)])


def f_scores(points: Array, truth: Array, thresholds: tuple[float, ...] = F_THRESHOLDS) -> Array:
    """F-scores of N meshes at T thresholds (Knapitsch et al. 2017): (N, V, 3), (N, W, 3) -> (N, T).

    The score is the harmonic mean of two shares: found vertices with a true vertex closer than the threshold, and true
    vertices with a found one that close. Align the meshes first.
    """
    from scipy.spatial import KDTree  # when it is first needed: captures never do, and importing it takes 0.2 s

    scores = np.zeros((len(points), len(thresholds)))
    for row, (found, true) in enumerate(zip(points, truth, strict=True)):
        to_truth, _ = KDTree(true).query(found)
        to_found, _ = KDTree(found).query(true)
        for column, threshold in enumerate(thresholds):
            precision, recall = np.mean(to_truth < threshold), np.mean(to_found < threshold)
            scores[row, column] = 2 * precision * recall / max(precision + recall, np.finfo(float).tiny)
    return scores


def _joint_means(values: Array) -> Array:
    """(N, K) -> (K,), NaN of a joint that is never known."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _palm_length(joints: Array) -> Array:
    """From wrist to middle knuckle: (N, 21, 3) -> (N,)."""
    return np.linalg.norm(joints[:, MIDDLE_KNUCKLE] - joints[:, WRIST], axis=-1)
