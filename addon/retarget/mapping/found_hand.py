"""A hand that was found in a rig: its fingers without what is in the palm and behind the tips. No bpy here."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..rest import RestBone
from .bone_names import PALM_WORDS, read_name
from .skeleton import Chain, Skeleton, distance, finger_length, length

LONGEST_PALM: Final = 2.5
"""Of a finger's length: the way from the wrist to where the finger begins."""

STARTS_WITHIN: Final = 0.55
"""Of the way from the wrist to the second joint: where a chain of four begins if its first bone is in the palm."""

PHALANGES: Final = 3


@dataclass(frozen=True)
class FoundHand:
    """A hand, and its fingers' bones from the knuckles on. side: what names tell, or None."""

    hand: RestBone
    fingers: Mapping[str, Chain]
    side: str | None

    @property
    def bone_count(self) -> int:
        """How many bones the fingers have."""
        return sum(map(len, self.fingers.values()))


def is_far(hand: RestBone, chains: Collection[Chain]) -> bool:
    """Whether fingers begin farther from a bone than they do from their wrist."""
    lengths = [finger_length(chain) for chain in chains if len(chain) > 1]
    starts = [distance(hand, chain[0]) for chain in chains if len(chain) > 1]
    return bool(lengths) and float(np.median(starts)) > LONGEST_PALM * float(np.median(lengths))


def is_short_beside(skeleton: Skeleton, hand: RestBone, chains: Collection[Chain], part: float) -> bool:
    """Whether a hand is short beside the limb at whose end it is; one that hangs from nothing is a hand alone."""
    limb = skeleton.limb(hand)
    whole = length(limb)
    reach = max(distance(hand, chain[0]) + length(chain) for chain in chains)
    return whole <= 0 or reach <= part * whole


def named_side(skeleton: Skeleton, hand: RestBone, chains: Collection[Chain]) -> str | None:
    """The side that most names of a hand's bones tell, else the nearest name on the way to the trunk."""
    names = [hand.name, *(bone.name for chain in chains for bone in chain)]
    told = Counter(side for name in names if (side := read_name(name).side))
    if told:
        return told.most_common(1)[0][0]
    return next((side for bone in skeleton.ancestors(hand) if (side := read_name(bone.name).side)), None)


def phalanges(hand: RestBone, fingers: Mapping[str, Chain]) -> dict[str, Chain]:
    """The fingers without metacarpals in front and end bones behind."""
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
    """The chain without a first bone in the palm, which its name tells, or, in chains of four, the hand's others."""
    named = len(chain) > 1 and read_name(chain[0].name).has(PALM_WORDS)
    return chain[1:] if named or (palms and is_long(chain)) else chain
