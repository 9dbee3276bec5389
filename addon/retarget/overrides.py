"""Bones of the target whose keys a constraint or driver overrides."""

from collections.abc import Iterable, Iterator
from typing import Final

import bpy

from ..narrowing import pose_of
from .rig_limits import acts

TURNING: Final = frozenset(
    {"COPY_ROTATION", "COPY_TRANSFORMS", "DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK", "STRETCH_TO", "IK", "ARMATURE"}
)
"""Types of constraints that replace a bone's own rotation, unless their mix mode combines both."""


def held_bones(armature: bpy.types.Object, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The bones of these whose rotation is overridden, each with what overrides it: a constraint or a driver."""
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
    """Whether a constraint replaces its bone's rotation."""
    return constraint.type in TURNING and acts(constraint) and getattr(constraint, "mix_mode", "REPLACE") == "REPLACE"
