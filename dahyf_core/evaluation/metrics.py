"""Distances between found and true hands, and what benchmarks make of them. NaN means unknown and does not count."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

Array = NDArray[np.floating]

PCK_THRESHOLDS = np.linspace(0.0, 0.05, 100)
"""Metres; those of FreiHAND's and HO-3D's evaluation."""
F_THRESHOLDS = (0.005, 0.015)
"""Metres."""


def distances(points: Array, truth: Array) -> Array:
    """(..., K, D), (..., K, D) -> (..., K): of joints or vertices in space, or of points in the picture (EPE)."""
    return np.linalg.norm(points - truth, axis=-1)


def mean_over_joints(errors: Array) -> float:
    """The mean over K joints of their means over N hands: (N, K) -> a number, NaN where nothing is known.

    FreiHAND's and HO-3D's evaluation average so.
    """
    return _mean(_joint_means(errors))


def pck_curve(errors: Array, thresholds: Array = PCK_THRESHOLDS) -> Array:
    """Share of joints that err by a threshold or less (PCK), mean over joints: (N, K), (T,) -> (T,)."""
    return np.array([mean_over_joints(np.where(np.isnan(errors), np.nan, errors <= limit)) for limit in thresholds])


def area_under_pck(errors: Array, thresholds: Array = PCK_THRESHOLDS) -> Array:
    """What each error adds to the area under the PCK curve: (...) -> (...), 0 to 1.

    The area under the curve (AUC, trapezoidal, over the thresholds' range) is the mean of these.
    """
    steps = np.triu(np.ones((len(thresholds) + 1, len(thresholds))))
    areas = np.trapezoid(steps, thresholds, axis=-1) / (thresholds[-1] - thresholds[0])
    return np.where(np.isnan(errors), np.nan, areas[np.searchsorted(thresholds, errors)])


def f_scores(points: Array, truth: Array, thresholds: tuple[float, ...] = F_THRESHOLDS) -> Array:
    """F-scores of N meshes at T thresholds (Knapitsch et al. 2017): (N, V, 3), (N, W, 3) -> (N, T).

    The harmonic mean of the share of found vertices that have a true one closer than the threshold, and of true ones
    that have a found one so close. Align vertices on vertices before.
    """
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
