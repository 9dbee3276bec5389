"""The estimators that ship, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork
from dahyf_core.pose.estimator import PoseEstimator
from dahyf_core.pose.landmarks import LandmarkEstimator, LandmarkNetwork
from dahyf_core.pose.refitted import RefittedEstimator
from dahyf_core.shipped import asset

EstimatorName = Literal["dahyf", "baseline"]

LITE = asset("dahyf_lite.onnx")
"""The trained network."""

HandModels = Mapping[Side, HandModel]


def shipped_estimator(models: HandModels, threads: int = 0) -> DahyfEstimator:
    """The trained DaHyF network. models: by side. threads: of the CPU, 0 for one a core. Raises ModelFileError."""
    return DahyfEstimator(DahyfNetwork(LITE, threads), models)


def network_estimator(models: HandModels, threads: int = 0, network: Path = LITE) -> PoseEstimator:
    """A trained DaHyF network, of an ONNX file; its hands are `models`, fitted anew where they are not the open hand.

    Arguments and errors as above.
    """
    runner = DahyfNetwork(network, threads)
    if all(model.name == "open_hand" for model in models.values()):
        return DahyfEstimator(runner, models)
    return RefittedEstimator(DahyfEstimator(runner, {side: load_hand_model(side=side) for side in models}), models)


def baseline_estimator(models: HandModels, threads: int = 0) -> LandmarkEstimator:
    """MediaPipe's landmarks and inverse kinematics, to compare with; arguments and errors as above."""
    return LandmarkEstimator(LandmarkNetwork(threads), models)


ESTIMATORS: Mapping[EstimatorName, Callable[[HandModels, int], PoseEstimator]] = {
    "dahyf": network_estimator,
    "baseline": baseline_estimator,
}


def create_estimator(name: EstimatorName, models: HandModels, threads: int = 0) -> PoseEstimator:
    """The estimator of that name; arguments as above. Raises SettingsError for another name, ModelFileError."""
    if name not in ESTIMATORS:
        raise SettingsError(f"There is no estimator {name!r}.", f"Use one of {tuple(ESTIMATORS)}.")
    return ESTIMATORS[name](models, threads)
