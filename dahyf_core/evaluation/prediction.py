"""Predictions of an estimator for a benchmark's evaluation set, from the benchmark's inputs only."""

from collections.abc import Callable

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.camera import CROP_SCALE, Crops, upright_crops
from dahyf_core.datasets import HandDataset, Sample
from dahyf_core.evaluation.benchmarks import JOINTS, LAYOUTS, VERTICES, Benchmark
from dahyf_core.hand_model import HandModel
from dahyf_core.pose import HandObservations, PoseEstimator

Progress = Callable[[int, int], None]

TURNS = np.arange(4) * np.pi / 2
"""Rolls at which a hand is searched first."""
UNMIRRORED = np.zeros(len(TURNS), dtype=bool)
PASSES = 3
"""Number of times that a new patch is cut around the joints located in the last one."""


def predict(
    benchmark: Benchmark,
    dataset: HandDataset,
    estimator: PoseEstimator,
    mano: HandModel,
    progress: Progress = lambda done, total: None,
) -> tuple[Array, Array]:
    """Joints (N, 21, 3) and vertices (N, 778, 3) of all hands, in the order and axes of the set, metres.

    dataset: its evaluation set. estimator: of poses of `mano`, the right hand. Only labels that the set gives as input
    are used: the camera, and for HO-3D the box and the wrist's position. Raises DatasetError.
    """
    layout = LAYOUTS[benchmark]
    joints = np.zeros((len(dataset), JOINTS, 3), np.float32)
    vertices = np.zeros((len(dataset), VERTICES, 3), np.float32)
    for row in range(len(dataset)):
        sample = dataset[row]
        found = estimator.solve(find_hand(estimator, sample), "right")
        posed = mano(found.pose, found.shape, found.translation)
        shift = sample.joints_3d[0] - posed.joints[0, 0] if layout.has_root else np.zeros(3)
        joints[row] = (layout.joints(posed.joints, posed.vertices)[0] + shift) * layout.axes
        vertices[row] = (posed.vertices[0] + shift) * layout.axes
        progress(row + 1, len(dataset))
    return joints, vertices


def find_hand(estimator: PoseEstimator, sample: Sample) -> HandObservations:
    """One observation of the right hand in a sample's box, or else in the middle of its picture, fingers up."""
    center, side = _box_of(sample)
    crops = Crops(np.tile(center, (len(TURNS), 1)), np.full(len(TURNS), side), TURNS, UNMIRRORED, sample.intrinsics)
    seen = estimator.observe(sample.image, crops)
    for _ in range(PASSES):
        seen = estimator.observe(sample.image, upright_crops(seen.joints_2d, UNMIRRORED, sample.intrinsics))
    best = int(np.argmax(seen.presence * seen.right_score))
    return seen[best : best + 1]


def _box_of(sample: Sample) -> tuple[Array, float]:
    """Centre (2,) and side, px, of the first patch."""
    if np.isfinite(sample.box).all():
        corners = sample.box.reshape(2, 2)
        return corners.mean(axis=0), CROP_SCALE * float(np.ptp(corners, axis=0).max())
    height, width = sample.image.shape[:2]
    return np.array([(width - 1) / 2, (height - 1) / 2]), float(min(height, width))
