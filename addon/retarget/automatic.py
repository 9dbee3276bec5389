"""Which bone is which joint in a rig that no preset knows: by names, else by hierarchy and rest pose. No bpy here.

A hand is a bone at the end of a limb from which two to five fingers part: chains of bones that are short beside the
limb and begin near the wrist. Names tell which finger is which (`RightHandIndex1`, `f_pinky.02.L`, `中指`). Where they
do not, the shape does: the thumb is nearest the wrist; the others follow in the order of their distance from it. Sides
come from names, else from the body (`sides`). What is no hand by its name (a foot, the chest) is none, whatever hangs
from it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Final

import numpy as np

from .bone_names import DEFORMING, END_WORDS, HAND_WORDS, PALM_WORDS, read_name
from .joints import FINGERS, SIDES, finger_joints, hand_joint
from .presets import Preset
from .sides import left_sign
from .skeleton import Chain, Skeleton, distance, finger_length, length
from .solve import FloatArray, RestBone

Bones = Mapping[str, RestBone]

LEVELS: Final = 4
"""How far below the hand a finger may begin: metacarpals, palms and helpers lie between."""

LONGEST_PALM: Final = 2.5
"""Of a finger's length: the way from the wrist to where the finger begins."""

LONGEST_OF_LIMB: Final = 0.75
"""Of the limb's length: the way from an unnamed hand's wrist to a fingertip's bone."""

MOST_UNLIKE: Final = 4.0
"""How many times as long as the shortest the longest of unnamed fingers may be."""

STARTS_WITHIN: Final = 0.55
"""Of the way from the wrist to the second joint: where a chain of four begins if its first bone is in the palm."""

THUMB_BASE_WITHIN: Final = 0.6
"""Of the way from the wrist to the knuckles: where the first of a thumb's two bones begins if it is the metacarpal."""

THUMB_NEARER: Final = 0.87
"""The thumb's second joint is nearer to the wrist than this part of the others' way."""

ONE_WAY: Final = 0.75
"""The least cosine between the ways that an unnamed finger and most others point, the thumb apart."""

LIKE_EACH_OTHER: Final = 0.2
"""By how much of it the lengths of two limbs of one body may differ."""

FEWEST_FINGERS, FEWEST_CHAINS, FEWEST_BONES, MOST_BONES = 2, 3, 2, 5
PHALANGES: Final = 3
MOST_NAMED: Final = 4


@dataclass(frozen=True)
class FoundHand:
    """A hand, and its fingers' bones from the knuckles on. side: what names tell, or None."""

    hand: RestBone
    fingers: Mapping[str, Chain]
    side: str | None


@dataclass(frozen=True)
class Findings:
    """hands by side. obstacles: why what is like a hand was not taken, in clauses. spare: hands beyond one a side."""

    hands: Mapping[str, FoundHand]
    obstacles: tuple[str, ...]
    spare: tuple[str, ...] = ()


def automatic_preset(name: str, bones: Bones, held: Collection[str] = ()) -> Preset:
    """The joints that were found in a rig of this name, none where it has no hands."""
    return preset_of(name, find_hands(bones, held))


def preset_of(name: str, findings: Findings) -> Preset:
    """What was found as a preset."""
    found: dict[str, str] = {}
    for side, hand in findings.hands.items():
        found[hand_joint(side)] = hand.hand.name
        for finger, chain in hand.fingers.items():
            found.update(joints_of_chain(side, finger, chain, hand))
    notes = [f"In the rig {name}, {obstacle}." for obstacle in findings.obstacles if len(findings.hands) < len(SIDES)]
    if findings.spare:
        taken = " and ".join(hand.hand.name for hand in findings.hands.values())
        notes.append(
            f"The rig {name} has more hands than two; {taken} were taken, {', '.join(findings.spare)} left out."
        )
    return Preset(name, found, "found by names, hierarchy and rest pose", notes=tuple(notes))


def find_hands(bones: Bones, held: Collection[str] = ()) -> Findings:
    """The hands of a rig. held: bones that something else turns, which are taken only where nothing else is there."""
    skeleton = Skeleton(bones)
    obstacles: list[str] = []
    found = list(named_hands(skeleton, held, obstacles)) or list(shaped_hands(skeleton, obstacles))
    hands = on_sides(skeleton, found, obstacles)
    taken = {hand.hand.name for hand in hands.values()}
    spare = tuple(hand.hand.name for hand in found if hands and hand.hand.name not in taken)
    return Findings(hands, tuple(obstacles), spare)


def named_hands(skeleton: Skeleton, held: Collection[str], obstacles: list[str]) -> Iterator[FoundHand]:
    """The bones from which two fingers or more part that are named, each the nearest to its fingers."""
    by_hand: dict[str, dict[str, list[Chain]]] = defaultdict(lambda: defaultdict(list))
    chains = list(named_chains(skeleton))
    loose = [chain[0].name for chain in chains if chain[0].parent is None]
    if len(loose) >= FEWEST_FINGERS:
        obstacles.append(f"{', '.join(loose[:MOST_NAMED])} and the like hang from no bone, so no hand would carry them")
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
        chosen = {
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
    """Bones that are named after one finger and hang from one another, as far as they go without end bones."""
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
    """Of several chains of one finger the least is taken: free, a control, with all its bones."""
    deforming = any(read_name(bone.name).has(DEFORMING) for bone in chain)
    return sum(bone.name in held for bone in chain), deforming, -min(len(chain), PHALANGES)


def against_named_hand(skeleton: Skeleton, hand: RestBone, fingers: Mapping[str, Chain]) -> str | None:
    """Why a bone with named fingers is no hand, as a clause, or None."""
    names = ", ".join(chain[0].name for chain in fingers.values())
    if not read_name(hand.name).may_be_hand:
        return f"{names} hang from {hand.name}, which is no hand by its name; there is no bone at their wrist"
    if is_far(hand, fingers.values()):
        return f"{names} begin too far from {hand.name} for its fingers; there is no bone at their wrist"
    if not read_name(hand.name).has(HAND_WORDS) and not is_short_beside(skeleton, hand, fingers.values(), 1.0):
        return f"{names} are longer than the limb at whose end {hand.name} is"
    return None


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


def shaped_hands(skeleton: Skeleton, obstacles: list[str]) -> Iterator[FoundHand]:
    """The bones from which three to five chains part as fingers do; without names they come as a pair, or alone."""
    found = []
    for bone in skeleton.bones.values():
        chains = finger_chains(skeleton, bone)
        if chains and is_finger_like(skeleton, bone, chains):
            fingers = fingers_by_place(bone, chains)
            if fingers is None:
                obstacles.append(f"{bone.name} has chains like fingers, but none of them stands as a thumb does")
            elif (odd := odd_one(fingers)) is not None:
                obstacles.append(f"{bone.name} has chains like fingers, but {odd[0].name} points another way")
            else:
                found.append(FoundHand(bone, phalanges(bone, fingers), named_side(skeleton, bone, chains)))
    sided = [hand for hand in found if hand.side]
    if len({len(hand.fingers) for hand in sided}) > 1:
        names = " and ".join(hand.hand.name for hand in sided)
        obstacles.append(f"{names} have not as many chains as each other, so not all of them are fingers")
        return
    alone = [hand for hand in found if len(found) == 1 and is_hand_alone(skeleton, hand)]
    yield from sided or alone or best_pair(skeleton, found)


def finger_chains(skeleton: Skeleton, hand: RestBone) -> list[Chain]:
    """Three to five chains at a bone; of more, those that have one name but for numbers."""
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
    """Whether chains are like one another, begin near the bone, and are short beside its limb."""
    lengths = [finger_length(chain) for chain in chains]
    alike = 0 < max(lengths) <= MOST_UNLIKE * min(lengths)
    return alike and not is_far(hand, chains) and is_short_beside(skeleton, hand, chains, LONGEST_OF_LIMB)


def is_hand_alone(skeleton: Skeleton, hand: FoundHand) -> bool:
    """Whether nothing but an arm carries a hand: no trunk, no other limb."""
    return all(len(skeleton.children[bone.parent]) == 1 for bone in skeleton.limb(hand.hand))


def best_pair(skeleton: Skeleton, found: Sequence[FoundHand]) -> tuple[FoundHand, ...]:
    """The two hands that are each other's like at the ends of like limbs, of several pairs that with most fingers."""
    pairs = [pair for pair in combinations(found, 2) if is_pair(skeleton, *pair)]
    return max(pairs, key=lambda pair: bone_count(*pair), default=())


def bone_count(*hands: FoundHand) -> int:
    """How many bones the hands' fingers have."""
    return sum(len(chain) for hand in hands for chain in hand.fingers.values())


def is_pair(skeleton: Skeleton, first: FoundHand, second: FoundHand) -> bool:
    """Whether two hands have like fingers and are at the ends of like limbs of one trunk, neither within the other."""
    limbs = [skeleton.limb(hand.hand) for hand in (first, second)]
    lengths = [length(limb) for limb in limbs]
    alike = abs(lengths[0] - lengths[1]) <= LIKE_EACH_OTHER * max(lengths)
    return len(first.fingers) == len(second.fingers) and alike and limbs[0][-1].name == limbs[1][-1].name


def fingers_by_place(hand: RestBone, chains: Sequence[Chain]) -> dict[str, Chain] | None:
    """Names for unnamed chains: the thumb's second joint is nearest the wrist, the rest follow across the palm.

    None where no chain is nearer than the others: without a thumb one cannot tell the index from the little finger.
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
    """A chain that points another way than most fingers, the thumb apart; None where all agree."""
    others = [chain for finger, chain in fingers.items() if finger != "thumb"]
    ways = np.array([chain[1].head - chain[0].head for chain in others])
    ways = ways / np.maximum(np.linalg.norm(ways, axis=1, keepdims=True), 1e-12)
    agreement = np.median(ways @ ways.T, axis=1)
    return others[int(agreement.argmin())] if agreement.min() < ONE_WAY else None


def across_palm(hand: RestBone, knuckles: FloatArray) -> FloatArray:
    """(3,) the direction in which the knuckles (K, 3) lie side by side, square to the way from the wrist."""
    middle = knuckles.mean(axis=0)
    along = (middle - hand.head) / max(float(np.linalg.norm(middle - hand.head)), 1e-12)
    beside = knuckles - middle
    direction: FloatArray = np.linalg.svd(beside - np.outer(beside @ along, along))[2][0]
    return direction


def on_sides(skeleton: Skeleton, found: Sequence[FoundHand], obstacles: list[str]) -> dict[str, FoundHand]:
    """The hands by side: what names tell, else what the body tells, else what the other hand leaves."""
    by_side: dict[str, FoundHand] = {}
    unknown = []
    for hand in found:
        if hand.side is None:
            unknown.append(hand)
        elif hand.side not in by_side or bone_count(hand) > bone_count(by_side[hand.side]):
            by_side[hand.side] = hand
    if unknown and not by_side:
        by_side.update(by_body(skeleton, unknown[: len(SIDES)], obstacles))
    elif len(unknown) == 1 and len(by_side) == 1:
        by_side["left" if "right" in by_side else "right"] = unknown[0]
    return {side: by_side[side] for side in SIDES if side in by_side}


def by_body(skeleton: Skeleton, hands: Sequence[FoundHand], obstacles: list[str]) -> dict[str, FoundHand]:
    """One hand, or two, by side, as the body or the palms tell; none where they contradict one another."""
    signs = []
    for hand in hands:
        others = [(other.hand, other.fingers) for other in hands if other is not hand]
        signs.append(np.sign(left_sign(skeleton, hand.hand, hand.fingers, others)))
    if 0 in signs or len(set(signs)) < len(hands):
        names = " and ".join(hand.hand.name for hand in hands)
        obstacles.append(f"neither names nor the body tell whether {names} is left or right")
        return {}
    return {"left" if sign > 0 else "right": hand for sign, hand in zip(signs, hands, strict=True)}


def joints_of_chain(side: str, finger: str, chain: Chain, hand: FoundHand) -> dict[str, str]:
    """A finger's bones by joint. Two bones are the first and the last, but those of a thumb that begins far out."""
    first, second, third = finger_joints(side, finger)
    joints = (first, third) if len(chain) == FEWEST_BONES else (first, second, third)
    if finger == "thumb" and len(chain) == FEWEST_BONES and begins_far_out(chain, hand):
        joints = (second, third)
    return {joint: bone.name for joint, bone in zip(joints, chain, strict=False)}


def begins_far_out(chain: Chain, hand: FoundHand) -> bool:
    """Whether a thumb of two bones lacks the one in the palm: it begins near the height of the knuckles."""
    knuckles = [distance(hand.hand, other[0]) for finger, other in hand.fingers.items() if finger != "thumb"]
    return bool(knuckles) and distance(hand.hand, chain[0]) > THUMB_BASE_WITHIN * float(np.mean(knuckles))
