"""Measures whether the estimated hand follows when a photograph is mirrored, rolled, shifted or scaled.

Every system gets only the box of the hand, moved along with the picture. It does not get the side or direction.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Intrinsics
from dahyf_core.datasets import Sample
from dahyf_core.evaluation.yardsticks.inputs import Inputs, samples
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.systems import System
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.hand_model import Side
from dahyf_core.metrics import epe, to_palm_size
from dahyf_core.pose import HandEstimates

NAME = "equivariance"
PHOTOGRAPHS = 200
OTHER_SIDE: dict[Side, Side] = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class Change:
    """A picture seen by another camera at the same place.

    turn: (2, 2), orthogonal, of the camera's x and y axes. scale: of the picture. shift: (2,), of the picture with its
    principal point, in sides of the hand's box.
    """

    turn: Array
    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def turn_3d(self) -> Array:
        """(3, 3), of points and, for a change without a mirror, of rotations."""
        result = np.eye(3)
        result[:2, :2] = self.turn
        return result

    @property
    def mirrors(self) -> bool:
        return bool(np.linalg.det(self.turn) < 0)


def roll(degrees: float) -> Array:
    """(2, 2), clockwise in the picture."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])


UNCHANGED = Change(np.eye(2))
CHANGES = {
    "mirror": Change(np.diag((-1.0, 1.0))),
    **{f"roll {degrees:+d} degrees": Change(roll(degrees)) for degrees in (-45, -20, 20, 45, 90)},
    "shift": Change(np.eye(2), shift=(0.13, -0.09)),
    "scale 0.7": Change(np.eye(2), scale=0.7),
    "scale 1.3": Change(np.eye(2), scale=1.3),
}


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Distances from the transformed hand of the unchanged picture, in mm for a palm of PALM_MM."""
    dataset = inputs.photographs()
    truth = list(samples(dataset, inputs.rows(len(dataset), PHOTOGRAPHS)))
    sources = np.array([sample.source for sample in truth])
    for system in systems:
        tell = Teller(NAME, system.name)
        before = [look(system, sample, UNCHANGED) for sample in truth]
        for name, change in CHANGES.items():
            after = [look(system, sample, change) for sample in truth]
            answers = list(zip(before, after, strict=True))
            both = np.array([was is not None and now is not None for was, now in answers], np.bool_)
            pairs = [(was, now) for was, now in answers if was is not None and now is not None]
            kept = np.array([keeps_side(was[0], now[0], change) for was, now in pairs], np.bool_)
            followed = [pair for pair, right in zip(pairs, kept, strict=True) if right]
            yield tell.share(f"{name}: found both times", both, sources)
            yield tell.share(f"{name}: side followed", kept, sources[both])
            if followed:
                turns, steps = np.array([distances(was[1], now[1], change) for was, now in followed]).T
                yield tell.spread(f"{name}: wrist", "degrees", turns, sources[both][kept])
                yield tell.spread(f"{name}: joints", "mm", steps, sources[both][kept])


def look(system: System, sample: Sample, change: Change) -> tuple[Side, HandEstimates] | None:
    """A system's answer for the changed picture."""
    picture, intrinsics, joints = changed(sample, change)
    return system.look_in(picture, np.concatenate([joints.min(axis=0), joints.max(axis=0)]), intrinsics)


def changed(sample: Sample, change: Change) -> tuple[Image, Intrinsics, Array]:
    """The picture, its camera and the joints (21, 2) px after a change. The picture grows if necessary."""
    height, width = sample.image.shape[:2]
    corners = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], dtype=float)
    side = np.ptp(sample.joints_2d, axis=0).max()
    principal = np.array([sample.intrinsics.cx, sample.intrinsics.cy])
    linear = change.scale * change.turn
    moved = (corners - principal) @ linear.T
    offset = np.maximum(np.array(change.shift) * side, 0) - moved.min(axis=0)
    size = np.ceil(np.ptp(moved, axis=0) + np.abs(change.shift) * side).astype(int) + 1
    affine = np.column_stack([linear, offset - linear @ principal])
    picture = cv2.warpAffine(sample.image, affine, size.tolist(), borderMode=cv2.BORDER_REPLICATE)
    focal = change.scale * sample.intrinsics.fx
    intrinsics = Intrinsics(focal, focal, float(offset[0]), float(offset[1]), int(size[0]), int(size[1]))
    return np.asarray(picture, np.uint8), intrinsics, (sample.joints_2d - principal) @ linear.T + offset


def keeps_side(before: Side, after: Side, change: Change) -> bool:
    """Whether the hand has the expected side."""
    return after == (OTHER_SIDE[before] if change.mirrors else before)


def distances(before: HandEstimates, after: HandEstimates, change: Change) -> tuple[float, float]:
    """Errors of the wrist's rotation (degrees) and of the joints (mm, wrist heads aligned)."""
    wrist, new_wrist = (matrix_from_axis_angle(hand.pose[:, 0]) for hand in (before, after))
    mirror = np.diag((-1.0, 1.0, 1.0)) if change.mirrors else np.eye(3)
    expected = change.turn_3d @ wrist @ mirror
    joints = to_palm_size(before.joints_3d) @ change.turn_3d.T
    degrees = np.degrees(angle_between(expected, new_wrist))
    return float(degrees[0]), float(epe(joints, to_palm_size(after.joints_3d))[0])
