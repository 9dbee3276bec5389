"""The cost of a fit and its normal equations.

cost = robust squared residuals of image points and of 3D points
     + Gaussian prior of the fingers + joint limits + Gaussian prior of the shape
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.fitting.kinematics import (
    MovingKeypoints,
    differentiate_keypoints,
    keypoints_by_shape,
    keypoints_of,
)
from dahyf_core.fitting.targets import FitSettings, Observations
from dahyf_core.fitting.unknowns import FINGERS, OWN, SHAPE, Unknowns
from dahyf_core.hand_model import FINGER_KEYPOINTS, HandModel

MIN_DEPTH = 0.02
"""Smallest depth for projection, metres. Nearer points are projected as if they lay there."""
PRIVATE = FINGERS.stop
"""Unknowns below this index belong to one finger. The others move every keypoint."""


@dataclass(frozen=True)
class Problem:
    """N independent fits. Costs are in squared standard deviations."""

    model: HandModel
    observations: Observations
    settings: FitSettings

    def __len__(self) -> int:
        return len(self.observations)

    def __getitem__(self, index: Any) -> "Problem":
        return Problem(self.model, self.observations[index], self.settings)

    @property
    def size(self) -> int:
        """Number of unknowns of a hand."""
        return OWN if self.settings.shape == "fixed" else SHAPE.stop

    @property
    def _outlier_limits(self) -> Array:
        """Squared distances in sigmas at which image and 3D points have lost half their pull, (2,)."""
        return np.array([self.settings.outlier_2d, self.settings.outlier_3d]) ** 2

    def cost(self, unknowns: Unknowns) -> Array:
        """Cost (N,) of each hand."""
        points = keypoints_of(self.model, self.settings.keypoints, unknowns.pose, unknowns.shape)
        residuals = self._residuals(points, unknowns)
        limits = self._outlier_limits
        robust = limits * np.log1p(_squared_lengths(residuals) / limits)
        return robust.sum(axis=(1, 2)) + self._prior_cost(unknowns)

    def linearise(self, unknowns: Unknowns) -> tuple[Array, Array]:
        """Gauss-Newton matrix (N, size, size) and gradient (N, size) of half the cost."""
        moving = differentiate_keypoints(self.model, self.settings.keypoints, unknowns.pose, unknowns.shape)
        residuals = self._residuals(moving.points, unknowns)
        pull = 1.0 / np.sqrt(1.0 + _squared_lengths(residuals) / self._outlier_limits)
        pull = np.repeat(pull, (2, 3), axis=-1)
        by_points, by_common = self._residual_derivatives(moving, unknowns)
        by_common *= pull[..., None]
        by_finger = (pull[..., None] * by_points)[:, FINGER_KEYPOINTS] @ moving.by_finger
        matrix, gradient = _normal_equations(by_finger, by_common, pull * residuals)
        self._add_priors(unknowns, matrix, gradient)
        return matrix, gradient

    def _residuals(self, points: Array, unknowns: Unknowns) -> Array:
        """(N, 21, 5): two of the image point and three of the 3D point, in sigmas."""
        seen = self.observations
        placed = points + unknowns.translation[:, None]
        rays = placed[..., :2] / np.maximum(placed[..., 2:], MIN_DEPTH)
        if seen.free_placement:
            errors = unknowns.scale[:, None, None] * points + unknowns.origin[:, None] - seen.points
        else:
            errors = placed - seen.points
        return np.concatenate(
            [seen.ray_weights[..., None] * (rays - seen.rays), seen.point_weights[..., None] * errors], axis=-1
        )

    def _residual_derivatives(self, moving: MovingKeypoints, unknowns: Unknowns) -> tuple[Array, Array]:
        """Derivatives of the residuals by the keypoints (N, 21, 5, 3), and by ROOT to SHAPE (N, 21, 5, size - 45)."""
        seen = self.observations
        placed = moving.points + unknowns.translation[:, None]
        inverse = 1.0 / np.maximum(placed[..., 2], MIN_DEPTH)
        by_points = np.zeros((*placed.shape[:2], 5, 3))
        by_points[..., 0, 0] = by_points[..., 1, 1] = seen.ray_weights * inverse
        by_points[..., :2, 2] = -(seen.ray_weights * inverse**2)[..., None] * placed[..., :2]
        spatial = seen.point_weights[..., None, None] * np.eye(3)
        by_points[..., 2:, :] = spatial
        by_translation = by_points.copy()
        by_origin, by_scale = np.zeros_like(by_points), np.zeros((*by_points.shape[:3], 1))
        if seen.free_placement:
            scale = unknowns.scale[:, None, None]
            by_points[..., 2:, :] *= scale[..., None]
            by_translation[..., 2:, :] = 0.0
            by_origin[..., 2:, :] = spatial
            by_scale[..., 2:, 0] = scale * seen.point_weights[..., None] * moving.points
        by_common = [by_points @ moving.by_root, by_translation, by_origin, by_scale]
        if self.size > OWN:
            by_shape = keypoints_by_shape(self.model, self.settings.keypoints, moving.rotations)
            by_common.append(by_points @ by_shape)
        return by_points, np.concatenate(by_common, axis=-1)

    def _prior_cost(self, unknowns: Unknowns) -> Array:
        settings = self.settings
        deviation, beyond = self._finger_deviations(unknowns)
        pose = np.einsum("ni,ij,nj->n", deviation, self.model.pose_prior.precision, deviation, optimize=True)
        limits = (beyond**2).sum(axis=-1) / settings.limit_sigma**2
        return settings.pose_prior * pose + limits + settings.shape_prior * (unknowns.shape**2).sum(axis=-1)

    def _add_priors(self, unknowns: Unknowns, matrix: Array, gradient: Array) -> None:
        settings = self.settings
        deviation, beyond = self._finger_deviations(unknowns)
        precision = settings.pose_prior * self.model.pose_prior.precision
        matrix[:, FINGERS, FINGERS] += precision
        gradient[:, FINGERS] += deviation @ precision + beyond / settings.limit_sigma**2
        _add_to_diagonal(matrix, FINGERS, (beyond != 0) / settings.limit_sigma**2)
        if self.size > OWN:
            gradient[:, SHAPE] += settings.shape_prior * unknowns.shape
            _add_to_diagonal(matrix, SHAPE, settings.shape_prior)

    def _finger_deviations(self, unknowns: Unknowns) -> tuple[Array, Array]:
        """Finger angles (N, 45) from the mean of the prior, and beyond the joint limits (0 within), radians."""
        fingers = unknowns.pose[:, 1:].reshape(-1, 45)
        low, high = self.model.joint_limits.T
        return fingers - self.model.pose_prior.mean, fingers - np.clip(fingers, low, high)


def _squared_lengths(residuals: Array) -> Array:
    """Squared lengths of image and 3D residuals: (N, 21, 5) -> (N, 21, 2)."""
    return np.add.reduceat(residuals**2, (0, 2), axis=-1)


def _normal_equations(by_finger: Array, by_common: Array, residuals: Array) -> tuple[Array, Array]:
    """J^T J (N, size, size) and J^T r (N, size) of the residuals (N, 21, 5).

    Each keypoint depends on nine angles of its own finger, by_finger (N, 5, 4, 5, 9), and on the unknowns that all
    keypoints share, by_common (N, 21, 5, size - 45).
    """
    count, shared = len(residuals), by_common.shape[-1]
    finger = by_finger.reshape(count, 5, 20, 9)
    finger_transposed = np.swapaxes(finger, -1, -2)
    common = by_common.reshape(count, 105, shared)
    common_transposed = np.swapaxes(common, -1, -2)

    matrix = np.zeros((count, PRIVATE + shared, PRIVATE + shared))
    blocks = finger_transposed @ finger
    for index in range(5):
        own = slice(9 * index, 9 * index + 9)
        matrix[:, own, own] = blocks[:, index]
    mixed = (finger_transposed @ by_common[:, FINGER_KEYPOINTS].reshape(count, 5, 20, shared)).reshape(
        count, 45, shared
    )
    matrix[:, :PRIVATE, PRIVATE:] = mixed
    matrix[:, PRIVATE:, :PRIVATE] = np.swapaxes(mixed, -1, -2)
    matrix[:, PRIVATE:, PRIVATE:] = common_transposed @ common

    by_finger_gradient = finger_transposed @ residuals[:, FINGER_KEYPOINTS].reshape(count, 5, 20, 1)
    by_common_gradient = common_transposed @ residuals.reshape(count, 105, 1)
    return matrix, np.concatenate([by_finger_gradient.reshape(count, 45), by_common_gradient[..., 0]], axis=-1)


def _add_to_diagonal(matrix: Array, part: slice, values: Array | float) -> None:
    """Add values, (N, len(part)) or one for all, to part of the diagonal of matrix (N, size, size), in place."""
    diagonal = np.arange(part.start, part.stop)
    matrix[:, diagonal, diagonal] += values
