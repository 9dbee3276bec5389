"""The DaHyF network in torch, for training and export. Capture runs its ONNX file and never imports this package."""

from dahyf_core.network.config import NetworkConfig
from dahyf_core.network.dahyf import DaHyF, InitialPrediction, Prediction
from dahyf_core.network.kinematics import InverseKinematics, hand_rotations
from dahyf_core.network.losses import Labels, UncertaintyWeights
from dahyf_core.network.regressor import HandParameters
from dahyf_core.network.view import View

__all__ = [
    "DaHyF",
    "HandParameters",
    "InitialPrediction",
    "InverseKinematics",
    "Labels",
    "NetworkConfig",
    "Prediction",
    "UncertaintyWeights",
    "View",
    "hand_rotations",
]
