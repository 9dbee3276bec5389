"""The hand model: 16 joints, 10 shape numbers, skin, and named keypoints; the shipped open hand or the user's MANO."""

from dahyf_core.hand_model.dense_points import DENSE_VERTICES, dense_points
from dahyf_core.hand_model.keypoints import (
    FINGER_BONES,
    FINGER_KEYPOINTS,
    KEYPOINT_BONES,
    TIPS,
    KeypointSet,
)
from dahyf_core.hand_model.load import load_hand_model, load_hand_models
from dahyf_core.hand_model.model import HandModel, PosedHand, PosePrior, RestHand, Side, Skeleton

__all__ = [
    "DENSE_VERTICES",
    "FINGER_BONES",
    "FINGER_KEYPOINTS",
    "KEYPOINT_BONES",
    "TIPS",
    "HandModel",
    "KeypointSet",
    "PosePrior",
    "PosedHand",
    "RestHand",
    "Side",
    "Skeleton",
    "dense_points",
    "load_hand_model",
    "load_hand_models",
]
