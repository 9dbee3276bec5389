"""The hand's own controls: where they must stand for the hand to do in the world what the captured one does."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ..errors import RetargetError
from ..scene.keys import Channel, KeyTimes, enum_numbers
from .channels import rotation_channel
from .joints import HAND, HAND_IK, hand_joint
from .playback import Matrices, Played, play
from .presets import Preset
from .rotations import quaternions_from_matrices
from .solve import TargetHand, hand_size_ratio, wrist_turns
from .source import Source

HandPair = tuple[Source, TargetHand]
Part = tuple[KeyTimes, list[Channel]]


class Wrist(StrEnum):
    """What becomes of the captured wrist."""

    NONE = "NONE"
    ROTATION = "ROTATION"
    POSITION = "POSITION"


def wrist_parts(
    scene: bpy.types.Scene, armature: bpy.types.Object, hands: Sequence[HandPair], preset: Preset, wrist: Wrist
) -> list[Part]:
    """The keys of the hands' controls. Raises RetargetError.

    Where a rig has an FK and an IK control, both turn: whichever the arm follows, the hand does what it should.
    """
    controls = [hand_controls(armature, preset, source.motion.side) for source, _ in hands]
    carriers = [found[-1] for found in controls] if wrist is Wrist.POSITION else []
    for carrier in carriers:
        check_movable(armature, carrier)
    frames = np.unique(np.concatenate([source.times.frames for source, _ in hands]))
    watched = {bone.name for found in controls for control in found for bone in (control, control.parent) if bone}
    played = play(scene, armature, watched, frames)
    parts: list[Part] = []
    for (source, hand), found in zip(hands, controls, strict=True):
        for control in found:
            channels = control_channels(source, hand, control, played, move=control in carriers)
            parts.append((source.times, list(channels)))
        if carriers:
            parts.append((first_key(source.times), list(switch_channels(armature, preset, source.motion.side))))
    return parts


def hand_controls(armature: bpy.types.Object, preset: Preset, side: str) -> list[bpy.types.PoseBone]:
    """The bones that turn a hand; the last one carries it."""
    joints = (hand_joint(side, HAND), hand_joint(side, HAND_IK))
    return [armature.pose.bones[preset.bones[joint]] for joint in joints if joint in preset.bones]


def check_movable(armature: bpy.types.Object, carrier: bpy.types.PoseBone) -> None:
    """Raise RetargetError where Blender would ignore a bone's location."""
    if carrier.bone.use_connect:
        raise RetargetError(
            f"The bone {carrier.name} of the rig {armature.name} is connected to its parent and cannot be moved.",
            "Choose rotation only, or disconnect the bone in Edit Mode.",
        )


def control_channels(
    source: Source, hand: TargetHand, control: bpy.types.PoseBone, played: Played, move: bool
) -> Iterator[Channel]:
    """The rotation of a control, and its place if it is to move."""
    rows = played.at(source.times.frames)
    poses = wanted_poses(source, hand, control, played, move)
    parents = played.bones[control.parent.name][rows] if control.parent else np.tile(np.eye(4), (len(rows), 1, 1))
    local = np.array([local_matrix(control, *at) for at in zip(poses, parents, strict=True)])
    yield rotation_channel(control, quaternions_from_matrices(without_scale(local[:, :3, :3])))
    if move:
        yield Channel(control.path_from_id("location"), control.name, local[:, :3, 3], "AUTO_RGB")


def wanted_poses(source: Source, hand: TargetHand, control: bpy.types.PoseBone, played: Played, move: bool) -> Matrices:
    """(N, 4, 4) where a control of the hand should stand, in the rig's axes.

    A moving one starts where it is, and goes as the source does in the world, scaled by the sizes of the palms.
    """
    motion, rows = source.motion, played.at(source.times.frames)
    world = played.world[rows]
    poses = np.array(played.bones[control.name][rows])
    rest = np.array(control.bone.matrix_local.to_3x3())
    to_rig = without_scale(world[:, :3, :3]).swapaxes(-1, -2)
    poses[:, :3, :3] = wrist_turns(motion, hand, to_rig @ motion.to_world) @ rest
    if move:
        scale = hand_size_ratio(motion, hand) * np.cbrt(abs(np.linalg.det(world[0, :3, :3])))
        start = world[0] @ poses[0, :, 3]
        places = np.tile(start, (len(rows), 1))
        places[:, :3] += scale * (motion.wrist - motion.wrist[0])
        poses[:, :, 3] = np.einsum("nij,nj->ni", np.linalg.inv(world), places)
    return poses


def without_scale(matrices: NDArray[np.floating]) -> Matrices:
    """(N, 3, 3) the rotations in matrices that also scale."""
    return np.asarray(matrices / np.linalg.norm(matrices, axis=-2, keepdims=True), np.float64)


def local_matrix(control: bpy.types.PoseBone, pose: Matrices, parent: Matrices) -> Matrix:
    """The (4, 4) that a control is keyed to, to stand at `pose` below a parent at `parent`, both in the rig's axes."""
    bone = control.bone
    below = {}
    if bone.parent is not None:
        below = {"parent_matrix": Matrix(parent), "parent_matrix_local": bone.parent.matrix_local}
    return bone.convert_local_to_pose(Matrix(pose), bone.matrix_local, invert=True, **below)


def switch_channels(armature: bpy.types.Object, preset: Preset, side: str) -> Iterator[Channel]:
    """What makes the arm follow the control of the hand, where the preset knows it."""
    switch = preset.ik_switches.get(side)
    if switch is None or hand_joint(side, HAND_IK) not in preset.bones:
        return
    bone = armature.pose.bones.get(switch.bone)
    if bone is None or switch.property not in bone:
        raise RetargetError(
            f"The rig {armature.name} has no property {switch.property} on the bone {switch.bone}, "
            f"by which the preset {preset.name} makes the arm follow the hand.",
            "Choose rotation only, or another preset.",
        )
    path = bone.path_from_id() + f'["{bpy.utils.escape_identifier(switch.property)}"]'
    yield Channel(path, bone.name, np.array([[switch.value]]))


def first_key(times: KeyTimes) -> KeyTimes:
    """The first key alone, held."""
    return KeyTimes(times.frames[:1], enum_numbers("interpolation", "CONSTANT"), enum_numbers("type", "KEYFRAME"))
