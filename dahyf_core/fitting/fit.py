"""The annotator: hand parameters from located points."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.fitting.kinematics import keypoints_of
from dahyf_core.fitting.levenberg import minimise, minimise_shared
from dahyf_core.fitting.problem import Problem
from dahyf_core.fitting.rows import Rows
from dahyf_core.fitting.start import replaced_placement, starts_of
from dahyf_core.fitting.targets import FitSettings, FitTargets, Observations
from dahyf_core.fitting.unknowns import Unknowns
from dahyf_core.hand_model import HandModel

DEFAULTS = FitSettings()
TRIES = 4
"""Orientations to try for hands with image points only."""


@dataclass(frozen=True)
class FitResult(Rows):
    """N fitted hands in the camera frame, metres and radians.

    pose: (N, 16, 3). shape: (N, 10). translation: (N, 3). keypoints: (N, 21, 3), the set of the targets.
    cost: (N,), robust squared residuals and priors in squared standard deviations; comparable between fits of the same
    targets.
    """

    pose: Array
    shape: Array
    translation: Array
    keypoints: Array
    cost: Array


def fit(
    model: HandModel,
    targets: FitTargets,
    settings: FitSettings = DEFAULTS,
    shape: Array | None = None,
    pose: Array | None = None,
) -> FitResult:
    """Find pose, shape and translation of N hands that fit their targets.

    model: of the targets' side. shape: (10,) or (N, 10), the start of the search, or the shape to keep; by default the
    mean hand. pose: (N, 16, 3), the start of the search; by default the root rotation comes from the 3D points of the
    palm, or without them from the best of a few orientations.
    """
    mean_pose = np.zeros((16, 3))
    if not model.flat_hand_mean:
        mean_pose[1:] = model.mean_pose.reshape(15, 3)
    problem = Problem(replace(model, flat_hand_mean=True), Observations.of(targets), settings)
    shapes = np.array(np.broadcast_to(np.zeros(10) if shape is None else shape, (len(problem), 10)), dtype=float)
    start = None if pose is None else np.asarray(pose, dtype=float) + mean_pose
    solve = _fit_shared if settings.shape == "shared" else _fit_batches
    hands, cost = solve(problem, shapes, start)
    points = keypoints_of(problem.model, settings.keypoints, hands.pose, hands.shape)
    keypoints = points + hands.translation[:, None]
    return FitResult(hands.pose - mean_pose, hands.shape, hands.translation, keypoints, cost)


def _fit_batches(problem: Problem, shapes: Array, pose: Array | None) -> tuple[Unknowns, Array]:
    """Fit batches on all cores. This works because numpy's linear algebra releases the interpreter lock."""
    size = problem.settings.batch
    batches = [slice(first, first + size) for first in range(0, max(len(problem), 1), size)]

    def fit_rows(rows: slice) -> tuple[Unknowns, Array]:
        return _fit_batch(problem[rows], shapes[rows], None if pose is None else pose[rows])

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        hands, costs = zip(*pool.map(fit_rows, batches), strict=True)
    return Unknowns.concatenate(hands), np.concatenate(costs)


def _fit_shared(problem: Problem, shapes: Array, pose: Array | None) -> tuple[Unknowns, Array]:
    fixed = replace(problem, settings=replace(problem.settings, shape="fixed"))
    start, _ = _fit_batches(fixed, shapes, pose)
    return minimise_shared(problem, start)


def _fit_batch(problem: Problem, shapes: Array, pose: Array | None) -> tuple[Unknowns, Array]:
    """The best result from the given pose, or from any of the starts."""
    starts = starts_of(problem, shapes, TRIES) if pose is None else [replaced_placement(problem, pose, shapes)]
    best, cost = minimise(problem, starts[0])
    for start in starts[1:]:
        other, other_cost = minimise(problem, start)
        better = np.flatnonzero(other_cost < cost)
        best, cost = best.replaced(better, other[better]), np.minimum(cost, other_cost)
    return best, cost
