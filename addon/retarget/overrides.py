"""Bones of the target that do not go where their keys say."""

from collections.abc import Iterable, Iterator
from typing import Final

import bpy

from ..narrowing import pose_of
from .rig_limits import acts

TURNING: Final = frozenset(
    {"COPY_ROTATION", "COPY_TRANSFORMS", "DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK", "STRETCH_TO", "IK", "ARMATURE"}
)
"""Types of constraints that put another rotation in place of the bone's own, unless they say that they mix."""


def held_bones(armature: bpy.types.Object, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of these bones those whose rotation something else decides, and what: a constraint, or a driver."""
    drivers = armature.animation_data.drivers if armature.animation_data else ()
    driven = [driver.data_path for driver in drivers if not driver.mute]
    for name in names:
        bone = pose_of(armature).bones[name]
        holding = next((each.name for each in bone.constraints if turns(each)), None)
        if holding:
            yield name, f"its constraint {holding}"
        elif any(path.startswith(f"{bone.path_from_id()}.rotation_") for path in driven):
            yield name, "a driver"


def turns(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint takes the place of its bone's rotation."""
    return constraint.type in TURNING and acts(constraint) and getattr(constraint, "mix_mode", "REPLACE") == "REPLACE"
