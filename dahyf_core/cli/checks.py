"""What `dahyf check` tries: everything that a capture needs, once, on a blank picture."""

import platform
import sys
from importlib.metadata import version

import cv2
import numpy as np

from dahyf_core import __version__
from dahyf_core.detection import PalmDetector
from dahyf_core.hand_model import load_hand_model
from dahyf_core.pose import LandmarkNetwork

PACKAGES = ("av", "numpy", "onnxruntime", "scipy")


def environment_facts() -> dict[str, str]:
    """Versions, and the provider that ran the networks. Raises DahyfError when a shipped file cannot be used."""
    PalmDetector().detect(np.zeros((192, 192, 3), dtype=np.uint8))
    network = LandmarkNetwork()
    network.run(np.zeros((1, 224, 224, 3), dtype=np.uint8))
    hand = load_hand_model("open_hand")
    return {
        "dahyf": __version__,
        "python": platform.python_version(),
        "interpreter": sys.executable,
        "provider": network.provider,
        "hand_model": f"{hand.name}, {len(hand.vertices)} vertices",
        **{package: version(package) for package in PACKAGES},
        "opencv": cv2.__version__,
    }
