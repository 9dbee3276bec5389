"""Keys on an animator's rig: a new Action each time, over whatever moves the rig already."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import bpy

from .. import compat
from ..compat import NewAction
from ..errors import RetargetError
from ..scene.keys import Channel, add_channels
from .channels import rotation_channel
from .limits import joint_limits
from .overrides import held_bones
from .presets import Preset, fitted
from .rotations import quaternions_from_matrices
from .solve import TargetHand, finger_keys
from .source import Source
from .target import missing_fingers, rest_bones, target_hand
from .wrist import HandPair, Part, Wrist, wrist_parts

LONGEST_NAME: Final = 60
"""Bytes of an Action's name; Blender's limit is 63."""


@dataclass(frozen=True)
class Retargeted:
    """What was made: the Action, how many hands and frames are in it, and sentences on what to know about it."""

    action: bpy.types.Action
    hands: int
    frames: int
    warnings: tuple[str, ...]


def retarget(
    context: bpy.types.Context,
    armature: bpy.types.Object,
    sources: Sequence[Source],
    preset: Preset,
    wrist: Wrist = Wrist.ROTATION,
) -> Retargeted:
    """Key a rig's hands so that they do what the sources do. Raises RetargetError, and then nothing has changed.

    The rig's own Action goes on playing from an NLA track below, unless the new one replaces all its channels; then it
    stays in the file. Of several sources of one side the longest counts. With `Wrist.POSITION` the hand starts where it
    is on the first frame, and moves as the source does in the world, scaled by the sizes of the palms.
    """
    if not sources:
        raise RetargetError("The capture has no hands to retarget.", "Choose another capture, or the other hand.")
    context.view_layer.update()
    bones = rest_bones(armature)
    preset = fitted(preset, bones)
    chosen = longest_of_each_side(sources)
    hands = [(source, target_hand(armature.name, bones, preset, source.motion.side)) for source in chosen]
    parts = [(source.times, list(finger_channels(armature, source, hand))) for source, hand in hands]
    if wrist is not Wrist.NONE:
        parts += wrist_parts(context.scene, armature, hands, preset, wrist)
    action = write(armature, f"{chosen[0].name} on {armature.name}", parts)
    frames = max(len(source.times.frames) for source in chosen)
    return Retargeted(action, len(hands), frames, tuple(cautions(armature, sources, chosen, hands)))


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
    """Sentences on what the rig lacks, what was left out, and what is not seen."""
    if len(chosen) < len(sources):
        yield "The capture has several hands of one side; the one with the most frames was taken."
    for source, hand in hands:
        for finger in missing_fingers(hand):
            yield f"The rig {armature.name} has no {source.motion.side} {finger}; it was left out."
        names = [bone.name for bones in hand.fingers.values() for bone in bones.values()]
        for name, holder in held_bones(armature, names):
            yield f"The bone {name} of the rig {armature.name} is keyed, but turned by {holder}: mute that to see it."


def finger_channels(armature: bpy.types.Object, source: Source, hand: TargetHand) -> Iterator[Channel]:
    """The rotations of all finger bones, within the joint limits of those that have some."""
    for name, matrices in finger_keys(source.motion, hand).items():
        bone = armature.pose.bones[name]
        limits = joint_limits(bone)
        kept = matrices if limits is None else limits.applied(matrices)
        yield rotation_channel(bone, quaternions_from_matrices(kept))


def write(armature: bpy.types.Object, name: str, parts: Sequence[Part]) -> bpy.types.Action:
    """Give the rig a new Action with these keys; see `retarget` for what becomes of the one it has."""
    animation = armature.animation_data_create()
    if animation.use_tweak_mode:
        animation.use_tweak_mode = False
    new_paths = {channel.data_path for _, channels in parts for channel in channels}
    if any(curve.data_path not in new_paths for curve in compat.own_fcurves(armature)):
        compat.push_down(armature)
    new = NewAction(armature, name.encode()[:LONGEST_NAME].decode(errors="ignore"))
    for times, channels in parts:
        add_channels(new, times, channels)
    return new.action


def set_aside(armature: bpy.types.Object) -> None:
    """Take the rig's own Action off it and keep it in the file, so that another capture can follow it."""
    armature.animation_data.action.use_fake_user = True
    armature.animation_data.action = None
