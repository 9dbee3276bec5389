"""The bones of a rig at rest, as plain values."""

from dataclasses import dataclass

import bpy
import numpy as np

from ..narrowing import armature_of
from .rotations import FloatArray


@dataclass(frozen=True)
class RestBone:
    """A bone of the target at rest, in the axes of its armature. head (3,), tail (3,), orientation (3, 3).

    parent: the name of its parent, or None. turns_along: whether it turns with its parent. tip (3,): where an end bone
    says that the finger ends, on the last bone of one.
    """

    name: str
    parent: str | None
    head: FloatArray
    tail: FloatArray
    orientation: FloatArray
    turns_along: bool = True
    tip: FloatArray | None = None


def rest_bones(armature: bpy.types.Object) -> dict[str, RestBone]:
    """All bones of a rig at rest, in its own axes."""
    return {
        bone.name: RestBone(
            name=bone.name,
            parent=bone.parent.name if bone.parent else None,
            head=np.array(bone.head_local, np.float64),
            tail=np.array(bone.tail_local, np.float64),
            orientation=np.array(bone.matrix_local.to_3x3(), np.float64),
            turns_along=bone.use_inherit_rotation,
        )
        for bone in armature_of(armature).bones
    }
