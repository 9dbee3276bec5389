"""Pose estimators: patches in, hand parameters out."""

from dahyf_core.pose.confidence import agreement
from dahyf_core.pose.estimator import HandEstimates, PoseEstimator, Sightings
from dahyf_core.pose.landmark_network import LandmarkNetwork
from dahyf_core.pose.landmarks import LandmarkEstimator
from dahyf_core.pose.orientation import viewing_rotations
from dahyf_core.pose.refitted import RefittedEstimator

__all__ = [
    "HandEstimates",
    "LandmarkEstimator",
    "LandmarkNetwork",
    "PoseEstimator",
    "RefittedEstimator",
    "Sightings",
    "agreement",
    "viewing_rotations",
]
