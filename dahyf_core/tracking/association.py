"""The observations that tracking uses, and their association by position, shape and side."""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dahyf_core.arrays import FloatArray
from dahyf_core.camera import Crops

SAME_HAND = 0.5
"""Two sets of joints nearer than this, as `distance` counts, lie on the same hand of a picture."""

LIKELY_HAND = 0.35
"""Probability of a hand (is_hand) from which what is found counts as one."""

CERTAIN = 3.0
"""No single frame's evidence for a side counts more than this log-odds."""


class Observation(Protocol):
    """Observations of a network in N crops, as far as tracking uses them.

    joints_2d (N, 21, 2): px as filmed. presence (N,): 0 to 1, whether a hand is there. right_score (N,): probability
    that it is a right hand, in the picture as filmed. is_hand (N,): 0 to 1, whether it is a hand and not something that
    is taken for one.
    """

    @property
    def crops(self) -> Crops: ...
    @property
    def joints_2d(self) -> NDArray[np.floating]: ...
    @property
    def presence(self) -> NDArray[np.floating]: ...
    @property
    def right_score(self) -> NDArray[np.floating]: ...
    @property
    def is_hand(self) -> NDArray[np.floating]: ...


def radius(joints_2d: ArrayLike) -> FloatArray:
    """Size of hands (..., 21, 2) -> (...): root mean square distance of the joints from their centre, px."""
    joints = np.asarray(joints_2d, dtype=np.float64)
    return np.sqrt(((joints - joints.mean(axis=-2, keepdims=True)) ** 2).sum(axis=-1).mean(axis=-1))


def distance(first: ArrayLike, second: ArrayLike) -> FloatArray:
    """Mean distance of the joints of hands (N, 21, 2) and (M, 21, 2) in radii of the larger one -> (N, M)."""
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    apart = np.linalg.norm(a[:, None] - b[None], axis=-1).mean(axis=-1)
    return apart / np.maximum(radius(a)[:, None], radius(b)[None])


def side_evidence(right_score: ArrayLike, presence: ArrayLike) -> FloatArray:
    """Log-odds for a right hand (positive) against a left one (negative), weighted with presence; any shape."""
    score = np.clip(np.asarray(right_score, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(presence) * np.clip(np.log(score / (1 - score)), -CERTAIN, CERTAIN)


def show_same_hand(first: ArrayLike, second: ArrayLike) -> NDArray[np.bool_]:
    """(N, M): which of hands (N, 21, 2) and (M, 21, 2), px of one picture, are one and the same."""
    return distance(first, second) < SAME_HAND


def distinct(joints_2d: NDArray[np.floating], presence: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(N,) which of N hands to keep so that none lies on another; of such twins the one with more presence stays."""
    keep = np.ones(len(joints_2d), dtype=bool)
    same = show_same_hand(joints_2d, joints_2d)
    for index in np.argsort(-presence, kind="stable"):
        if keep[index]:
            twins = same[index] & keep
            twins[index] = False
            keep[twins] = False
    return keep
