"""Inputs of a fit: located points, their standard deviations, their camera, and the weights of the terms."""

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics

KEYPOINTS = 21


@dataclass(frozen=True)
class FitTargets:
    """Points of N independent hands, in FreiHAND order. A point that is NaN, or whose sigma is infinite, is left out.

    points_2d: (N, 21, 2) px as filmed, seen through `intrinsics`; None without image points.
    points_3d: (N, 21, 3) metres, in the axes of the camera; None without 3D points.
    sigma_2d: px along x, sigma_3d: metres; standard deviations, of any shape that broadcasts to (N, 21).
    placement: "camera": points_3d are in the camera frame. "free": points_3d give only shape and orientation, and the
    fit finds their origin and scale.
    """

    intrinsics: Intrinsics | None = None
    points_2d: Array | None = None
    points_3d: Array | None = None
    sigma_2d: Array | float = 3.0
    sigma_3d: Array | float = 0.01
    placement: Literal["camera", "free"] = "free"

    def __post_init__(self) -> None:
        if self.points_2d is None and self.points_3d is None:
            raise ValueError("a fit needs points_2d, points_3d, or both")
        if self.points_2d is not None and self.intrinsics is None:
            raise ValueError("points_2d need the intrinsics of their camera")


@dataclass(frozen=True)
class Observations:
    """Targets made ready for the solver: no NaN, weights are 1 / sigma and 0 where a point is left out.

    rays: (N, 21, 2) on the plane z = 1. ray_weights: (N, 21). points: (N, 21, 3) m. point_weights: (N, 21) per metre.
    """

    rays: Array
    ray_weights: Array
    points: Array
    point_weights: Array
    free_placement: bool

    @classmethod
    def of(cls, targets: FitTargets) -> Self:
        count = max(len(points) for points in (targets.points_2d, targets.points_3d) if points is not None)
        rays, points = np.full((count, KEYPOINTS, 2), np.nan), np.full((count, KEYPOINTS, 3), np.nan)
        sigma_ray = np.ones(1)
        if targets.points_2d is not None and targets.intrinsics is not None:
            rays = targets.intrinsics.normalise(targets.points_2d)
            sigma_ray = np.asarray(targets.sigma_2d) / targets.intrinsics.fx
        if targets.points_3d is not None:
            points = np.array(targets.points_3d, dtype=float)
        return cls(*_known(rays, sigma_ray), *_known(points, targets.sigma_3d), targets.placement == "free")

    def __len__(self) -> int:
        return len(self.rays)

    def __getitem__(self, index: Any) -> "Observations":
        return Observations(
            self.rays[index],
            self.ray_weights[index],
            self.points[index],
            self.point_weights[index],
            self.free_placement,
        )


def _known(points: Array, sigma: Array | float) -> tuple[Array, Array]:
    """Points with 0 for NaN, and weights 1 / sigma that are 0 there."""
    finite = np.all(np.isfinite(points), axis=-1)
    weights = np.broadcast_to(1.0 / np.asarray(sigma, dtype=float), finite.shape)
    return np.where(finite[..., None], points, 0.0), np.where(finite, weights, 0.0)


@dataclass(frozen=True)
class FitSettings:
    """Weights of the terms of a fit, and its limits.

    keypoints: name of the hand model's keypoint set to which the targets belong.
    shape: "free" finds ten shape numbers a hand, "shared" one set of ten for all N hands, "fixed" keeps those given.
    A shared shape's prior counts once for each hand, since the errors of one hand are correlated in all its pictures.
    outlier_2d, outlier_3d: distance in sigmas beyond which an image point or a 3D point loses weight (Cauchy).
    pose_prior, shape_prior: factors of the Gaussian priors; 1 is their own width, 0 turns them off.
    limit_sigma: radians by which a joint may pass its limit at the cost of one standard deviation.
    iterations: at most; tolerance: a hand is done when an accepted step lowers its cost by less than this fraction.
    batch: hands solved together; bounds the memory. Has no effect with a shared shape.
    """

    keypoints: str = "mediapipe"
    shape: Literal["free", "shared", "fixed"] = "free"
    outlier_2d: float = 3.0
    outlier_3d: float = 3.0
    pose_prior: float = 1.0
    shape_prior: float = 1.0
    limit_sigma: float = 0.1
    iterations: int = 15
    tolerance: float = 3e-3
    batch: int = 256
