"""The confidence of a hand, and measures of how well it separates hands from other things."""

from dataclasses import dataclass

import numpy as np

from dahyf_core.arrays import Array


def agreement(located: Array, projected: Array) -> Array:
    """Agreement (N,), 0 to 1, of the located joints with the projected joints of the pose.

    Both are offsets (N, K, 2) from the centre of the patch, in the same unit. The agreement is the paper's cosine
    similarity (eq. 8-9) times the ratio of the two vectors' lengths, because the cosine ignores a wrong size.
    """
    v_2d, v_projected = located.reshape(len(located), -1), projected.reshape(len(projected), -1)
    length_2d, length_projected = np.linalg.norm(v_2d, axis=1), np.linalg.norm(v_projected, axis=1)
    product = np.maximum(length_2d * length_projected, np.finfo(float).tiny)
    cosine = (v_2d * v_projected).sum(axis=1) / product
    return np.clip(cosine * np.minimum(length_2d, length_projected) ** 2 / product, 0, 1)


def auroc(higher: Array, lower: Array) -> float:
    """Area under the ROC curve: how often one of `higher` (N,) lies above one of `lower` (M,), ties counting half."""
    ranked = np.sort(lower)
    less, not_more = (np.searchsorted(ranked, higher, side) for side in ("left", "right"))
    return float((less + not_more).mean() / 2 / len(lower))


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision and recall (T,) of accepting hands with a confidence of at least `threshold` (T,), rising.

    Hands and other things have the same total weight.
    """

    threshold: Array
    precision: Array
    recall: Array

    @classmethod
    def of(cls, hands: Array, others: Array) -> "PrecisionRecall":
        """hands, others: confidences of hands (N,) and of other things (M,)."""
        threshold = np.unique(np.concatenate([hands, others]))
        found = 1 - np.searchsorted(np.sort(hands), threshold) / len(hands)
        false = 1 - np.searchsorted(np.sort(others), threshold) / len(others)
        return cls(threshold, found / (found + false), found)

    def precise_threshold(self, precision: float) -> float:
        """The lowest threshold above which the precision never falls below `precision`; NaN if there is none."""
        enough = np.flip(np.logical_and.accumulate(np.flip(self.precision >= precision)))
        return float(self.threshold[enough][0]) if enough.any() else float("nan")
