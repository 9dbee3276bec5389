"""The unknowns of a fit, and the update by a step."""

from dataclasses import dataclass

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.fitting.rows import Rows
from dahyf_core.geometry import axis_angle_from_quaternion, quaternion_from_axis_angle, quaternion_product

FINGERS = slice(0, 45)
ROOT, TRANSLATION, ORIGIN, SCALE = slice(45, 48), slice(48, 51), slice(51, 54), slice(54, 55)
SHAPE = slice(55, 65)
OWN = SHAPE.start
"""Number of unknowns of each hand without the shape."""


@dataclass(frozen=True)
class Unknowns(Rows):
    """N hands, and for free placement the map from hands to their 3D points.

    A keypoint p of a hand at translation zero maps to scale * p + origin.

    pose: (N, 16, 3). shape: (N, 10). translation: (N, 3). origin: (N, 3). scale: (N,).
    """

    pose: Array
    shape: Array
    translation: Array
    origin: Array
    scale: Array

    def moved(self, step: Array) -> "Unknowns":
        """A step (N, 55) or, with the shape, (N, 65): the wrist turns in the camera frame, the scale is multiplied."""
        turn, root = quaternion_from_axis_angle(step[:, ROOT]), quaternion_from_axis_angle(self.pose[:, 0])
        fingers = self.pose[:, 1:] + step[:, FINGERS].reshape(-1, 15, 3)
        return Unknowns(
            np.concatenate([axis_angle_from_quaternion(quaternion_product(turn, root))[:, None], fingers], axis=1),
            self.shape + step[:, SHAPE] if step.shape[1] > OWN else self.shape,
            self.translation + step[:, TRANSLATION],
            self.origin + step[:, ORIGIN],
            self.scale * np.exp(np.clip(step[:, SCALE], -1.0, 1.0))[:, 0],
        )
