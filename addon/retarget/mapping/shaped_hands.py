"""Hands whose fingers have no names: bones with three to five finger-like chains below them. No bpy here.

They form a pair at the ends of similar limbs, or are a single hand without a body. The thumb is nearest the wrist, and
the other fingers follow across the palm.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import numpy as np

from ...shared.rig_joints import FINGERS
from ..rest import RestBone
from ..rotations import FloatArray
from .bone_names import DEFORMING, read_name
from .found_hand import FoundHand, has_metacarpals, is_far, is_short_beside, named_side, phalanges, without_metacarpal
from .skeleton import Chain, Skeleton, distance, finger_length, length

LONGEST_OF_LIMB: Final = 0.75
"""Greatest distance from an unnamed hand's wrist to the last bone of a finger, in lengths of the limb."""

MOST_UNLIKE: Final = 4.0
"""Greatest ratio between the longest and the shortest of unnamed fingers."""

THUMB_NEARER: Final = 0.87
"""Greatest distance of the thumb's second joint from the wrist, as a fraction of the other fingers'."""

ONE_WAY: Final = 0.75
"""Least cosine between the direction of an unnamed finger and that of most others, without the thumb."""

LIKE_EACH_OTHER: Final = 0.2
"""Greatest relative difference between the lengths of two limbs of one body."""

FEWEST_CHAINS, FEWEST_BONES, MOST_BONES = 3, 2, 5


def shaped_hands(skeleton: Skeleton, obstacles: list[str]) -> Iterator[FoundHand]:
    """The bones with three to five finger-like chains, as a pair or as a single hand."""
    found = []
    for bone in skeleton.bones.values():
        chains = finger_chains(skeleton, bone)
        if chains and is_finger_like(skeleton, bone, chains):
            fingers = fingers_by_place(bone, chains)
            if fingers is None:
                obstacles.append(f"{bone.name} has finger-like chains, but none of them is placed like a thumb")
            elif (odd := odd_one(fingers)) is not None:
                obstacles.append(f"{bone.name} has finger-like chains, but {odd[0].name} points in another direction")
            else:
                found.append(FoundHand(bone, phalanges(bone, fingers), named_side(skeleton, bone, chains)))
    sided = [hand for hand in found if hand.side]
    if len({len(hand.fingers) for hand in sided}) > 1:
        names = " and ".join(hand.hand.name for hand in sided)
        obstacles.append(f"{names} have different numbers of chains, so not all of them are fingers")
        return
    alone = [hand for hand in found if len(found) == 1 and is_hand_alone(skeleton, hand)]
    yield from sided or alone or best_pair(skeleton, found)


def finger_chains(skeleton: Skeleton, hand: RestBone) -> list[Chain]:
    """Three to five chains at a bone. Of more chains, those whose names differ only in numbers."""
    if not read_name(hand.name).may_be_hand:
        return []
    chains = [
        chain
        for child in skeleton.children[hand.name]
        if not read_name(child.name).has(f"{DEFORMING} twist")
        and (chain := skeleton.single_chain(child, MOST_BONES))
        and len(chain) >= FEWEST_BONES
    ]
    if len(chains) > len(FINGERS):
        stems = Counter(read_name(chain[0].name).stem for chain in chains)
        stem, _ = stems.most_common(1)[0]
        chains = [chain for chain in chains if read_name(chain[0].name).stem == stem]
    return chains if FEWEST_CHAINS <= len(chains) <= len(FINGERS) else []


def is_finger_like(skeleton: Skeleton, hand: RestBone, chains: Sequence[Chain]) -> bool:
    """Whether chains are similar, begin near the bone, and are short compared with its limb."""
    lengths = [finger_length(chain) for chain in chains]
    alike = 0 < max(lengths) <= MOST_UNLIKE * min(lengths)
    return alike and not is_far(hand, chains) and is_short_beside(skeleton, hand, chains, LONGEST_OF_LIMB)


def is_hand_alone(skeleton: Skeleton, hand: FoundHand) -> bool:
    """Whether the rig is only one hand, with an arm at most: no trunk, no other limb."""
    return all(len(skeleton.children[bone.parent]) == 1 for bone in skeleton.limb(hand.hand))


def best_pair(skeleton: Skeleton, found: Sequence[FoundHand]) -> tuple[FoundHand, ...]:
    """The two similar hands at the ends of similar limbs. Of several pairs, the one with the most fingers."""
    pairs = [pair for pair in combinations(found, 2) if is_pair(skeleton, *pair)]
    return max(pairs, key=lambda pair: pair[0].bone_count + pair[1].bone_count, default=())


def is_pair(skeleton: Skeleton, first: FoundHand, second: FoundHand) -> bool:
    """Whether two hands have similar fingers and are at the ends of similar limbs of one trunk."""
    limbs = [skeleton.limb(hand.hand) for hand in (first, second)]
    lengths = [length(limb) for limb in limbs]
    alike = abs(lengths[0] - lengths[1]) <= LIKE_EACH_OTHER * max(lengths)
    return len(first.fingers) == len(second.fingers) and alike and limbs[0][-1].name == limbs[1][-1].name


def fingers_by_place(hand: RestBone, chains: Sequence[Chain]) -> dict[str, Chain] | None:
    """Names for unnamed chains: the thumb's second joint is nearest the wrist, the rest follow across the palm.

    None where no chain is nearer than the others: without a thumb, index and little finger cannot be told apart.
    """
    palms = has_metacarpals(hand, chains)
    thumb = min(chains, key=lambda chain: distance(hand, chain[1]))
    others = [chain for chain in chains if chain is not thumb]
    knuckles = np.array([without_metacarpal(chain, palms)[0].head for chain in others])
    way, *ways = (distance(hand, without_metacarpal(chain, palms)[1]) for chain in (thumb, *others))
    if way > THUMB_NEARER * float(np.median(ways)):
        return None
    across = across_palm(hand, knuckles)
    places = (knuckles - thumb[1].head) @ across
    order = np.argsort(places if places.mean() > 0 else -places)
    return dict(zip(FINGERS, (thumb, *(others[place] for place in order)), strict=False))


def odd_one(fingers: Mapping[str, Chain]) -> Chain | None:
    """A chain that points in another direction than most fingers, without the thumb; None where all agree."""
    others = [chain for finger, chain in fingers.items() if finger != "thumb"]
    ways = np.array([chain[1].head - chain[0].head for chain in others])
    ways = ways / np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-12)
    agreement = np.median(ways @ ways.T, axis=1)
    return others[int(agreement.argmin())] if agreement.min() < ONE_WAY else None


def across_palm(hand: RestBone, knuckles: FloatArray) -> FloatArray:
    """(3,) the direction in which the knuckles (K, 3) are side by side, perpendicular to that from the wrist."""
    middle = knuckles.mean(axis=0)
    along = (middle - hand.head) / max(float(np.linalg.norm(middle - hand.head)), 1e-12)
    beside = knuckles - middle
    direction: FloatArray = np.linalg.svd(beside - np.outer(beside @ along, along))[2][0]
    return direction
