"""How far to trust a hand, and how well a confidence tells hands from other things."""

from dataclasses import dataclass

import numpy as np

from dahyf_core.arrays import Array


def agreement(located: Array, projected: Array) -> Array:
    """Agreement (N,), 0 to 1, of located with projected joints: does a pose project to where its joints were located?

    Both are offsets (N, K, 2) from the centre of the patch, of one unit. The paper's cosine similarity (eq. 8-9), which
    does not see a wrong size, times the ratio of the two vectors' lengths.
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
