"""The plan of all keys, computed completely before anything in the file changes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ...errors import RetargetError
from ...narrowing import pose_of, present
from ...scene.keys import Channel, KeyTimes
from ...shared.names import SIDES
from ...shared.rig_joints import HAND, HAND_IK, hand_joint
from ..mapping.presets import Preset, fitted
from ..motion.source import Source
from ..overrides import held_bones
from ..playback import play
from ..rest import RestBone, rest_bones
from ..rig_limits import joint_limits
from ..rotations import FloatArray, quaternions_from_matrices
from ..solving.arm_keys import shown_bone
from ..solving.channels import rotation_channel
from ..solving.other_motion import helper_turns, helpers, neutral_channels
from ..solving.solve import TargetHand, finger_keys, finger_turns
from ..solving.target import missing_fingers, missing_hands, target_hands
from ..solving.wrist import (
    DEFAULT_CHOICE,
    HandPair,
    Part,
    WristChoice,
    WristPlan,
    first_key,
    handlings,
    plan_wrists,
    wrist_bones,
)
from .deviations import Goal
from .linked import check_not_linked
from .results import base_shown


@dataclass(frozen=True)
class Plan:
    """All that retargeting writes on a rig.

    name: of the new Action. parts: key times, each with its channels. sides: of the keyed hands. side_of_path: by data
    path, the side of the hand for which it is keyed. frames: how many are keyed. warnings: sentences for the user.
    goals: the motion that the keys should produce.
    """

    scene: bpy.types.Scene
    armature: bpy.types.Object
    name: str
    parts: tuple[Part, ...]
    sides: tuple[str, ...]
    side_of_path: Mapping[str, str]
    frames: int
    warnings: tuple[str, ...]
    goals: tuple[Goal, ...]


def plan_retarget(
    context: bpy.types.Context,
    armature: bpy.types.Object,
    sources: Sequence[Source],
    preset: Preset,
    choice: WristChoice = DEFAULT_CHOICE,
) -> Plan:
    """Plan the keys that make a rig's hands move like the sources. Raises RetargetError. Nothing in the file changes.

    Of several sources of one side, the longest is used. With `Wrist.POSITION` the hand starts where it is on the first
    frame, and moves like the source in world space, scaled by the ratio of the palms.
    """
    if not sources:
        raise RetargetError("The capture has no hands to retarget.", "Choose another capture, or the other hand.")
    check_editable(armature)
    present(context.view_layer).update()
    bones = rest_bones(armature)
    preset = fitted(preset, bones)
    chosen = longest_of_each_side(sources)
    hands = target_hands(armature.name, bones, preset, chosen)
    sides = tuple(source.motion.side for source, _ in hands)
    with base_shown(present(context.scene), armature, sides):
        scene, noted = present(context.scene), list[str]()
        arms = handlings(armature, bones, hands, preset, choice, noted)
        above = {name for _, hand in hands for pair in helpers(bones, hand).values() for name in pair}
        frames = np.unique(np.concatenate([source.times.frames for source, _ in hands]))
        played = play(scene, armature, above | wrist_bones(armature, arms), frames)
        parts: list[Part] = []
        for source, hand in hands:
            turns = helper_turns(played, bones, source, hand)
            parts.append((source.times, list(finger_channels(armature, source, hand, turns))))
        metres = scene.unit_settings.scale_length
        wrists = plan_wrists(armature, bones, arms, played, preset, choice, metres, noted)
        parts += wrists.parts
        parts += list(neutral_parts(armature, preset, parts))
    for times, channels in parts:
        check_numbers(armature, times, channels)
    return Plan(
        scene=present(context.scene),
        armature=armature,
        name=f"{chosen[0].name} on {armature.name}",
        parts=tuple(parts),
        sides=sides,
        side_of_path=sides_of_paths(bones, preset, parts),
        frames=len(frames),
        warnings=(
            *unique_notes(hands),
            *preset.notes,
            *cautions(armature, sources, chosen, hands),
            *wrists.warnings,
        ),
        goals=tuple(goal(armature, bones, source, hand, wrists) for source, hand in hands),
    )


def goal(
    armature: bpy.types.Object, bones: Mapping[str, RestBone], source: Source, hand: TargetHand, wrists: WristPlan
) -> Goal:
    """The goal of one hand's keys. Fingers that joint limits restrict are left out."""
    side = source.motion.side
    fingers: dict[str, FloatArray] = {}
    for finger, found in hand.fingers.items():
        names = [bone.name for bone in found.values()]
        if names and not any(joint_limits(pose_of(armature).bones[name]) for name in names):
            fingers |= finger_turns(source.motion, hand, finger)
    return Goal(
        side=side,
        control=hand.hand.name,
        bone=shown_bone(armature, bones, hand.hand.name),
        frames=source.times.frames,
        turns=wrists.turns.get(side),
        places=wrists.places.get(side),
        fingers={shown_bone(armature, bones, name): turns for name, turns in fingers.items()},
    )


def sides_of_paths(bones: Mapping[str, RestBone], preset: Preset, parts: Sequence[Part]) -> dict[str, str]:
    """For each data path of the parts, the side of the hand that is nearest to its bone at rest."""
    wrists = {side: bones[name].head for side in SIDES if (name := preset.bones.get(hand_joint(side)))}

    def nearest(bone: RestBone) -> str:
        return min(wrists, key=lambda side: float(np.linalg.norm(wrists[side] - bone.head)))

    return {channel.data_path: nearest(bones[channel.group]) for _, channels in parts for channel in channels}


def check_editable(armature: bpy.types.Object) -> None:
    """Raise RetargetError where a rig cannot get an Action now."""
    check_not_linked(armature)
    animation = armature.animation_data
    if animation is not None and animation.use_tweak_mode:
        raise RetargetError(
            f"The NLA of the rig {armature.name} is in tweak mode.",
            "Leave it with Tab in the NLA editor, and retarget again.",
        )


def unique_notes(hands: Sequence[HandPair]) -> list[str]:
    """The notes of the sources, without repeats: most are the same for both hands."""
    return list(dict.fromkeys(note for source, _ in hands for note in source.notes))


def longest_of_each_side(sources: Sequence[Source]) -> list[Source]:
    """One source a side: the one with the most keys."""
    by_side: dict[str, Source] = {}
    for source in sources:
        best = by_side.get(source.motion.side)
        if best is None or len(source.times.frames) > len(best.times.frames):
            by_side[source.motion.side] = source
    return list(by_side.values())


def cautions(
    armature: bpy.types.Object,
    sources: Sequence[Source],
    chosen: Sequence[Source],
    hands: Sequence[HandPair],
) -> Iterator[str]:
    """Warnings about missing hands and fingers, unused sources, and keys that something overrides."""
    if len(chosen) < len(sources):
        yield "The capture has several hands of one side; the one with the most frames is used."
    yield from missing_hands(armature.name, chosen, hands)
    for source, hand in hands:
        for finger in missing_fingers(hand):
            yield f"The rig {armature.name} has no {source.motion.side} {finger}; it was left out."
        names = [bone.name for bones in hand.fingers.values() for bone in bones.values()]
        for name, holder in held_bones(armature, names):
            yield f"The bone {name} of the rig {armature.name} is keyed, but turned by {holder}: mute that to see it."


def neutral_parts(armature: bpy.types.Object, preset: Preset, parts: Sequence[Part]) -> Iterator[Part]:
    """Keys that stop other animation of the keyed bones from showing through; see `neutral_channels`."""
    controls = {preset.bones.get(hand_joint(side, part), "") for side in SIDES for part in (HAND, HAND_IK)}
    for times, channels in parts:
        turned = {channel.group for channel in channels if ".rotation_" in channel.data_path}
        fingers = turned & set(preset.bones.values()) - controls
        neutral = list(neutral_channels(armature, turned, fingers, controls))
        if neutral:
            yield first_key(times), neutral


def finger_channels(
    armature: bpy.types.Object, source: Source, hand: TargetHand, helpers: Mapping[str, FloatArray]
) -> Iterator[Channel]:
    """The rotations of all finger bones, within their joint limits."""
    with np.errstate(invalid="ignore"):
        keys = finger_keys(source.motion, hand, helpers)
    for name, matrices in keys.items():
        check_rotations(armature, name, matrices)
        bone = pose_of(armature).bones[name]
        limits = joint_limits(bone)
        kept = matrices if limits is None else limits.applied(matrices)
        yield rotation_channel(bone, quaternions_from_matrices(kept))


def check_rotations(armature: bpy.types.Object, bone: str, matrices: FloatArray) -> None:
    """Raise RetargetError where rotations are not finite, as joints are at the same place at rest."""
    if not np.isfinite(matrices).all():
        raise RetargetError(
            f"The bone {bone} of the rig {armature.name} has no direction at rest: joints of its finger or of the palm "
            "are at the same place.",
            "Choose another preset, or correct the mapping so that no two joints are at the same place.",
        )


def check_numbers(armature: bpy.types.Object, times: KeyTimes, channels: Sequence[Channel]) -> None:
    """Raise RetargetError where a channel is not finite, or has not one row for each key."""
    for channel in channels:
        if len(channel.values) != len(times.frames) or not np.isfinite(channel.values).all():
            raise RetargetError(
                f"The keys of {channel.group} of the rig {armature.name} are not all numbers.",
                "Choose another preset, or correct the mapping.",
            )
