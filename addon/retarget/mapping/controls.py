"""Replacing mapped bones that only copy another bone by that bone, the control that an animator would key."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, cast

import bpy

from ...narrowing import armature_of, pose_of
from ..overrides import turns
from .presets import Preset

COPYING: Final = frozenset({"COPY_ROTATION", "COPY_TRANSFORMS"})
SAME_PLACE: Final = 0.1
"""How far a control may be from its bone, as a fraction of the bone's length."""

MOST_STEPS: Final = 4


def held_names(armature: bpy.types.Object) -> frozenset[str]:
    """The bones of a rig that a constraint turns."""
    return frozenset(bone.name for bone in pose_of(armature).bones if any(turns(each) for each in bone.constraints))


def on_controls(armature: bpy.types.Object, preset: Preset) -> Preset:
    """The preset with controls instead of the bones that copy them. Its notes name them."""
    bones = dict(preset.bones)
    for joint, name in preset.bones.items():
        control = control_of(armature, name)
        if control not in bones.values():
            bones[joint] = control
    moved = [f"{bones[joint]} for {name}" for joint, name in preset.bones.items() if bones[joint] != name]
    notes = (f"Controls are keyed instead of the bones that copy them: {', '.join(moved)}.",) if moved else ()
    return replace(preset, bones=bones, notes=(*preset.notes, *notes))


def control_of(armature: bpy.types.Object, name: str) -> str:
    """The last bone of a series in which each copies the next at the same place; the bone itself if it copies none."""
    for _ in range(MOST_STEPS):
        bone = pose_of(armature).bones[name]
        constraints = cast(
            Iterable[bpy.types.CopyRotationConstraint], bone.constraints
        )  # each of COPYING has its members
        copied = [each for each in constraints if turns(each) and each.type in COPYING and each.target == armature]
        nearby = [each.subtarget for each in copied if is_at(armature, bone, each.subtarget)]
        if not nearby:
            break
        name = nearby[-1]
    return name


def is_at(armature: bpy.types.Object, bone: bpy.types.PoseBone, other: str) -> bool:
    """Whether a bone of that name exists and its head is at this bone's head."""
    found = armature_of(armature).bones.get(other)
    return found is not None and (found.head_local - bone.bone.head_local).length <= SAME_PLACE * bone.bone.length
