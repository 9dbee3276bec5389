"""Which estimator is measured."""

from collections.abc import Mapping
from pathlib import Path

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.pose import EstimatorName, PoseEstimator, create_estimator, network_estimator

Hands = Mapping[Side, HandModel]


def load_hands(source: str | Path = "open_hand") -> Hands:
    """Both sides of a hand model. Raises ModelFileError."""
    return {"right": load_hand_model(source, "right"), "left": load_hand_model(source, "left")}


def open_estimator(name: EstimatorName, hands: Hands, network: Path | None = None) -> PoseEstimator:
    """An estimator whose poses are of `hands`. network: an ONNX file in place of the one that ships.

    Raises SettingsError for a network that the estimator does not take, ModelFileError.
    """
    if network is None:
        return create_estimator(name, hands)
    if name == "baseline":
        raise SettingsError(f"The baseline does not run {network}.", "Leave --model out, or the baseline.")
    return network_estimator(hands, network=network)
