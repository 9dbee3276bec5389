"""Rotations as F-curves of a bone, in its own rotation mode."""

import bpy
import numpy as np
from mathutils import Quaternion
from numpy.typing import NDArray

from ...scene.keys import Channel, continuous


def rotation_channel(bone: bpy.types.PoseBone, quaternions: NDArray[np.floating]) -> Channel:
    """The channel of rotations (N, 4) in a bone's rotation mode, which does not change."""
    quaternions = continuous(quaternions)
    if bone.rotation_mode == "QUATERNION":
        return Channel(bone.path_from_id("rotation_quaternion"), bone.name, quaternions, "AUTO_YRGB")
    if bone.rotation_mode == "AXIS_ANGLE":
        turns = [Quaternion(quaternion).to_axis_angle() for quaternion in quaternions.tolist()]
        return Channel(
            bone.path_from_id("rotation_axis_angle"),
            bone.name,
            np.array([(angle, *axis[:]) for axis, angle in turns]),
            "AUTO_YRGB",
        )
    return Channel(
        bone.path_from_id("rotation_euler"), bone.name, continuous_eulers(quaternions, bone.rotation_mode), "AUTO_RGB"
    )


def continuous_eulers(quaternions: NDArray[np.floating], order: str) -> NDArray[np.float64]:
    """(N, 3) Euler angles of rotations (N, 4), each close to the previous ones."""
    eulers = [Quaternion(quaternions[0].tolist()).to_euler(order)]
    for quaternion in quaternions[1:].tolist():
        eulers.append(Quaternion(quaternion).to_euler(order, eulers[-1]))
    return np.array(eulers, np.float64)
