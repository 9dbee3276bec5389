"""Hands that are only numbers: where each is at a time, and networks that see them without a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.detection import Palms
from dahyf_core.pose import HandObservations

Place = Callable[[float], tuple[float, float] | None]
"""Middle of a hand's joints in px at a time in s; None while the hand is not to be seen."""

CAMERA = Intrinsics(1400.0, 1400.0, 640.0, 360.0, 1280, 720)

FINGER_ANGLES = np.radians([-60, -20, 0, 18, 36])
OPEN_HAND = np.concatenate(
    [[[0.0, 0.0]]]
    + [np.outer([40, 55, 70, 85] if a < -1 else [90, 115, 135, 150], [np.sin(a), -np.cos(a)]) for a in FINGER_ANGLES]
)
"""21 joints in px, the wrist at the origin, the fingers up."""

PALM_POINTS = (0, 5, 9, 13, 17, 1, 2)


@dataclass(frozen=True)
class Hand:
    """A made-up hand, or with a low is_hand a thing. right_score: what a network says of its side at a time in s."""

    place: Place
    right_score: Callable[[float], float] = lambda time: 0.95
    presence: float = 0.99
    joints: NDArray[np.float64] = field(default_factory=lambda: OPEN_HAND)
    is_hand: float = 1.0

    def at(self, time: float) -> NDArray[np.float64] | None:
        """(21, 2) joints in px, or None."""
        place = self.place(time)
        return None if place is None else self.joints - self.joints.mean(axis=0) + place


def left(time: float) -> float:
    """The right_score of a hand that is a left one for certain."""
    return 0.05


def still(x: float, y: float) -> Place:
    return lambda time: (x, y)


def moving(x: float, y: float, dx: float, dy: float = 0.0) -> Place:
    """dx, dy: px/s."""
    return lambda time: (x + dx * time, y + dy * time)


def during(place: Place, *spans: tuple[float, float]) -> Place:
    """To be seen in these spans (s) only."""
    return lambda time: place(time) if any(start <= time < end for start, end in spans) else None


def see(hands: Sequence[Hand], time: float, crops: Crops) -> HandObservations:
    """A network that finds in each crop the hand nearest to its middle, the first of the list when in doubt."""
    visible = [(hand, joints) for hand in hands if (joints := hand.at(time)) is not None]
    rows = []
    for center, side in zip(crops.center, crops.side, strict=True):
        distances = [np.linalg.norm(joints.mean(axis=0) - center) for _, joints in visible]
        if distances and min(distances) < side / 2:
            hand, joints = visible[int(np.argmin(np.round(distances, -1)))]
            rows.append((joints, hand.presence, hand.right_score(time), hand.is_hand))
        else:
            rows.append((OPEN_HAND + center, 0.01, 0.5, 0.0))
    joints = np.array([row[0] for row in rows]).reshape(-1, 21, 2)
    presence, right_score, is_hand = np.array([row[1:] for row in rows]).reshape(-1, 3).T
    payload = np.full((len(crops), 3), time, dtype=np.float32)
    return HandObservations(crops, joints, presence, right_score, payload, is_hand)


def detect(hands: Sequence[Hand], time: float) -> Palms:
    """A detector that finds every hand."""
    visible = [joints for hand in hands if (joints := hand.at(time)) is not None]
    points = np.array(visible).reshape(-1, 21, 2)[:, PALM_POINTS]
    box = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return Palms(np.ones(len(points)), box, points)
