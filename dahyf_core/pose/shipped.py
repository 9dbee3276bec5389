"""The estimators, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel, Side, load_hand_models
from dahyf_core.pose.baseline import LandmarkEstimator, LandmarkNetwork
from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork
from dahyf_core.pose.estimator import PoseEstimator, StillsEstimator
from dahyf_core.pose.network_card import LITE
from dahyf_core.pose.refitted import RefittedEstimator

EstimatorName = Literal["dahyf", "baseline"]

HandModels = Mapping[Side, HandModel]


def network_estimator(models: HandModels, threads: int = 0, network: Path | None = None) -> StillsEstimator:
    """A trained DaHyF network; its hands are `models`, fitted anew where they are not the network's own.

    models: by side. threads: of the CPU, 0 for one a core. network: an ONNX file, None for the one that ships. Raises
    ModelFileError, SettingsError for a network of MANO without MANO.
    """
    runner = DahyfNetwork(network or LITE, threads)
    own = runner.card.hand_model
    if all(model.name == own for model in models.values()):
        return DahyfEstimator(runner, models)
    if own != "open_hand":
        raise SettingsError(
            f"The network {network} was trained with the hand model {own}, and gives that model's pose and shape.",
            "Give the file of that hand with --hand-model.",
        )
    return RefittedEstimator(DahyfEstimator(runner, load_hand_models()), models)


def baseline_estimator(models: HandModels, threads: int = 0, network: Path | None = None) -> LandmarkEstimator:
    """MediaPipe's landmarks and inverse kinematics, to compare with.

    Arguments and errors as above; SettingsError for a network, which it does not run.
    """
    if network is not None:
        raise SettingsError(
            f"The baseline estimator cannot use the network {network}.",
            "Leave out --model, or choose --estimator dahyf.",
        )
    return LandmarkEstimator(LandmarkNetwork(threads), models)


ESTIMATORS: Mapping[EstimatorName, Callable[[HandModels, int, Path | None], PoseEstimator]] = {
    "dahyf": network_estimator,
    "baseline": baseline_estimator,
}


def create_estimator(
    name: EstimatorName, models: HandModels, threads: int = 0, network: Path | None = None
) -> PoseEstimator:
    """The estimator of that name. Arguments as above. Raises SettingsError for another name, ModelFileError."""
    if name not in ESTIMATORS:
        raise SettingsError(f"There is no estimator {name!r}.", f"Use one of {tuple(ESTIMATORS)}.")
    return ESTIMATORS[name](models, threads, network)
