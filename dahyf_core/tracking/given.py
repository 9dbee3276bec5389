"""Hands whose places are known: from a box around each, looked at from all directions, to the patch that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray, IntArray
from dahyf_core.camera import CROP_SCALE, Crops, Intrinsics, box_around, upright_rolls
from dahyf_core.detection import overlap
from dahyf_core.tracking.association import Observation

EIGHTH_TURNS = np.radians(np.arange(0.0, 360.0, 45.0))

LEAST_OVERLAP = 0.3
"""Intersection over union with a given box from which located joints are accepted as those of that hand."""


@dataclass(frozen=True)
class GivenHand:
    """A hand that somebody has seen.

    position: of the frame in the footage. box: (4,) left, top, right, bottom, px, tight around the hand, in the frame
    as it is searched (flipped where the footage is mirrored). side: None if unknown.
    """

    position: int
    box: tuple[float, float, float, float]
    side: Literal["left", "right"] | None = None

    @property
    def mirrorings(self) -> tuple[bool, ...]:
        """Whether to mirror patches of it: both ways while the side is unknown."""
        return (False, True) if self.side is None else (self.side == "left",)


def boxed_crops(
    box: FloatArray, mirrorings: Sequence[bool], rolls: FloatArray | Sequence[float], intrinsics: Intrinsics
) -> Crops:
    """Patches around a box (4,) left, top, right, bottom, px, at each of the rolls (radians) of each mirroring."""
    corner, opposite = box.reshape(2, 2)
    count = len(mirrorings) * len(rolls)
    return Crops(
        np.tile((corner + opposite) / 2, (count, 1)),
        np.full(count, CROP_SCALE * (opposite - corner).max()),
        np.tile(rolls, len(mirrorings)),
        np.repeat(mirrorings, len(rolls)),
        intrinsics,
    )


def likelihood(seen: Observation, box: FloatArray) -> FloatArray:
    """(N,) how well observations show a hand that fills the box (4,) and points up in its patch."""
    fills = overlap(box, box_around(np.asarray(seen.joints_2d)))
    off = upright_rolls(np.asarray(seen.joints_2d), seen.crops.mirrored, seen.crops.intrinsics) - seen.crops.roll
    result: FloatArray = np.asarray(seen.presence) * fills * (1 + np.cos(off)) / 2
    return result


def shows(joints_2d: NDArray[np.floating], hand: GivenHand) -> NDArray[np.bool_]:
    """(N,) which of some hands (N, 21, 2) px, of its frame, are the given one."""
    return overlap(np.array(hand.box, dtype=np.float64), box_around(joints_2d)) >= LEAST_OVERLAP


def given_rows(
    hands: Sequence[GivenHand], position: IntArray, seen: Observation
) -> dict[int, Literal["left", "right"] | None]:
    """Those of observations (R,), of frames `position` (R,), that show a given hand in the frame it was given in.

    Each with the hand's side as far as it is known.
    """
    boxes = box_around(np.asarray(seen.joints_2d))
    return {
        int(row): hand.side
        for hand in hands
        for row in np.flatnonzero((position == hand.position) & (overlap(np.array(hand.box), boxes) >= LEAST_OVERLAP))
    }
