"""What a fit trusts."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class FitSettings:
    """Strength of the terms of a fit, and how long it looks.

    keypoints: name of the hand model's keypoint set that the targets mean.
    shape: "free" finds ten shape numbers a hand, "shared" one set of ten for all N hands, "fixed" keeps those given.
    A shared shape's prior counts once for each hand, since the points of one hand err alike in all its pictures.
    outlier_2d, outlier_3d: distance in sigmas from where on an image point or a 3D point loses its pull (Cauchy).
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
