"""The axes of scenes and of the camera frame."""

from typing import Literal

import numpy as np

from dahyf_core.arrays import FloatArray

Up = Literal["y", "z"]

FROM_CAMERA: dict[Up, FloatArray] = {
    "y": np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]),
    "z": np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
}
"""Rotations from the camera frame (x right, y down, z forward) to scenes with that axis up, x to the right. The camera
looks along -z where y is up, and along y where z is. All are right-handed."""
