"""Fits of the hand model to the observations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.datasets.annotation.test_time_augmentation import AveragedObservations
from dahyf_core.fitting import FitSettings, FitTargets, fit
from dahyf_core.geometry import similarity_aligned, viewing_rotation
from dahyf_core.hand_model import HandModel

SETTINGS = FitSettings(keypoints="mediapipe")
SIGMA_2D = 0.015
"""Standard deviation of mean image points, in sides of the hand's box, added to their spread."""
SIGMA_3D = 0.010
"""Standard deviation of mean world points, metres, added to their spread."""
PLANE = Intrinsics(1.0, 1.0, 0.0, 0.0, 1, 1, source="the plane z = 1, which all cameras share")


@dataclass(frozen=True)
class Fits:
    """N hands of their own sides, in their camera frames; the fields are those of `PhotoLabels`."""

    pose: Array
    shape: Array
    translation: Array
    joints_3d: Array
    residual_2d: Array
    residual_3d: Array


def fit_observations(
    model: HandModel, averaged: AveragedObservations, left: NDArray[np.bool_], focal: Array, principal: Array
) -> Fits:
    """Fit N hands, left ones in a mirror, each of a camera of its own: focal (N,) px, principal (N, 2) px.

    model: the right hand.
    """
    mirror = np.where(left[:, None, None], (-1.0, 1.0, 1.0), 1.0)
    rays = (averaged.joints_2d - principal[:, None]) / focal[:, None, None] * mirror[..., :2]
    low, high = rays.min(axis=1), rays.max(axis=1)
    size = (high - low).max(axis=1)
    patches = Crops((low + high) / 2, size, np.zeros(len(size)), np.zeros(len(size), dtype=bool), PLANE)
    world = averaged.world * mirror @ np.swapaxes(viewing_rotation(patches.view_rays()), 1, 2)
    targets = FitTargets(
        intrinsics=PLANE,
        points_2d=rays,
        sigma_2d=np.hypot(SIGMA_2D * size[:, None], averaged.spread_2d / focal[:, None]),
        points_3d=world,
        sigma_3d=np.hypot(SIGMA_3D, averaged.spread_3d),
    )
    found = fit(model, targets, SETTINGS)
    distance_2d = np.linalg.norm(PLANE.project(found.keypoints) - rays, axis=-1)
    distance_3d = np.linalg.norm(similarity_aligned(found.keypoints, world) - world, axis=-1)
    return Fits(
        pose=found.pose * np.where(left[:, None, None], (1.0, -1.0, -1.0), 1.0),
        shape=found.shape,
        translation=found.translation * mirror[:, 0],
        joints_3d=found.keypoints * mirror,
        residual_2d=np.sqrt((distance_2d**2).mean(axis=1)) / size,
        residual_3d=distance_3d.mean(axis=1),
    )
