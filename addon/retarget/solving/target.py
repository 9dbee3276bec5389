"""The target rig: the hands that a preset finds in its bones at rest, and checks of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from ...errors import RetargetError
from ...shared.rig_joints import FINGERS, finger_joints, hand_joint
from ..mapping.bone_names import END_WORDS, NEVER_FINGERS, read_name
from ..mapping.presets import Preset
from ..motion.source import Source
from ..rest import RestBone
from ..rotations import unit
from .solve import FEWEST_KNUCKLES, TargetHand, common_knuckles
from .wrist import HandPair

Bones = Mapping[str, RestBone]

SAME_PLACE: Final = 1e-3
"""Least distance of two joints that have a direction between them, in lengths of the hand."""

AHEAD: Final = 0.5
"""Least cosine between a finger's last segment, given by an end bone, and the segment before it."""

TIP_WITHIN: Final = (0.2, 2.5)
"""Range of the distance of an end bone from the last joint, in lengths of the segment before."""


def target_hands(rig_name: str, bones: Bones, preset: Preset, sources: Sequence[Source]) -> list[HandPair]:
    """The hands of a rig with their sources. Missing hands are left out. Raises RetargetError without any."""
    there = [source for source in sources if hand_joint(source.motion.side) in preset.bones]
    return [(source, target_hand(rig_name, bones, preset, source.motion.side)) for source in there or sources]


def missing_hands(rig_name: str, sources: Sequence[Source], hands: Sequence[HandPair]) -> Iterator[str]:
    """Warnings about captured hands that the rig lacks."""
    there = {source.motion.side for source, _ in hands}
    for source in sources:
        if source.motion.side not in there:
            yield f"The rig {rig_name} has no {source.motion.side} hand; the captured one was left out."


def target_hand(rig_name: str, bones: Bones, preset: Preset, side: str) -> TargetHand:
    """A hand that a preset finds in a rig. Missing fingers and bones are left out. Raises RetargetError."""
    wrist = preset.bones.get(hand_joint(side))
    if wrist is None:
        raise RetargetError(
            f"The rig {rig_name} has no bone for {hand_joint(side)} by the preset {preset.name}.",
            "Choose another preset or Automatic, or save a preset and name the bone there.",
        )
    fingers = {}
    for finger in FINGERS:
        found = [preset.bones.get(joint) for joint in finger_joints(side, finger)]
        segments = {segment: bones[name] for segment, name in enumerate(found) if name is not None}
        fingers[finger] = with_tip(bones, segments) if segments else {}
    hand = TargetHand(side, bones[wrist], fingers)
    if len(common_knuckles(hand)) < FEWEST_KNUCKLES:
        raise RetargetError(
            f"The rig {rig_name} has fewer than two fingers at {wrist} by the preset {preset.name}: "
            "the palm cannot be told from the back of the hand.",
            "Choose another preset or Automatic, or save a preset and name their bones there.",
        )
    check_hierarchy(rig_name, bones, hand)
    check_places(rig_name, hand)
    return hand


def check_hierarchy(rig_name: str, bones: Bones, hand: TargetHand) -> None:
    """Raise RetargetError where a finger's bones do not move with each other, as the keys need."""
    for joints in joints_of(hand):
        for before, after in pairwise(joints):
            if before.name not in names_above(bones, after):
                raise RetargetError(
                    f"The bone {after.name} of the rig {rig_name} is not parented to {before.name}: the joints of the "
                    "finger would not move together.",
                    "Make each joint the child of the one before it, and the first ones children of the wrist "
                    "(Edit Mode, Ctrl+P, Keep Offset).",
                )
        if joints[0].parent is None:
            raise RetargetError(
                f"The bone {joints[0].name} of the rig {rig_name} has no parent: it would not move with the hand.",
                f"Make it a child of {hand.hand.name} (Edit Mode, Ctrl+P, Keep Offset).",
            )
        inwards = [joints[-1].name, *names_above(bones, joints[-1])]
        carrier = hand.hand.name if hand.hand.name in inwards else joints[0].parent
        alone = [name for name in inwards[: inwards.index(carrier)] if not bones[name].turns_along]
        if alone:
            raise RetargetError(
                f"The bone {alone[-1]} of the rig {rig_name} does not rotate with its parent: the finger would leave "
                "the hand.",
                "Enable Inherit Rotation in the bone's properties, under Relations.",
            )


def check_places(rig_name: str, hand: TargetHand) -> None:
    """Raise RetargetError where two joints are at the same place, so that there is no direction between them."""
    joints = [bone for fingers in joints_of(hand) for bone in fingers]
    size = max(float(np.linalg.norm(bone.head - hand.hand.head)) for bone in joints)
    knuckles = [hand.fingers[finger][min(hand.fingers[finger])] for finger in common_knuckles(hand)]
    pairs = [pair for finger in joints_of(hand) for pair in pairwise(finger)]
    pairs += [(hand.hand, knuckle) for knuckle in knuckles] + [(knuckles[0], knuckles[-1])]
    for first, second in pairs:
        if np.linalg.norm(first.head - second.head) <= SAME_PLACE * size:
            raise RetargetError(
                f"The bones {first.name} and {second.name} of the rig {rig_name} begin at the same place, "
                f"so there is no direction from one to the other.",
                f"Move {second.name} to its joint in Edit Mode, or correct the mapping.",
            )


def joints_of(hand: TargetHand) -> list[list[RestBone]]:
    """The bones of each finger that the hand has, from the palm to the tip."""
    return [[bones[segment] for segment in sorted(bones)] for bones in hand.fingers.values() if bones]


def names_above(bones: Bones, bone: RestBone) -> list[str]:
    """The names of the bone's ancestors, the nearest first."""
    names = []
    while bone.parent is not None:
        names.append(bone.parent)
        bone = bones[bone.parent]
    return names


def with_tip(bones: Bones, segments: Mapping[int, RestBone]) -> dict[int, RestBone]:
    """A finger whose last bone has a tip, if it has an end bone."""
    joints = [segments[segment] for segment in sorted(segments)]
    end = end_bone(bones, joints)
    return {**segments, max(segments): replace(joints[-1], tip=end.head)} if end else dict(segments)


def end_bone(bones: Bones, joints: Sequence[RestBone]) -> RestBone | None:
    """The end bone beyond a finger's last bone: one named as an end, or the only child; else None."""
    if len(joints) < 2:
        return None
    last, way = joints[-1], joints[-1].head - joints[-2].head
    children = [bone for bone in bones.values() if bone.parent == last.name]
    named = [bone for bone in children if continues(bone.name, last.name)]
    parents = {bone.parent for bone in bones.values()}
    only = children if len(children) == 1 and children[0].name not in parents else []
    return next((bone for bone in named or only if lies_ahead(bone.head - last.head, way)), None)


def continues(child: str, parent: str) -> bool:
    """Whether a name is that of an end bone, or differs from its parent's only in the number."""
    meaning = read_name(child)
    return not meaning.has(NEVER_FINGERS) and (meaning.has(END_WORDS) or meaning.stem == read_name(parent).stem)


def lies_ahead(step: np.ndarray, way: np.ndarray) -> bool:
    """Whether a step continues the direction of the one before it, over a similar distance."""
    nearest, farthest = (part * float(np.linalg.norm(way)) for part in TIP_WITHIN)
    size = float(np.linalg.norm(step))
    return 0 < nearest <= size <= farthest and float(unit(step) @ unit(way)) >= AHEAD


def missing_fingers(hand: TargetHand) -> list[str]:
    """The fingers that a hand lacks."""
    return [finger for finger in FINGERS if not hand.fingers[finger]]
