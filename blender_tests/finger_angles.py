"""Angles between the fingers of a rig and those of captured hands."""

from collections.abc import Iterable
from itertools import pairwise

import bpy
import numpy as np
from numpy.typing import NDArray

from addon.retarget.mapping.presets import Preset
from addon.shared.names import SIDES
from addon.shared.rig_joints import FINGERS, finger_joints


def worst_angle(
    hands: Iterable[bpy.types.Object],
    rig: bpy.types.Object,
    preset: Preset,
    frames: Iterable[int] = (1, 2, 3),
    sides: Iterable[str] = SIDES,
) -> float:
    """The largest angle in degrees between finger segments of the rig and of the captured hands in the world."""
    angles = []
    sources = [hand for hand in hands if hand["dahyf_side"] in sides]
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        for source in sources:
            for finger in FINGERS:
                angles += finger_angles(source, rig, preset, source["dahyf_side"], finger)
    return max(angles)


def finger_angles(
    source: bpy.types.Object, rig: bpy.types.Object, preset: Preset, side: str, finger: str
) -> list[float]:
    """The angles of one finger's segments now, from joint to joint as far as both have them."""
    mano = "pinky" if finger == "little" else finger
    bones = [source.pose.bones[f"{mano}{number}.{side[0].upper()}"] for number in (1, 2, 3)]
    points = [*(world(source, bone.head) for bone in bones), world(source, bones[2].tail)]
    names = [preset.bones.get(joint) for joint in finger_joints(side, finger)]
    kept = [index for index, name in enumerate(names) if name]
    reached = [world(rig, rig.pose.bones[names[index]].head) for index in kept]
    found = []
    for (index, after), (head, tail) in zip(pairwise(kept), pairwise(reached), strict=True):
        found.append(angle(points[after] - points[index], tail - head))
    last = rig.pose.bones[names[kept[-1]]]
    if last.bone.vector.normalized().dot((last.bone.head_local - last.parent.bone.head_local).normalized()) > 0.5:
        found.append(angle(points[3] - points[kept[-1]], world(rig, last.tail) - reached[-1]))
    return found


def world(owner: bpy.types.Object, point: object) -> NDArray:
    return np.array(owner.matrix_world @ point)


def angle(first: NDArray, second: NDArray) -> float:
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(first, second)), first @ second)))
