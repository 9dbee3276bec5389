"""An estimator's poses, fitted with another hand model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.fitting import FitSettings, FitTargets, fit
from dahyf_core.hand_model import HandModel, Side
from dahyf_core.pose.estimator import HandEstimates, HandObservations, StillsEstimator

FIT = FitSettings(keypoints="mediapipe", shape="shared", pose_prior=0.3)
SIGMA = 0.003
"""Standard deviation of the keypoints, metres: about how far those of two hand models lie apart."""


@dataclass(frozen=True)
class RefittedEstimator:
    """Hands of one model, such as the user's MANO, fitted to those that an estimator finds with another.

    A network's shape numbers are valid only for its own hand model. Rotations and joints are valid for all models.
    hand_models: by side, from the flat hand.
    """

    estimator: StillsEstimator
    hand_models: Mapping[Side, HandModel]

    @property
    def name(self) -> str:
        """Name of the estimator itself."""
        return self.estimator.name

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs the estimator's network."""
        return self.estimator.provider

    @property
    def weights(self) -> str:
        """SHA-256 of the file of the estimator's network."""
        return self.estimator.weights

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        """Look at the patches of one frame (H, W, 3), RGB, in one batch."""
        return self.estimator.observe(image, crops)

    def observe_all(self, pictures: Sequence[tuple[Image, Crops]]) -> list[HandObservations]:
        """Look at the patches of each of some pictures (H, W, 3), RGB, in one batch."""
        return self.estimator.observe_all(pictures)

    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        """Poses of one hand from all its observations, in the order of time, with one shape for all of them."""
        found = self.estimator.solve(observations, side)
        return refitted(found, self.hand_models[side], observations.crops.intrinsics)

    def merge(self, views: HandObservations, side: Side) -> HandEstimates:
        """The mean pose of one or more views of a hand, all from one picture and with one mirroring."""
        return refitted(self.estimator.merge(views, side), self.hand_models[side], views.crops.intrinsics)


def refitted(found: HandEstimates, model: HandModel, intrinsics: Intrinsics) -> HandEstimates:
    """Hands of `model` fitted to hands of another model of the same side, so that their joints coincide."""
    if not len(found):
        return found
    targets = FitTargets(points_3d=found.joints_3d, sigma_3d=SIGMA, placement="camera")
    fitted = fit(model, targets, FIT, pose=found.pose)
    return replace(
        found,
        pose=fitted.pose,
        shape=fitted.shape,
        translation=fitted.translation,
        joints_3d=fitted.keypoints,
        joints_2d_projected=intrinsics.project(fitted.keypoints),
    )
