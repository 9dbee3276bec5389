"""Hands in stills: found or in given boxes, estimated one picture at a time."""

from dahyf_core.capture.finding import find_hands
from dahyf_core.stills.boxes import HandBox, asked_boxes, check_pictures
from dahyf_core.stills.prediction import Prediction, write_predictions
from dahyf_core.stills.predictor import Predictor, predict

__all__ = [
    "HandBox",
    "Prediction",
    "Predictor",
    "asked_boxes",
    "check_pictures",
    "find_hands",
    "predict",
    "write_predictions",
]
