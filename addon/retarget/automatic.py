"""Which bone is which joint in a rig that no preset knows: by names, else by hierarchy and rest pose. No bpy here.

A finger is a chain of bones below the hand. Its name tells which one it is (`RightHandIndex1`, `f_pinky.02.L`, `中指`).
Where names tell nothing, the shape does: a hand is a bone from which several chains part; left is +X, as for a
character that faces -Y; the thumb is nearest the wrist; the others follow in the order of their distance from it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from .joints import FINGERS, SIDES, finger_joints, hand_joint
from .presets import Preset
from .solve import RestBone

Bones = Mapping[str, RestBone]
Chain = tuple[RestBone, ...]

FINGER_WORDS: Final = {
    "thumb": ("thumb", "親指"),
    "index": ("index", "pointer", "forefinger", "人指", "人差指"),
    "middle": ("middle", "mid", "中指"),
    "ring": ("ring", "薬指"),
    "little": ("little", "pinky", "pinkie", "小指"),
}
SIDE_WORDS: Final = {"left": ("left", "l", "左"), "right": ("right", "r", "右")}
PALM_WORDS: Final = ("metacarpal", "carpal", "palm", "meta")
END_WORDS: Final = ("end", "tip", "nub", "leaf")
OTHER_WORDS: Final = (
    "toe",
    "toes",
    "foot",
    "twist",
    "ik",
    "master",
    "pole",
    "target",
    "drv",
    "mch",
    "org",
    "tweak",
    "face",
)
"""Words of bones that carry a finger's name or hang by a hand, and are no finger."""

METACARPAL_STARTS_WITHIN: Final = 0.4
"""Of the way from the wrist to the second joint: where the first bone of a long chain begins if it lies in the palm."""
FEWEST_CHAINS, FEWEST_BONES, MOST_BONES = 3, 2, 5


def automatic_preset(name: str, bones: Bones) -> Preset:
    """The joints that were found in a rig of this name; a hand needs a bone at the wrist and two fingers."""
    by_name = dict(named_chains(bones))
    found: dict[str, str] = {}
    for side in SIDES:
        chains = {finger: by_name[side, finger] for finger in FINGERS if (side, finger) in by_name}
        hand = common_parent(bones, list(chains.values())) if len(chains) > 1 else None
        if hand is None:
            hand, chains = shaped_hand(bones, side) or (None, {})
        if hand is not None:
            found[hand_joint(side)] = hand.name
            for finger, chain in chains.items():
                found.update(joints_of_chain(side, finger, chain, hand))
    return Preset(name, found, "found by names, hierarchy and rest pose")


def words(name: str) -> list[str]:
    """The words of a bone's name, in lower case, numbers apart: `RightHandIndex1` is right, hand, index, 1."""
    spaced = re.sub(r"([左右指])", r" \1 ", name.rpartition(":")[2]).replace(" 指", "指")
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_a-zA-Z]+|\d+", spaced)]


def side_of(found: Sequence[str], bone: RestBone) -> str:
    """The side that a name's words tell, else the one that the bone lies on."""
    for side, of_side in SIDE_WORDS.items():
        if set(of_side) & set(found):
            return side
    return "left" if bone.head[0] > 0 else "right"


def named_chains(bones: Bones) -> Iterator[tuple[tuple[str, str], Chain]]:
    """The chain of each finger that is named: of the bones with its name, those that hang from one another."""
    named: dict[tuple[str, str], list[RestBone]] = defaultdict(list)
    for bone in bones.values():
        found = words(bone.name)
        fingers = [finger for finger, of_finger in FINGER_WORDS.items() if set(of_finger) & set(found)]
        if len(fingers) == 1 and not set(OTHER_WORDS + END_WORDS) & set(found):
            named[side_of(found, bone), fingers[0]].append(bone)
    for key, members in named.items():
        names = {bone.name for bone in members}
        chains = [chain_to(bone, bones, names) for bone in members]
        yield key, max(chains, key=len)


def chain_to(bone: RestBone, bones: Bones, names: set[str]) -> Chain:
    """The bone and those above it that have one of these names, the topmost first."""
    chain = [bone]
    for ancestor in ancestors(bone, bones):
        if ancestor.name in names:
            chain.insert(0, ancestor)
    return tuple(chain)


def ancestors(bone: RestBone, bones: Bones) -> Iterator[RestBone]:
    """The parent, its parent, and so on."""
    while bone.parent is not None:
        bone = bones[bone.parent]
        yield bone


def common_parent(bones: Bones, chains: Sequence[Chain]) -> RestBone | None:
    """The lowest bone that all chains hang from: the hand."""
    above = [[ancestor.name for ancestor in ancestors(chain[0], bones)] for chain in chains]
    shared = set(above[0]).intersection(*above[1:])
    return next((bones[name] for name in above[0] if name in shared), None)


def shaped_hand(bones: Bones, side: str) -> tuple[RestBone, dict[str, Chain]] | None:
    """The bone on a side from which most chains of bones part, and those chains, by finger."""
    children: dict[str | None, list[RestBone]] = defaultdict(list)
    for bone in bones.values():
        children[bone.parent].append(bone)
    candidates = []
    for bone in bones.values():
        chains = [chain for child in children[bone.name] if (chain := single_chain(child, children))]
        if len(chains) >= FEWEST_CHAINS and (bone.head[0] > 0) == (side == "left"):
            candidates.append((min(len(chains), len(FINGERS)), abs(bone.head[0]), bone, chains))
    if not candidates:
        return None
    *_, hand, chains = max(candidates, key=lambda candidate: candidate[:2])
    return hand, fingers_by_place(hand, chains)


def single_chain(bone: RestBone, children: Mapping[str | None, Sequence[RestBone]]) -> Chain | None:
    """The bones from this one outwards, if they do not branch and are as many as a finger has."""
    chain = [bone]
    while len(following := children[chain[-1].name]) == 1:
        chain.append(following[0])
    return tuple(chain) if not following and FEWEST_BONES <= len(chain) <= MOST_BONES else None


def fingers_by_place(hand: RestBone, chains: Sequence[Chain]) -> dict[str, Chain]:
    """Names for unnamed chains: the thumb's second joint is nearest the wrist, the rest follow across the palm."""
    nearest_first = sorted(chains, key=lambda chain: float(np.linalg.norm(chain[1].head - hand.head)))
    thumb, others = nearest_first[0], nearest_first[1 : len(FINGERS)]
    by_distance = sorted(others, key=lambda chain: float(np.linalg.norm(chain[1].head - thumb[1].head)))
    return dict(zip(FINGERS, (thumb, *by_distance), strict=False))


def joints_of_chain(side: str, finger: str, chain: Chain, hand: RestBone) -> dict[str, str]:
    """A finger's bones by joint, without a metacarpal in front and an end bone behind."""
    first, second, third = finger_joints(side, finger)
    if finger != "thumb" and len(chain) > 1 and lies_in_palm(chain, hand):
        chain = chain[1:]
    joints = (first, third) if len(chain) == FEWEST_BONES else (first, second, third)
    return {joint: bone.name for joint, bone in zip(joints, chain, strict=False)}


def lies_in_palm(chain: Chain, hand: RestBone) -> bool:
    """Whether a chain begins with a metacarpal: by its name, else in chains of four by where it begins."""
    if set(PALM_WORDS) & set(words(chain[0].name)):
        return True
    if len(chain) <= len(FINGERS) - 2:
        return False
    starts, ends = (float(np.linalg.norm(bone.head - hand.head)) for bone in chain[:2])
    return starts < METACARPAL_STARTS_WITHIN * ends
