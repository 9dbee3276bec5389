"""What retargeting would write, worked out in full before anything in the file changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from ..errors import RetargetError
from ..scene.keys import Channel, KeyTimes
from .channels import rotation_channel
from .limits import joint_limits
from .overrides import held_bones
from .presets import Preset, fitted
from .rotations import FloatArray, quaternions_from_matrices
from .solve import TargetHand, finger_keys
from .source import Source
from .target import missing_fingers, missing_hands, rest_bones, target_hands
from .wrist import HandPair, Part, Wrist, wrist_parts


@dataclass(frozen=True)
class Plan:
    """All that retargeting writes on a rig.

    name: of the new Action. parts: key times, and the channels that have keys there. hands and frames: how many are
    keyed. warnings: sentences on what to know about the result.
    """

    armature: bpy.types.Object
    name: str
    parts: tuple[Part, ...]
    hands: int
    frames: int
    warnings: tuple[str, ...]

    @property
    def paths(self) -> frozenset[str]:
        """The data paths of all channels, as seen from the rig."""
        return frozenset(channel.data_path for _, channels in self.parts for channel in channels)


def plan_retarget(
    context: bpy.types.Context,
    armature: bpy.types.Object,
    sources: Sequence[Source],
    preset: Preset,
    wrist: Wrist = Wrist.ROTATION,
) -> Plan:
    """Work out the keys by which a rig's hands do what the sources do. Raises RetargetError. Nothing changes.

    Of several sources of one side the longest counts. With `Wrist.POSITION` the hand starts where it is on the first
    frame, and moves as the source does in the world, scaled by the sizes of the palms.
    """
    if not sources:
        raise RetargetError("The capture has no hands to retarget.", "Choose another capture, or the other hand.")
    context.view_layer.update()
    bones = rest_bones(armature)
    preset = fitted(preset, bones)
    chosen = longest_of_each_side(sources)
    hands = target_hands(armature.name, bones, preset, chosen)
    parts: list[Part] = [(source.times, list(finger_channels(armature, source, hand))) for source, hand in hands]
    if wrist is not Wrist.NONE:
        parts += wrist_parts(context.scene, armature, hands, preset, wrist)
    for times, channels in parts:
        check_numbers(armature, times, channels)
    return Plan(
        armature=armature,
        name=f"{chosen[0].name} on {armature.name}",
        parts=tuple(parts),
        hands=len(hands),
        frames=len(np.unique(np.concatenate([source.times.frames for source in chosen]))),
        warnings=(*preset.notes, *cautions(armature, sources, chosen, hands)),
    )


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
    yield from missing_hands(armature.name, chosen, hands)
    for source, hand in hands:
        for finger in missing_fingers(hand):
            yield f"The rig {armature.name} has no {source.motion.side} {finger}; it was left out."
        names = [bone.name for bones in hand.fingers.values() for bone in bones.values()]
        for name, holder in held_bones(armature, names):
            yield f"The bone {name} of the rig {armature.name} is keyed, but turned by {holder}: mute that to see it."


def finger_channels(armature: bpy.types.Object, source: Source, hand: TargetHand) -> Iterator[Channel]:
    """The rotations of all finger bones, within the joint limits of those that have some."""
    with np.errstate(invalid="ignore"):
        keys = finger_keys(source.motion, hand)
    for name, matrices in keys.items():
        check_rotations(armature, name, matrices)
        bone = armature.pose.bones[name]
        limits = joint_limits(bone)
        kept = matrices if limits is None else limits.applied(matrices)
        yield rotation_channel(bone, quaternions_from_matrices(kept))


def check_rotations(armature: bpy.types.Object, bone: str, matrices: FloatArray) -> None:
    """Raise RetargetError where a bone's rotations came out as no numbers: joints lie on one another at rest."""
    if not np.isfinite(matrices).all():
        raise RetargetError(
            f"The bone {bone} of the rig {armature.name} has no direction at rest: joints of its finger or of the palm "
            "lie on one another.",
            "Choose another preset, or correct the mapping so that no two of its joints have one place.",
        )


def check_numbers(armature: bpy.types.Object, times: KeyTimes, channels: Sequence[Channel]) -> None:
    """Raise RetargetError where a channel would not be keyed with numbers, one row for each key."""
    for channel in channels:
        if len(channel.values) != len(times.frames) or not np.isfinite(channel.values).all():
            raise RetargetError(
                f"The keys of {channel.group} of the rig {armature.name} are not all numbers.",
                "Choose another preset, or correct the mapping.",
            )
