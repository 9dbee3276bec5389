"""How sure a mean is."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

RESAMPLES = 1000
CONFIDENCE = 0.95
BATCH = 50
"""Draws held in memory together."""


def bootstrap_interval(errors: Array, sources: NDArray[np.str_]) -> tuple[float, float]:
    """The 95 % percentile interval (Efron 1979) of `mean_over_joints`: (N, K) errors of hands from sources (N,).

    Whole sources are drawn, with replacement, because the pictures of one clip or photograph err alike. NaN where
    nothing is known.
    """
    known = np.isfinite(errors)
    _, source = np.unique(sources, return_inverse=True)
    totals, counts = np.zeros((2, source.max(initial=-1) + 1, errors.shape[1]))
    np.add.at(totals, source, np.where(known, errors, 0.0))
    np.add.at(counts, source, known)
    has_any = counts.any(axis=1)
    totals, counts = totals[has_any], counts[has_any]
    if not len(totals):
        return float("nan"), float("nan")
    random = np.random.default_rng(0)
    means = np.concatenate([_means(totals, counts, random) for _ in range(RESAMPLES // BATCH)])
    low, high = np.quantile(means, ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    return float(low), float(high)


def _means(totals: Array, counts: Array, random: np.random.Generator) -> Array:
    """Of BATCH draws from sources with these sums and numbers of errors, (S, K) each: (BATCH,)."""
    drawn = random.multinomial(len(totals), np.full(len(totals), 1 / len(totals)), size=BATCH).astype(float)
    total, count = drawn @ totals, drawn @ counts
    seen = count > 0
    joint_means = np.where(seen, total / np.maximum(count, 1), 0.0)
    return joint_means.sum(axis=1) / seen.sum(axis=1)
