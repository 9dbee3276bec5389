"""Which of a rig's hands is the left one, where no name tells it. No bpy here.

The body's axes tell it, wherever the body faces: left is up x forward. Up goes from the hips to the chest. Forward is
the direction of feet and eyes, and of the thumbs of arms at rest. A single hand tells it too: its fingers curl, and its
thumb points, towards the palm.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from ..rest import RestBone
from ..rotations import FloatArray
from .bone_names import read_name
from .skeleton import Chain, Skeleton, distance, unit_or_none

Fingers = Mapping[str, Chain]

SURE: Final = 0.05
"""Least absolute value, as a sine or cosine, at which a measure counts."""

FORWARD_WORDS: Final = (("foot feet ankle 足首", "toe toes ball つま先"), ("head 頭", "eye eyes jaw nose 目"))
"""Words of bones, each with words of bones below them that lie in front of them."""


def left_sign(skeleton: Skeleton, hand: RestBone, fingers: Fingers, other: Sequence[tuple[RestBone, Fingers]]) -> float:
    """Positive for a left hand, negative for a right one, zero if unknown.

    other: the rig's other hands, which help to find the trunk's middle and the thumbs' direction.
    """
    votes = [palm_vote(hand, fingers)]
    limb = skeleton.limb(hand)
    trunk = limb[-1]
    up = body_up(skeleton, trunk)
    if len(limb) > 1 and up is not None:
        middle = np.mean([trunk.head, *(skeleton.limb(each)[-1].head for each, _ in other)], axis=0)
        outwards = hand.head - middle
        for forward in forwards(skeleton, [(hand, fingers), *other]):
            left = np.cross(up, forward)
            votes.append(sure(left @ outwards / (np.linalg.norm(left) * np.linalg.norm(outwards))) if left.any() else 0)
    return float(sum(votes))


def sure(measure: float) -> float:
    """-1 or 1, or 0 where the measure is too near zero to tell."""
    return float(np.sign(measure)) if abs(measure) > SURE else 0.0


def body_up(skeleton: Skeleton, trunk: RestBone) -> FloatArray | None:
    """The body's up direction: from the trunk's innermost bone at another place to the bone of the arms; or None."""
    for ancestor in reversed(list(skeleton.ancestors(trunk))):
        if distance(ancestor, trunk) > 0.1 * skeleton.reaches[trunk.name]:
            return unit_or_none(trunk.head - ancestor.head)
    return None


def forwards(skeleton: Skeleton, hands: Sequence[tuple[RestBone, Fingers]]) -> Iterator[FloatArray]:
    """Estimates of the body's forward direction, each from other bones."""
    for behind, before in FORWARD_WORDS:
        ways = [
            child.head - bone.head
            for bone in skeleton.bones.values()
            if read_name(bone.name).has(behind)
            for child in skeleton.children[bone.name]
            if read_name(child.name).has(before)
        ]
        if ways:
            yield np.sum(ways, axis=0)
    thumbs = [way for hand, fingers in hands if (way := thumbwards(hand, fingers)) is not None]
    if thumbs:
        yield np.sum(thumbs, axis=0)


def thumbwards(hand: RestBone, fingers: Fingers) -> FloatArray | None:
    """The direction across the palm to the thumb's side, perpendicular to that from wrist to knuckles; or None."""
    knuckles = [chain[0].head for finger, chain in fingers.items() if finger != "thumb"]
    if not knuckles:
        return None
    along = unit_or_none(np.mean(knuckles, axis=0) - hand.head)
    way = knuckles[0] - knuckles[-1]
    if "thumb" in fingers:
        way = fingers["thumb"][-1].head - np.mean(knuckles, axis=0)
    return None if along is None else unit_or_none(way - (way @ along) * along)


def palm_vote(hand: RestBone, fingers: Fingers) -> float:
    """1 for a left, -1 for a right hand, by the side to which fingers curl and the thumb points; 0 for a flat hand."""
    across = thumbwards(hand, fingers)
    others = [chain for finger, chain in fingers.items() if finger != "thumb"]
    if across is None or not others:
        return 0.0
    along = np.mean([chain[0].head for chain in others], axis=0) - hand.head
    right_palm = unit_or_none(np.cross(across, along))
    if right_palm is None:
        return 0.0
    bends = [bend for chain in others for bend in curls(chain)]
    curl = sum((float(right_palm @ bend) for bend in bends), 0.0) / max(len(bends), 1)
    thumb = 0.0
    if "thumb" in fingers:
        way = unit_or_none(fingers["thumb"][-1].head - hand.head)
        thumb = 0.0 if way is None else float(right_palm @ way)
    return -(sure(curl) or sure(thumb))


def curls(chain: Chain) -> Iterator[FloatArray]:
    """For each inner joint of a finger, how its direction changes there."""
    ways = [unit_or_none(after.head - before.head) for before, after in pairwise(chain)]
    for before, after in pairwise(ways):
        if before is not None and after is not None:
            yield after - before
