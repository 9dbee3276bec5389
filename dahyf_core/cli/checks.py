"""The checks of `dahyf check`: everything that a capture needs runs once, on a blank picture."""

import platform
import sys
from importlib.metadata import version

import cv2
import numpy as np

from dahyf_core import __version__
from dahyf_core.camera import Crops, Lens
from dahyf_core.detection import HandDetector, PalmDetector
from dahyf_core.hand_model import load_hand_model
from dahyf_core.pose import ESTIMATORS, create_estimator

PACKAGES = ("av", "numpy", "onnxruntime", "scipy")


def environment_facts() -> dict[str, str]:
    """Versions, and the provider that ran the networks. Raises DahyfError when a shipped file cannot be used."""
    blank = np.zeros((192, 192, 3), dtype=np.uint8)
    whole = Crops(
        np.array([[96.0, 96.0]]), np.array([192.0]), np.zeros(1), np.zeros(1, bool), Lens().intrinsics(192, 192)
    )
    HandDetector().detect(blank)
    PalmDetector().detect(blank)
    estimators = [create_estimator(name, {}) for name in ESTIMATORS]
    for estimator in estimators:
        estimator.observe(blank, whole)
    hand = load_hand_model("open_hand")
    return {
        "dahyf": __version__,
        "python": platform.python_version(),
        "interpreter": sys.executable,
        "provider": ", ".join(sorted({estimator.provider for estimator in estimators})),
        "estimators": ", ".join(estimator.name for estimator in estimators),
        "hand_model": f"{hand.name}, {len(hand.vertices)} vertices",
        **{package: version(package) for package in PACKAGES},
        "opencv": cv2.__version__,
    }
