"""Measures errors on drawn hands with exact truth. Training never sees their shapes, poses and backgrounds."""

from collections.abc import Iterator, Sequence

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.camera import Crops
from dahyf_core.datasets import Sample
from dahyf_core.evaluation.yardsticks.inputs import Inputs, samples
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.systems import MODELS, System, gather, true_crop
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.metrics import epe, mpjpe, pa_mpjpe
from dahyf_core.pose import HandEstimates

NAME = "synthetic"
MM = 1e3


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Errors in mm of the true hand. Every system gets position and side. MediaPipe Hands gets the whole picture."""
    dataset = inputs.synthetic()
    truth = list(samples(dataset, inputs.rows(len(dataset))))
    answers = {system.name: [system.look(sample) for sample in truth] for system in systems}
    by_all = np.array([all(answer is not None for answer in row) for row in zip(*answers.values(), strict=True)])
    for name, found in answers.items():
        tell = Teller(NAME, name)
        seen = np.array([answer is not None for answer in found])
        yield tell.share("found", seen)
        if seen.any():
            yield from errors(tell, truth, gather(found), by_all)


def errors(tell: Teller, truth: list[Sample], found: HandEstimates, by_all: Array) -> Iterator[Row]:
    """by_all: (N,), hands that every system found. They are easier, and all systems can be compared on them."""
    joints = np.array([sample.joints_3d for sample in truth])
    aligned = MM * pa_mpjpe_of_seen(found.joints_3d, joints)
    yield tell.spread("PA-MPJPE", "mm", aligned)
    yield tell.spread("PA-MPJPE, hands that all found", "mm", np.where(by_all, aligned, np.nan))
    if np.isfinite(found.shape).any():
        yield tell.spread("PA-MPVPE", "mm", MM * vertex_errors(truth, found))
    yield tell.spread("MPJPE, wrists and palm sizes made equal", "mm", MM * mpjpe(found.joints_3d, joints))
    yield tell.spread("wrist rotation", "degrees", wrist_errors(truth, found))
    visible = np.array([sample.visible for sample in truth])
    true_px = in_patches(truth, np.array([sample.joints_2d for sample in truth]))
    yield tell.spread("EPE, located", "px at 224", epe(in_patches(truth, found.joints_2d), true_px, visible))
    if np.isfinite(found.joints_2d_projected).any():
        projected = in_patches(truth, found.joints_2d_projected)
        yield tell.spread("EPE, projected", "px at 224", epe(projected, true_px, visible))


def pa_mpjpe_of_seen(points: Array, truth: Array) -> Array:
    """`pa_mpjpe` with NaN for missing hands."""
    seen = np.isfinite(points).all(axis=(1, 2))
    result = np.full(len(points), np.nan)
    result[seen] = pa_mpjpe(points[seen], truth[seen])
    return result


def vertex_errors(truth: list[Sample], found: HandEstimates) -> Array:
    """PA-MPVPE (N,), m, of the skin of the hand model on that of the true side."""
    result = np.full(len(truth), np.nan)
    for row, sample in enumerate(truth):
        assert sample.side is not None
        poses = np.stack([found.pose[row], sample.pose])
        if np.isfinite(poses).all():
            skin = MODELS[sample.side](poses, np.stack([found.shape[row], sample.shape]), np.zeros((2, 3))).vertices
            result[row] = pa_mpjpe(skin[:1], skin[1:])[0]
    return result


def wrist_errors(truth: list[Sample], found: HandEstimates) -> Array:
    """Angle between found and true wrists (N,), degrees, NaN where there is none."""
    roots, true_roots = found.pose[:, 0], np.array([sample.pose[0] for sample in truth])
    known = np.isfinite(roots).all(axis=1) & np.isfinite(true_roots).all(axis=1)
    result = np.full(len(truth), np.nan)
    angles = angle_between(matrix_from_axis_angle(roots[known]), matrix_from_axis_angle(true_roots[known]))
    result[known] = np.degrees(angles)
    return result


def in_patches(truth: list[Sample], points: Array) -> Array:
    """Points (N, 21, 2) px of the pictures in pixels of the patches around the true hands."""
    crops: list[Crops] = [true_crop(sample) for sample in truth]
    return np.concatenate([crop.to_patch(part[None]) for crop, part in zip(crops, points, strict=True)])
