"""Selects the labels that are good enough for training."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets.labels import PhotoLabels
from dahyf_core.tracking import distinct


@dataclass(frozen=True)
class CleaningLimits:
    """Limits for keeping a hand. Lengths are in sides of the hand's box, except those in px and metres.

    box_px: smallest size. presence, side_score: smallest probability of a hand and of its side. given_score: smallest
    probability of the side in the given label. moved: largest mean distance of the found joints from the given label,
    or from the detector's first estimate. spread: largest median spread of the joints.

    residual_2d, residual_3d (m): largest residuals of fits. Hands beyond them keep only their located joints.
    """

    box_px: float = 48.0
    presence: float = 0.8
    side_score: float = 0.7
    given_score: float = 0.6
    moved: float = 0.20
    spread: float = 0.05
    residual_2d: float = 0.06
    residual_3d: float = 0.012


def cleaned(labels: PhotoLabels, given_score: Array, limits: CleaningLimits) -> tuple[PhotoLabels, dict[str, int]]:
    """The hands that are kept, and the number left out for each reason; the first reason that applies counts.

    given_score: (N,) probability of the side in the given label.
    """
    spread = np.median(labels.spread_2d, axis=1) / labels.box_side
    faults = {
        "too small": labels.box_side < limits.box_px,
        "hardly a hand": labels.presence < limits.presence,
        "side in doubt": (labels.side_score < limits.side_score) | (given_score < limits.given_score),
        "given label contradicted": labels.moved > limits.moved,
        "seen differently each time": spread > limits.spread,
        "same as another": _twins(labels),
    }
    stays = np.ones(len(labels), dtype=bool)
    dropped = {}
    for reason, faulty in faults.items():
        dropped[reason] = int((stays & faulty).sum())
        stays &= ~faulty
    return without_bad_fits(labels[stays], limits), dropped


def _twins(labels: PhotoLabels) -> NDArray[np.bool_]:
    twins = np.zeros(len(labels), dtype=bool)
    files, count = np.unique(labels.picture, return_counts=True)
    for file in files[count > 1]:
        rows = labels.picture == file
        twins[rows] = ~distinct(labels.joints_2d[rows], labels.presence[rows])
    return twins


def without_bad_fits(labels: PhotoLabels, limits: CleaningLimits) -> PhotoLabels:
    """The same hands, with NaN for parameters that do not fit the observations."""
    bad = (labels.residual_2d > limits.residual_2d) | (labels.residual_3d > limits.residual_3d)

    def trusted(values: Array) -> Array:
        return np.where(bad.reshape(-1, *[1] * (values.ndim - 1)), np.nan, values)

    return replace(
        labels,
        pose=trusted(labels.pose),
        shape=trusted(labels.shape),
        translation=trusted(labels.translation),
        joints_3d=trusted(labels.joints_3d),
    )
