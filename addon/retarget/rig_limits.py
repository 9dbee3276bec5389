"""Joint limits of the target rig, from its constraints. Keyed finger rotations stay within them."""

from dataclasses import dataclass
from typing import cast

import bpy
import numpy as np
from mathutils import Euler, Matrix

from .rotations import FloatArray

AXES = "xyz"


@dataclass(frozen=True)
class JointLimits:
    """Least and greatest Euler angles (3,), radians, of a bone's rotation in its own axes, infinite where free."""

    low: FloatArray
    high: FloatArray
    order: str = "XYZ"

    def applied(self, matrices: FloatArray) -> FloatArray:
        """Rotations (N, 3, 3) with each angle clamped to its limits. Rotations within them are returned unchanged."""
        result = np.array(matrices)
        for row, matrix in enumerate(matrices):
            angles = np.array(Matrix(matrix.tolist()).to_euler(self.order))
            kept = np.clip(angles, self.low, self.high)
            if (kept != angles).any():
                result[row] = np.array(Euler(kept.tolist(), self.order).to_matrix())
        return result


def joint_limits(bone: bpy.types.PoseBone) -> JointLimits | None:
    """The limits of a bone's Limit Rotation constraint in local space, else its IK limits; None if it has neither."""
    for constraint in bone.constraints:
        if constraint.type == "LIMIT_ROTATION" and constraint.owner_space == "LOCAL" and acts(constraint):
            order = cast(bpy.types.LimitRotationConstraint, constraint).euler_order
            return between(
                [(getattr(constraint, f"use_limit_{axis}"), f"min_{axis}", f"max_{axis}") for axis in AXES],
                constraint,
                "XYZ" if order == "AUTO" else order,
            )
    stated = [(getattr(bone, f"use_ik_limit_{axis}"), f"ik_min_{axis}", f"ik_max_{axis}") for axis in AXES]
    return between(stated, bone, "XYZ") if any(used for used, _, _ in stated) else None


def acts(constraint: bpy.types.Constraint) -> bool:
    """Whether a constraint is switched on."""
    return not constraint.mute and constraint.influence > 0


def between(
    stated: list[tuple[bool, str, str]], owner: bpy.types.Constraint | bpy.types.PoseBone, order: str
) -> JointLimits:
    """Joint limits from an owner's properties. stated: by axis, whether it is limited, and two property names."""
    low = [getattr(owner, least) if used else -np.inf for used, least, _ in stated]
    high = [getattr(owner, most) if used else np.inf for used, _, most in stated]
    return JointLimits(np.array(low), np.array(high), order)
