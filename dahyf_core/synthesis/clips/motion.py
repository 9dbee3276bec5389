"""The smooth motion of one hand between key poses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from dahyf_core.arrays import Array
from dahyf_core.geometry import matrix_from_axis_angle
from dahyf_core.synthesis.arm import ArmedHand
from dahyf_core.synthesis.hand import Hand
from dahyf_core.synthesis.surface import cross, unit

TO_CAMERA = np.array([0.0, 0.0, -1.0])


@dataclass(frozen=True, eq=False)
class Key:
    """A hand at a time.

    time: s. wrist, elbow: (3,) m, camera frame. facing: radians; at 0 the back of the hand looks at the camera, at a
    quarter turn outward, so that the palm looks at the other hand, at half a turn away from the camera.
    fingers: (15, 3) of a right hand.
    """

    time: float
    wrist: Array
    elbow: Array
    facing: float
    fingers: Array


class HandMotion:
    """A hand that goes through its keys without overshooting."""

    def __init__(self, armed: ArmedHand, shape: Array, bend: Array, outward: float, keys: Sequence[Key]) -> None:
        """bend: (3,) of the wrist, of a right hand. outward: +1 for the hand on the right half of the picture, else -1.

        keys: at least two, in order of time.
        """
        self._armed = armed
        self._shape = shape
        self._bend = bend
        self._outward = np.array([outward, 0.0, 0.0])
        values = [np.concatenate([key.wrist, key.elbow, [key.facing], key.fingers.ravel()]) for key in keys]
        self._span = keys[0].time, keys[-1].time
        self._values = PchipInterpolator([key.time for key in keys], np.array(values))

    @property
    def armed(self) -> ArmedHand:
        """Whose hand it is."""
        return self._armed

    def at(self, time: float) -> Hand:
        """The hand at a time in seconds, at rest before the first and after the last key."""
        values = self._values(np.clip(time, *self._span))
        wrist, elbow, facing, fingers = values[:3], values[3:6], values[6], values[7:].reshape(15, 3)
        hand = Hand.create(self._armed, "gesture", fingers, self._shape, self._bend, np.zeros(3), None)
        return hand.rotated(self._rotation(hand, unit(elbow - wrist), facing)).moved(wrist)

    def _rotation(self, hand: Hand, along: Array, facing: float) -> Array:
        """(3, 3) that lays the forearm `along` (3,) and turns the back of the hand as `facing` says."""
        sign = 1.0 if self._armed.model.side == "right" else -1.0
        back = np.cos(facing) * TO_CAMERA + np.sin(facing) * self._outward
        back = unit(back - (back @ along) * along)
        frame = np.stack([sign * along, back, cross(sign * along, back)], axis=1)
        return np.asarray(frame @ matrix_from_axis_angle(hand.bend).T)
