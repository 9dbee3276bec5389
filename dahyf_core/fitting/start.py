"""Default starts of a fit."""

from itertools import permutations, product

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.fitting.kinematics import keypoints_of
from dahyf_core.fitting.problem import Problem
from dahyf_core.fitting.targets import Observations
from dahyf_core.fitting.unknowns import Unknowns
from dahyf_core.geometry import (
    PALM,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    nearest_rotation,
    shortest_rotation,
    solve_translation,
)
from dahyf_core.hand_model import FINGER_BONES, FINGER_KEYPOINTS

DEFAULT_DISTANCE = 0.5
"""Distance from the camera for hands whose points do not determine it, metres."""
_SYMMETRIES = np.array(
    [np.eye(3)[list(order)] * signs for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]
)
ORIENTATIONS = axis_angle_from_matrix(_SYMMETRIES[np.linalg.det(_SYMMETRIES) > 0])
"""The 24 rotations of a cube, (24, 3)."""


def starts_of(problem: Problem, shape: Array, tries: int) -> list[Unknowns]:
    """One or more starts for each of N hands, each with the fingers of the prior's mean and the given shape (N, 10).

    Hands with three or more 3D points of the palm start from those alone. The others get `tries` different
    orientations, those that best agree with their image points.
    """
    from_points = replaced_placement(problem, bend_fingers(problem, align_palm(problem, shape), shape), shape)
    known = (problem.observations.point_weights[:, PALM] > 0).sum(axis=1) >= 3
    if known.all():
        return [from_points]
    guesses = [
        replaced_placement(problem, _neutral(problem, np.tile(root, (len(problem), 1))), shape) for root in ORIENTATIONS
    ]
    order = np.argsort([problem.cost(guess) for guess in guesses], axis=0)
    everything = Unknowns.concatenate(guesses)
    rows = np.arange(len(problem))
    ranked = [everything[order[rank] * len(problem) + rows] for rank in range(tries)]
    return [guess.replaced(rows[known], from_points[known]) for guess in ranked]


def align_palm(problem: Problem, shape: Array) -> Array:
    """Root rotations (N, 3), axis-angle, that best turn the model's palm to the 3D points (Kabsch)."""
    palm = keypoints_of(problem.model, problem.settings.keypoints, _neutral(problem, np.zeros((len(shape), 3))), shape)
    palm = palm[:, PALM]
    weights = problem.observations.point_weights[:, PALM] ** 2
    target = problem.observations.points[:, PALM]
    covariance = np.swapaxes(_centred(target, weights) * weights[..., None], 1, 2) @ _centred(palm, weights)
    return axis_angle_from_matrix(nearest_rotation(covariance))


def bend_fingers(problem: Problem, root: Array, shape: Array) -> Array:
    """Pose (N, 16, 3) with each bone, from the palm outwards, in the direction of the 3D points, within joint limits.

    root: (N, 3), the root rotation to start from. Bones without known points get the prior's mean.
    """
    seen = problem.observations
    straight = np.zeros((len(root), 16, 3))
    rest = _bone_vectors(keypoints_of(problem.model, problem.settings.keypoints, straight, shape))
    wanted = _bone_vectors(seen.points @ matrix_from_axis_angle(root))
    known = (seen.point_weights > 0)[:, FINGER_KEYPOINTS]
    limits = problem.model.joint_limits.reshape(5, 3, 3, 2)
    pose = _neutral(problem, root)
    fingers = pose[:, FINGER_BONES]
    carried = np.tile(np.eye(3), (len(root), 5, 1, 1))
    for bone in range(3):
        target = (wanted[:, :, bone, None] @ carried)[:, :, 0]
        bend = np.clip(shortest_rotation(rest[:, :, bone], target), limits[:, bone, :, 0], limits[:, bone, :, 1])
        seen_bone = known[:, :, bone] & known[:, :, bone + 1]
        fingers[:, :, bone] = np.where(seen_bone[..., None], bend, fingers[:, :, bone])
        carried = carried @ matrix_from_axis_angle(fingers[:, :, bone])
    pose[:, FINGER_BONES] = fingers
    return pose


def replaced_placement(problem: Problem, pose: Array, shape: Array) -> Unknowns:
    """Hands of given pose (N, 16, 3) and shape (N, 10), moved and scaled to best fit their points."""
    seen = problem.observations
    points = keypoints_of(problem.model, problem.settings.keypoints, pose, shape)
    weights = seen.point_weights**2
    scale = np.ones(len(pose))
    if seen.free_placement:
        spread = (weights[..., None] * _centred(points, weights) ** 2).sum(axis=(1, 2))
        common = (weights[..., None] * _centred(seen.points, weights) * _centred(points, weights)).sum(axis=(1, 2))
        scale = np.where(common > 0, common / np.where(spread > 0, spread, 1.0), 1.0)
    offset = (_mean(seen.points, weights) - scale[:, None, None] * _mean(points, weights))[:, 0]
    return Unknowns(pose, shape, _translation(seen, points, offset), offset * seen.free_placement, scale)


def _translation(seen: Observations, points: Array, from_points: Array) -> Array:
    translation = solve_translation(points, seen.rays, seen.ray_weights)
    usable = np.all(np.isfinite(translation), axis=-1) & (translation[:, 2] > 0)
    if seen.free_placement:
        return np.where(usable[:, None], translation, (0.0, 0.0, DEFAULT_DISTANCE))
    known = np.any(seen.point_weights > 0, axis=1)
    return np.where(known[:, None], from_points, np.where(usable[:, None], translation, (0.0, 0.0, DEFAULT_DISTANCE)))


def _neutral(problem: Problem, root: Array) -> Array:
    """Poses (N, 16, 3) with root rotations (N, 3) and the fingers of the prior's mean."""
    pose = np.tile(problem.model.pose_prior.mean.reshape(15, 3), (len(root), 1, 1))
    return np.concatenate([root[:, None], pose], axis=1)


def _bone_vectors(keypoints: Array) -> Array:
    """From each keypoint of a finger to the next, in the order of FINGER_BONES: (N, 21, 3) -> (N, 5, 3, 3)."""
    return np.diff(keypoints[:, FINGER_KEYPOINTS], axis=2)


def _mean(points: Array, weights: Array) -> Array:
    """(N, K, 3), (N, K) -> (N, 1, 3); 0 where nothing has weight."""
    total = weights.sum(axis=1)
    return np.einsum("nk,nkc->nc", weights, points)[:, None] / np.where(total > 0, total, 1.0)[:, None, None]


def _centred(points: Array, weights: Array) -> Array:
    return points - _mean(points, weights)
