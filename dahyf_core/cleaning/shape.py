"""One hand shape for a whole clip."""

import numpy as np

from dahyf_core.arrays import Array

_OUTLIER = 3.0
"""Deviations from the median, in robust standard deviations, beyond which an estimate of the shape does not count."""


def clip_shape(shapes: Array, confidence: Array) -> Array:
    """Robust mean (10,) of shape estimates (N, 10), weighted by their confidence (N,); zeros when there are none.

    Each coefficient is averaged over the estimates within three robust standard deviations of its weighted median.
    """
    if len(shapes) == 0 or confidence.sum() == 0:
        return np.zeros(shapes.shape[1])
    median = _weighted_median(shapes, confidence)
    deviation = np.abs(shapes - median)
    spread = 1.4826 * _weighted_median(deviation, confidence)
    weights = confidence[:, None] * (deviation <= _OUTLIER * spread)
    return (weights * shapes).sum(axis=0) / weights.sum(axis=0)


def _weighted_median(values: Array, weights: Array) -> Array:
    """Lower weighted median of each column of values (N, K) -> (K,)."""
    order = np.argsort(values, axis=0)
    passed = np.cumsum(weights[order], axis=0)
    middle = np.argmax(passed >= passed[-1] / 2, axis=0)
    return np.take_along_axis(values, np.take_along_axis(order, middle[None], axis=0), axis=0)[0]
