"""The errors of an estimator on every sample of a data set."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Crops
from dahyf_core.datasets import Augmentation, HandDataset, Sample, crop_of
from dahyf_core.datasets.sample import unknown
from dahyf_core.errors import DatasetError
from dahyf_core.evaluation.data import true_vertices
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.metrics import (
    area_under_pck,
    distances,
    f_scores,
    freihand_aligned,
    root_aligned,
    scale_translation_aligned,
    similarity_aligned,
)
from dahyf_core.pose import HandEstimates, PoseEstimator

Hands = Mapping[Side, HandModel]

Progress = Callable[[int, int], None]

MM = 1e3


@dataclass(frozen=True)
class Metric:
    """title: the metric's name in papers; docs/evaluation.md defines it. unit: empty for shares and probabilities."""

    title: str
    unit: str = ""


ALIGNMENTS: Mapping[str, Callable[[Array, Array], Array]] = MappingProxyType(
    {
        "pa_mpjpe": similarity_aligned,
        "freihand_mpjpe": freihand_aligned,
        "mpjpe": root_aligned,
        "ho3d_mpjpe": scale_translation_aligned,
    }
)
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "pa_mpjpe": Metric("PA-MPJPE", "mm"),
        "pa_mpjpe_auc": Metric("PA-MPJPE, AUC"),
        "freihand_mpjpe": Metric("PA-MPJPE, FreiHAND's", "mm"),
        "freihand_mpjpe_auc": Metric("PA-MPJPE, FreiHAND's, AUC"),
        "mpjpe": Metric("MPJPE, wrists aligned", "mm"),
        "mpjpe_auc": Metric("MPJPE, wrists aligned, AUC"),
        "ho3d_mpjpe": Metric("MPJPE, HO-3D's", "mm"),
        "ho3d_mpjpe_auc": Metric("MPJPE, HO-3D's, AUC"),
        "pa_mpvpe": Metric("PA-MPVPE", "mm"),
        "f_5": Metric("F@5 mm, aligned"),
        "f_15": Metric("F@15 mm, aligned"),
        "epe_located": Metric("EPE, located", "px"),
        "epe_projected": Metric("EPE, projected", "px"),
        "epe_located_224": Metric("EPE, located, at 224", "px"),
        "epe_projected_224": Metric("EPE, projected, at 224", "px"),
        "wrist_rotation": Metric("Wrist rotation", "degrees"),
        "confidence": Metric("Confidence"),
        "confidence_without_hand": Metric("Confidence, no hand"),
    }
)
CONFIDENCES = ("confidence", "confidence_without_hand")
"""Metrics that only need to know whether there is a hand."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Errors on N samples.

    rows: (N,) their indices in the data set. sources: (N,). errors: by metric and in its unit, (N, 21) of joints or
    (N, 1) of hands; NaN where the truth is unknown. drawn: (N, 3, 21, 2) px of the patch: located, projected and true
    joints.
    """

    rows: NDArray[np.integer]
    sources: NDArray[np.str_]
    errors: Mapping[str, Array]
    drawn: Array

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class SampleEstimate:
    """A sample, the patch around its labels, and the hand that an estimator of `model` found there."""

    sample: Sample
    crops: Crops
    model: HandModel
    found: HandEstimates

    @classmethod
    def at(cls, sample: Sample, crops: Crops, estimator: PoseEstimator, hands: Hands) -> Self:
        """Estimate a hand of the sample's side, or of the side for which the patch is cut."""
        side: Side = sample.side or ("left" if crops.mirrored[0] else "right")
        return cls(sample, crops, hands[side], estimator.solve(estimator.observe(sample.image, crops), side))

    @cached_property
    def joints_3d(self) -> Array:
        """(21, 3) m, camera frame: the keypoint set of the sample, on the found hand."""
        found = self.found
        points: Array = self.model.keypoints(
            self.model.skeleton(found.pose, found.shape, found.translation), self.sample.keypoints
        )[0]
        return points

    @cached_property
    def joints_2d(self) -> Array:
        """(3, 21, 2) px as filmed: located, projected and true joints."""
        projected = self.sample.intrinsics.project(self.joints_3d)
        return np.stack([self.found.joints_2d[0], projected, self.sample.joints_2d])


def score(
    dataset: HandDataset,
    rows: NDArray[np.integer],
    estimator: PoseEstimator,
    hands: Hands,
    progress: Progress = lambda done, total: None,
) -> Scores:
    """Run an estimator on samples, each in the patch around its labels, and measure its errors.

    hands: the estimator's own. Raises DatasetError when there are no samples, or a picture cannot be read.
    """
    if not len(rows):
        raise DatasetError("The data set has no samples in this split.", "Choose another split or folder.")
    errors: dict[str, list[Array]] = {name: [] for name in METRICS}
    sources, drawn = [], []
    for done, index in enumerate(rows.tolist(), start=1):
        sample = dataset[index]
        estimate = SampleEstimate.at(sample, evaluation_crop(sample, index), estimator, hands)
        found = errors_of(estimate, true_vertices(dataset, index, sample, estimate.model))
        for name, values in errors.items():
            values.append(found[name])
        sources.append(sample.source)
        drawn.append(estimate.crops.to_patch(estimate.joints_2d[None].reshape(1, -1, 2)).reshape(3, 21, 2))
        progress(done, len(rows))
    return Scores(rows, np.array(sources), {name: np.stack(values) for name, values in errors.items()}, np.stack(drawn))


def evaluation_crop(sample: Sample, index: int) -> Crops:
    """The patch in which sample number `index` is shown to estimators, the same each time."""
    return crop_of(sample, Augmentation(), np.random.default_rng(index))


def errors_of(estimate: SampleEstimate, vertices: Array | None) -> dict[str, Array]:
    """One hand's errors by metric, (21,) or (1,), in its unit. vertices: the true skin (V, 3) m, or None."""
    of_hand, of_nothing = CONFIDENCES
    return {
        **joint_errors(estimate.joints_3d, estimate.sample.joints_3d),
        **mesh_errors(estimate, vertices),
        **picture_errors(estimate),
        "wrist_rotation": wrist_error(estimate),
        of_hand: estimate.found.confidence if estimate.sample.side else unknown(1),
        of_nothing: unknown(1) if estimate.sample.side else estimate.found.confidence,
    }


def joint_errors(points: Array, truth: Array) -> dict[str, Array]:
    """Errors of joints (21, 3) m by alignment: mm, and their contributions to the area under the PCK curve."""
    if not np.isfinite(truth).all():
        return {name: unknown(21) for alignment in ALIGNMENTS for name in (alignment, f"{alignment}_auc")}
    errors = {name: distances(align(points, truth), truth) for name, align in ALIGNMENTS.items()}
    areas = {f"{name}_auc": area_under_pck(values) for name, values in errors.items()}
    return {name: MM * values for name, values in errors.items()} | areas


def mesh_errors(estimate: SampleEstimate, vertices: Array | None) -> dict[str, Array]:
    """Errors of the skin, aligned with the true skin, without reflection."""
    if vertices is None:
        return {name: unknown(1) for name in ("pa_mpvpe", "f_5", "f_15")}
    found = estimate.found
    points = similarity_aligned(estimate.model(found.pose, found.shape, found.translation).vertices, vertices[None])
    f_5, f_15 = f_scores(points, vertices[None]).T
    return {"pa_mpvpe": MM * distances(points, vertices).mean(axis=1), "f_5": f_5, "f_15": f_15}


def picture_errors(estimate: SampleEstimate) -> dict[str, Array]:
    """End-point errors of joints that count as visible, in px of the picture and of the patch."""
    located, projected, true = estimate.joints_2d
    true = np.where(estimate.sample.visible[:, None], true, np.nan)
    in_patch = estimate.crops.to_patch(np.concatenate([located, projected, true])[None]).reshape(3, 21, 2)
    return {
        "epe_located": distances(located, true),
        "epe_projected": distances(projected, true),
        "epe_located_224": distances(in_patch[0], in_patch[2]),
        "epe_projected_224": distances(in_patch[1], in_patch[2]),
    }


def wrist_error(estimate: SampleEstimate) -> Array:
    """(1,) degrees between found and true rotation of the wrist in the camera frame."""
    if not np.isfinite(estimate.sample.pose[0]).all():
        return unknown(1)
    turns = matrix_from_axis_angle([estimate.found.pose[0, 0], estimate.sample.pose[0]])
    return np.degrees(angle_between(turns[:1], turns[1:]))
