"""Pose estimators: patches in, hand parameters out."""

from dahyf_core.pose.baseline import LandmarkEstimator, LandmarkNetwork
from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork
from dahyf_core.pose.estimator import (
    HandEstimates,
    HandObservations,
    LabellingEstimator,
    PoseEstimator,
    StillsEstimator,
)
from dahyf_core.pose.network_card import NetworkCard, card_metadata, read_card
from dahyf_core.pose.refitted import RefittedEstimator
from dahyf_core.pose.shipped import ESTIMATORS, EstimatorName, create_estimator, network_estimator

__all__ = [
    "ESTIMATORS",
    "DahyfEstimator",
    "DahyfNetwork",
    "EstimatorName",
    "HandEstimates",
    "HandObservations",
    "LabellingEstimator",
    "LandmarkEstimator",
    "LandmarkNetwork",
    "NetworkCard",
    "PoseEstimator",
    "RefittedEstimator",
    "StillsEstimator",
    "card_metadata",
    "create_estimator",
    "network_estimator",
    "read_card",
]
