"""Estimates hands in stills in three looks: for the position, for the roll and the side, and for the pose."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray
from dahyf_core.camera import Crops, Intrinsics, box_around, upright_crops, upright_rolls
from dahyf_core.detection import overlap
from dahyf_core.hand_model import Side
from dahyf_core.pose import HandEstimates, HandObservations, StillsEstimator
from dahyf_core.tracking import boxed_crops, likelihood, side_evidence
from dahyf_core.tracking.given import EIGHTH_TURNS, LEAST_OVERLAP

VIEWS = ((0.0, 1.0), (-12.0, 1.0), (12.0, 1.0), (0.0, 0.9), (0.0, 1.1))
"""Rolls (degrees) and scales of the patches of the last look, whose results are averaged."""
LEAST_SIDE = 8.0
"""Smallest side of a box, px."""
LARGEST_SIDE = 2.0
"""Largest side of a box, in long sides of its picture."""


@dataclass(frozen=True, eq=False)
class WantedHand:
    """A hand in a picture (H, W, 3), RGB.

    box: (4,) left, top, right, bottom, px, as `sensible_box` makes them. left: whether it is a left hand, None if
    unknown. roll: of a virtual camera in which the fingers may be up.
    """

    image: NDArray[np.uint8]
    box: FloatArray
    left: bool | None
    intrinsics: Intrinsics
    roll: float

    @property
    def sides(self) -> tuple[bool, ...]:
        """Whether to mirror: both ways while the side is unknown."""
        return (False, True) if self.left is None else (self.left,)


def sensible_box(box: FloatArray, width: int, height: int) -> FloatArray:
    """A box (4,) of any numbers for a picture of that size: its middle in it, neither invisibly small nor far larger.

    Both are left, top, right, bottom, px.
    """
    corner, opposite = box.reshape(2, 2)
    middle = np.clip((corner + opposite) / 2, 0, (width, height))
    size = np.clip(opposite - corner, LEAST_SIDE, LARGEST_SIDE * max(width, height))
    return np.concatenate([middle - size / 2, middle + size / 2])


def estimate_hands(estimator: StillsEstimator, hands: Sequence[WantedHand]) -> list[tuple[Side, HandEstimates]]:
    """The side and the one pose of each hand. All hands are looked at in one batch at a time."""
    around = _observe_around(estimator, hands)
    likely = [likelihood(seen, hand.box) for hand, seen in zip(hands, around, strict=True)]
    first = [seen[[worth.argmax()]] for seen, worth in zip(around, likely, strict=True)]
    second = _observe(
        estimator, hands, [_nearer(hand, seen, hand.sides) for hand, seen in zip(hands, first, strict=True)]
    )
    votes = [_votes(seen, worth**2) for seen, worth in zip(around, likely, strict=True)]
    sides = [_is_left(hand, seen, vote) for hand, seen, vote in zip(hands, second, votes, strict=True)]
    near = [seen[seen.crops.mirrored == left] for seen, left in zip(second, sides, strict=True)]
    crops = [_views(_nearer(hand, seen, (left,))) for hand, seen, left in zip(hands, near, sides, strict=True)]
    names: list[Side] = ["left" if left else "right" for left in sides]
    last = _observe(estimator, hands, crops)
    return [(side, estimator.merge(seen, side)) for side, seen in zip(names, last, strict=True)]


def _observe_around(estimator: StillsEstimator, hands: Sequence[WantedHand]) -> list[HandObservations]:
    """Observations of each hand in patches around its box, in eight rolls, because the network needs the fingers up."""
    rolls = [hand.roll + EIGHTH_TURNS for hand in hands]
    return _observe(
        estimator,
        hands,
        [boxed_crops(hand.box, hand.sides, roll, hand.intrinsics) for hand, roll in zip(hands, rolls, strict=True)],
    )


def _observe(estimator: StillsEstimator, hands: Sequence[WantedHand], crops: Sequence[Crops]) -> list[HandObservations]:
    if not hands:
        return []
    return estimator.observe_all([(hand.image, part) for hand, part in zip(hands, crops, strict=True)])


def _nearer(hand: WantedHand, seen: HandObservations, sides: Sequence[bool]) -> Crops:
    """Upright patches, one a mirroring, around the joints of one observation, or the box if they ran away from it."""
    mirrored, joints_2d = np.array(sides), np.repeat(seen.joints_2d, len(sides), axis=0)
    if overlap(box_around(seen.joints_2d[0]), hand.box[None])[0] >= LEAST_OVERLAP:
        return upright_crops(joints_2d, mirrored, hand.intrinsics)
    rolls = upright_rolls(joints_2d, mirrored, hand.intrinsics)
    return Crops.concatenate(
        [boxed_crops(hand.box, [side], [roll], hand.intrinsics) for side, roll in zip(sides, rolls, strict=True)]
    )


def _is_left(hand: WantedHand, seen: HandObservations, vote: float) -> bool:
    """The side of a hand as it is known, or as its observations, and the `vote` of earlier ones, speak for it."""
    return _votes(seen, np.ones(len(seen))) + vote < 0 if hand.left is None else hand.left


def _votes(seen: HandObservations, weights: FloatArray) -> float:
    """Evidence for a right hand (positive) against a left one (negative), of observations with weights (N,)."""
    return float(weights @ side_evidence(seen.right_score, seen.presence))


def _views(crops: Crops) -> Crops:
    """One patch in all VIEWS."""
    turns, scales = np.array(VIEWS).T
    count = len(VIEWS)
    return Crops(
        crops.center.repeat(count, axis=0),
        crops.side * scales,
        crops.roll + np.radians(turns),
        crops.mirrored.repeat(count),
        crops.intrinsics,
    )
