"""Which estimator is measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, get_args

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork, PoseEstimator, RefittedEstimator
from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork
from dahyf_core.runtime import asset

EstimatorName = Literal["dahyf", "baseline"]
ESTIMATORS: tuple[EstimatorName, ...] = get_args(EstimatorName)

Hands = Mapping[Side, HandModel]


def load_hands(source: str | Path = "open_hand") -> Hands:
    """Both sides of a hand model. Raises ModelFileError."""
    return {"right": load_hand_model(source, "right"), "left": load_hand_model(source, "left")}


def open_estimator(name: EstimatorName, hands: Hands, network: Path | None = None) -> PoseEstimator:
    """ "dahyf": a trained network, of an ONNX file or the one that ships. "baseline": MediaPipe's landmarks and inverse
    kinematics. Both give poses of `hands`.

    Raises SettingsError for a network that the estimator does not take, ModelFileError.
    """
    if name == "baseline":
        if network is not None:
            raise SettingsError(f"The baseline does not run {network}.", "Leave --model out, or the baseline.")
        return LandmarkEstimator(LandmarkNetwork(), hands)
    runner = DahyfNetwork(network or asset("dahyf_lite.onnx"))
    if hands["right"].name == "open_hand":
        return DahyfEstimator(runner, hands)
    return RefittedEstimator(DahyfEstimator(runner, load_hands()), hands)
