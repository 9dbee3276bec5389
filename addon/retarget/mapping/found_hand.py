"""A hand found in a rig: its fingers without metacarpals and end bones. No bpy here."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..rest import RestBone
from .bone_names import PALM_WORDS, read_name
from .skeleton import Chain, Skeleton, distance, finger_length, length

LONGEST_PALM: Final = 2.5
"""Greatest distance from the wrist to a finger's first bone, in lengths of the finger."""

STARTS_WITHIN: Final = 0.55
"""Fraction of the way from the wrist to the second joint below which the first of four bones is a metacarpal."""

PHALANGES: Final = 3


@dataclass(frozen=True)
class FoundHand:
    """A hand bone, and its fingers' bones from the knuckles on. side: from the bone names, or None."""

    hand: RestBone
    fingers: Mapping[str, Chain]
    side: str | None

    @property
    def bone_count(self) -> int:
        """How many bones the fingers have."""
        return sum(map(len, self.fingers.values()))


def is_far(hand: RestBone, chains: Collection[Chain]) -> bool:
    """Whether fingers begin too far from a bone for it to be their wrist."""
    lengths = [finger_length(chain) for chain in chains if len(chain) > 1]
    starts = [distance(hand, chain[0]) for chain in chains if len(chain) > 1]
    return bool(lengths) and float(np.median(starts)) > LONGEST_PALM * float(np.median(lengths))


def is_short_beside(skeleton: Skeleton, hand: RestBone, chains: Collection[Chain], part: float) -> bool:
    """Whether a hand is short compared with its limb. True for a hand without a parent."""
    limb = skeleton.limb(hand)
    whole = length(limb)
    reach = max(distance(hand, chain[0]) + length(chain) for chain in chains)
    return whole <= 0 or reach <= part * whole


def named_side(skeleton: Skeleton, hand: RestBone, chains: Collection[Chain]) -> str | None:
    """The side in most names of a hand's bones, else in the nearest name on the way to the trunk."""
    names = [hand.name, *(bone.name for chain in chains for bone in chain)]
    told = Counter(side for name in names if (side := read_name(name).side))
    if told:
        return told.most_common(1)[0][0]
    return next((side for bone in skeleton.ancestors(hand) if (side := read_name(bone.name).side)), None)


def phalanges(hand: RestBone, fingers: Mapping[str, Chain]) -> dict[str, Chain]:
    """The fingers without metacarpals and end bones."""
    palms = has_metacarpals(hand, fingers.values())
    return {
        finger: (chain if finger == "thumb" else without_metacarpal(chain, palms))[:PHALANGES]
        for finger, chain in fingers.items()
    }


def has_metacarpals(hand: RestBone, chains: Collection[Chain]) -> bool:
    """Whether most chains of four begin so near the wrist that their first bone is a metacarpal."""
    near = [distance(hand, chain[0]) < STARTS_WITHIN * distance(hand, chain[1]) for chain in chains if is_long(chain)]
    return sum(near) * 2 > len(near)


def is_long(chain: Chain) -> bool:
    """Whether a chain has more bones than a finger beyond the palm."""
    return len(chain) > PHALANGES


def without_metacarpal(chain: Chain, palms: bool) -> Chain:
    """The chain without a metacarpal: a first bone so named or, in chains of four, where the hand's others have one."""
    named = len(chain) > 1 and read_name(chain[0].name).has(PALM_WORDS)
    return chain[1:] if named or (palms and is_long(chain)) else chain
