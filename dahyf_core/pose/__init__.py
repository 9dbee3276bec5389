"""Pose estimators: patches in, hand parameters out."""

from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork
from dahyf_core.pose.estimator import HandEstimates, HandObservations, PoseEstimator
from dahyf_core.pose.landmarks import LandmarkEstimator, LandmarkNetwork
from dahyf_core.pose.refitted import RefittedEstimator, refitted
from dahyf_core.pose.shipped import ESTIMATORS, EstimatorName, create_estimator, network_estimator, shipped_estimator

__all__ = [
    "ESTIMATORS",
    "DahyfEstimator",
    "DahyfNetwork",
    "EstimatorName",
    "HandEstimates",
    "HandObservations",
    "LandmarkEstimator",
    "LandmarkNetwork",
    "PoseEstimator",
    "RefittedEstimator",
    "create_estimator",
    "network_estimator",
    "refitted",
    "shipped_estimator",
]
