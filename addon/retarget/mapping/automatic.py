"""Which bone is which joint in a rig that no preset knows: by names, else by hierarchy and rest pose. No bpy here.

A hand is a bone at the end of a limb with two to five fingers below it: chains of bones that are short compared with
the limb and begin near the wrist. Names identify the fingers (`RightHandIndex1`, `f_pinky.02.L`, `中指`). Without names
the shape does: the thumb is nearest the wrist, and the others follow in the order of their distance from it. Sides come
from names, else from the body (`sides`). A bone named as something else (a foot, the chest) is never a hand.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ...shared.names import SIDES
from ...shared.rig_joints import finger_joints, hand_joint
from ..rest import RestBone
from .found_hand import FoundHand
from .named_hands import named_hands
from .presets import Preset
from .shaped_hands import shaped_hands
from .sides import left_sign
from .skeleton import Chain, Skeleton, distance

Bones = Mapping[str, RestBone]


THUMB_BASE_WITHIN: Final = 0.6
"""Fraction of the way from wrist to knuckles at which a two-bone thumb begins, at most, if it has its metacarpal."""


@dataclass(frozen=True)
class Findings:
    """hands: by side. obstacles: clauses on why hand-like bones were rejected. spare: hands beyond one a side."""

    hands: Mapping[str, FoundHand]
    obstacles: tuple[str, ...]
    spare: tuple[str, ...] = ()


def preset_of(name: str, findings: Findings) -> Preset:
    """The findings as a preset."""
    found: dict[str, str] = {}
    for side, hand in findings.hands.items():
        found[hand_joint(side)] = hand.hand.name
        for finger, chain in hand.fingers.items():
            found.update(joints_of_chain(side, finger, chain, hand))
    notes = [f"In the rig {name}, {obstacle}." for obstacle in findings.obstacles if len(findings.hands) < len(SIDES)]
    if findings.spare:
        taken = " and ".join(hand.hand.name for hand in findings.hands.values())
        notes.append(f"The rig {name} has more than two hands: {taken} are used, {', '.join(findings.spare)} left out.")
    return Preset(name, found, "found by names, hierarchy and rest pose", notes=tuple(notes))


def find_hands(bones: Bones, held: Collection[str] = ()) -> Findings:
    """The hands of a rig. held: bones that a constraint turns, used only where no other bone fits."""
    skeleton = Skeleton(bones)
    obstacles: list[str] = []
    found = list(named_hands(skeleton, held, obstacles)) or list(shaped_hands(skeleton, obstacles))
    hands = on_sides(skeleton, found, obstacles)
    taken = {hand.hand.name for hand in hands.values()}
    spare = tuple(hand.hand.name for hand in found if hands and hand.hand.name not in taken)
    return Findings(hands, tuple(obstacles), spare)


def on_sides(skeleton: Skeleton, found: Sequence[FoundHand], obstacles: list[str]) -> dict[str, FoundHand]:
    """The hands by side: from their names, else from the body, else the side that the other hand is not."""
    by_side: dict[str, FoundHand] = {}
    unknown = [hand for hand in found if hand.side is None]
    for hand in sorted(found, key=lambda hand: (-body_bones(skeleton, hand, found), -hand.bone_count)):
        if hand.side is not None:
            by_side.setdefault(hand.side, hand)
    if unknown and not by_side:
        by_side.update(by_body(skeleton, unknown[: len(SIDES)], obstacles))
    elif len(unknown) == 1 and len(by_side) == 1:
        by_side["left" if "right" in by_side else "right"] = unknown[0]
    return {side: by_side[side] for side in SIDES if side in by_side}


def body_bones(skeleton: Skeleton, hand: FoundHand, found: Sequence[FoundHand]) -> int:
    """The number of finger bones of all hands on the same body, whose limbs start from the same bone."""
    trunk = skeleton.limb(hand.hand)[-1].name
    return sum(other.bone_count for other in found if skeleton.limb(other.hand)[-1].name == trunk)


def by_body(skeleton: Skeleton, hands: Sequence[FoundHand], obstacles: list[str]) -> dict[str, FoundHand]:
    """One or two hands by side, from the body or the palms; none where these contradict each other."""
    signs = []
    for hand in hands:
        others = [(other.hand, other.fingers) for other in hands if other is not hand]
        signs.append(np.sign(left_sign(skeleton, hand.hand, hand.fingers, others)))
    if 0 in signs or len(set(signs)) < len(hands):
        names = " and ".join(hand.hand.name for hand in hands)
        obstacles.append(f"neither names nor the body show whether {names} is left or right")
        return {}
    return {"left" if sign > 0 else "right": hand for sign, hand in zip(signs, hands, strict=True)}


def joints_of_chain(side: str, finger: str, chain: Chain, hand: FoundHand) -> dict[str, str]:
    """A finger's bones by joint. Two bones are the first and last joint, except in a thumb without its metacarpal."""
    first, second, third = finger_joints(side, finger)
    joints = (first, third) if len(chain) == 2 else (first, second, third)
    if finger == "thumb" and len(chain) == 2 and begins_far_out(chain, hand):
        joints = (second, third)
    return {joint: bone.name for joint, bone in zip(joints, chain, strict=False)}


def begins_far_out(chain: Chain, hand: FoundHand) -> bool:
    """Whether a two-bone thumb lacks its metacarpal, as it begins near the knuckles."""
    knuckles = [distance(hand.hand, other[0]) for finger, other in hand.fingers.items() if finger != "thumb"]
    return bool(knuckles) and distance(hand.hand, chain[0]) > THUMB_BASE_WITHIN * float(np.mean(knuckles))
