"""Hands whose fingers are named. No bpy here."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Final

from ...shared.rig_joints import FINGERS
from ..rest import RestBone
from .bone_names import DEFORMING, END_WORDS, HAND_WORDS, read_name
from .found_hand import PHALANGES, FoundHand, is_far, is_short_beside, named_side, phalanges
from .skeleton import Chain, Skeleton

LEVELS: Final = 4
"""Levels below the hand at which a finger may begin, as metacarpals, palm bones and helpers may lie between."""

FEWEST_FINGERS: Final = 2

MOST_NAMED: Final = 4
"""Most bones that a clause lists."""


def named_hands(skeleton: Skeleton, held: Collection[str], obstacles: list[str]) -> Iterator[FoundHand]:
    """The bones with two or more named fingers below them, each the nearest to its fingers."""
    by_hand: dict[str, dict[str, list[Chain]]] = defaultdict(lambda: defaultdict(list))
    chains = list(named_chains(skeleton))
    loose = [chain[0].name for chain in chains if chain[0].parent is None]
    if len(loose) >= FEWEST_FINGERS:
        obstacles.append(f"{', '.join(loose[:MOST_NAMED])} and similar bones have no parent, so there is no hand bone")
    for chain in chains:
        finger = read_name(chain[0].name).finger or ""
        for ancestor in islice(skeleton.ancestors(chain[0]), LEVELS):
            by_hand[ancestor.name][finger].append(chain)
    candidates = {name: fingers for name, fingers in by_hand.items() if len(fingers) >= FEWEST_FINGERS}
    for name, fingers in candidates.items():
        hand = skeleton.bones[name]
        nearer = [
            other
            for other, has in candidates.items()
            if len(has) >= len(fingers) and skeleton.hangs_from(skeleton.bones[other], hand)
        ]
        if nearer:
            continue
        chosen: dict[str, Chain] = {
            finger: min(fingers[finger], key=lambda chain: unsuited(chain, held))
            for finger in FINGERS
            if finger in fingers
        }
        reason = against_named_hand(skeleton, hand, chosen)
        if reason is None:
            yield FoundHand(hand, phalanges(hand, chosen), named_side(skeleton, hand, chosen.values()))
        else:
            obstacles.append(reason)


def named_chains(skeleton: Skeleton) -> Iterator[Chain]:
    """Chains of bones that are named after one finger, without end bones."""
    named = {
        bone.name: meaning
        for bone in skeleton.bones.values()
        if (meaning := read_name(bone.name)).finger and not meaning.has(END_WORDS)
    }
    inner: set[str] = set()
    chains = []
    for name, meaning in named.items():
        bone = skeleton.bones[name]
        above = [
            ancestor
            for ancestor in skeleton.ancestors(bone)
            if ancestor.name in named and named[ancestor.name].finger == meaning.finger
        ]
        inner.update(ancestor.name for ancestor in above)
        chains.append((*reversed(above), bone))
    yield from (chain for chain in chains if chain[-1].name not in inner)


def unsuited(chain: Chain, held: Collection[str]) -> tuple[int, bool, int]:
    """Sort key for chains of one finger; the least is used. Free controls with all their bones come first."""
    deforming = any(read_name(bone.name).has(DEFORMING) for bone in chain)
    return sum(bone.name in held for bone in chain), deforming, -min(len(chain), PHALANGES)


def against_named_hand(skeleton: Skeleton, hand: RestBone, fingers: Mapping[str, Chain]) -> str | None:
    """Why a bone with named fingers is not a hand, as a clause, or None."""
    names = ", ".join(chain[0].name for chain in fingers.values())
    if not read_name(hand.name).may_be_hand:
        return f"{names} are below {hand.name}, which is not a hand by its name; there is no bone at their wrist"
    if is_far(hand, fingers.values()):
        return f"{names} begin too far from {hand.name} to be its fingers; there is no bone at their wrist"
    if not read_name(hand.name).has(HAND_WORDS) and not is_short_beside(skeleton, hand, fingers.values(), 1.0):
        return f"{names} are longer than the limb that ends in {hand.name}"
    return None
