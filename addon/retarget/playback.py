"""What a rig does on some frames, by playing the scene."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from .. import compat
from .values import keyed_values, put_values

Matrices = NDArray[np.float64]

BONE_PATH: Final = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(?:location|rotation)')
STILL: Final = 1e-4
"""The range of an F-curve's values up to which it only poses."""


@dataclass(frozen=True)
class Played:
    """A rig, or another object, on M frames (M,), increasing: in the world, and by name some bones in its axes.

    world and each of the bones: (M, 4, 4).
    """

    frames: NDArray[np.float64]
    world: Matrices
    bones: dict[str, Matrices]

    def at(self, frames: NDArray[np.floating]) -> NDArray[np.intp]:
        """(N,) which of the M frames these are."""
        return np.searchsorted(self.frames, frames)


def play(scene: bpy.types.Scene, armature: bpy.types.Object, names: set[str], frames: NDArray[np.floating]) -> Played:
    """The object and bones of it on these frames (M,). The scene is played only where something can move them."""
    found: list[tuple[Matrix, ...]] = []

    def look() -> tuple[Matrix, ...]:
        return (armature.matrix_world.copy(), *(armature.pose.bones[name].matrix.copy() for name in names))

    if is_animated(armature):
        with unchanged(scene):
            for frame in frames:
                scene.frame_set(int(frame // 1), subframe=float(frame % 1))
                found.append(look())
    else:
        found = [look()] * len(frames)
    world, *bones = np.array(found, np.float64).swapaxes(0, 1)
    return Played(np.asarray(frames, np.float64), world, dict(zip(names, bones, strict=True)))


@contextmanager
def unchanged(scene: bpy.types.Scene) -> Iterator[None]:
    """Play other frames meanwhile; then the scene shows its frame again, and poses without keys are still there."""
    shown, subframe = scene.frame_current, scene.frame_subframe
    posed = [(each, keyed_values(each)) for each in scene.objects if each.animation_data]
    try:
        yield
    finally:
        scene.frame_set(shown, subframe=subframe)
        for each, values in posed:
            put_values(each, values)


def moving_bones(armature: bpy.types.Object) -> set[str]:
    """The bones that a rig's own animation moves: some F-curve of theirs has more than one value."""
    found = set()
    for curve in compat.playing_fcurves(armature):
        bone = BONE_PATH.match(curve.data_path)
        if bone and ranges_over(curve) > STILL:
            found.add(bpy.utils.unescape_identifier(bone.group(1)))
    return found


def ranges_over(curve: bpy.types.FCurve) -> float:
    """How far the keys of an F-curve are apart in value; without keys, as one of modifiers alone, without end."""
    values = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", values)
    if curve.modifiers or not len(values):
        return float("inf")
    return float(np.ptp(values[1::2]))


def is_animated(armature: bpy.types.Object) -> bool:
    """Whether the rig, or anything that it hangs from or is constrained to, has animation."""
    bones = armature.pose.bones if armature.pose else ()
    constraints = [*armature.constraints, *(each for bone in bones for each in bone.constraints)]
    moving = {armature, *(target for each in constraints if (target := getattr(each, "target", None)))}
    for each in list(moving):
        while (each := each.parent) is not None:
            moving.add(each)
    found = (each.animation_data for each in moving if each.animation_data)
    return any(animation.action or animation.nla_tracks for animation in found)
