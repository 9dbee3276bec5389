"""Reading a rig's motion on some frames by playing the scene."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from .. import compat
from ..narrowing import pose_of, present
from .property_values import keyed_values, put_values

Matrices = NDArray[np.float64]

BONE_PATH: Final = re.compile(r'pose\.bones\["((?:[^"\\]|\\.)*)"\]\.(?:location|rotation)')
STILL: Final = 1e-4
"""Range of values up to which an F-curve counts as a still pose."""


@dataclass(frozen=True)
class Played:
    """Matrices of an object on M frames (M,), in increasing order.

    world (M, 4, 4): the object in world space. bones (M, 4, 4), by name: some of its bones in armature space.
    """

    frames: NDArray[np.float64]
    world: Matrices
    bones: dict[str, Matrices]

    def at(self, frames: NDArray[np.floating]) -> NDArray[np.intp]:
        """(N,) the indices of these frames among the M frames."""
        return np.searchsorted(self.frames, frames)


def play(scene: bpy.types.Scene, armature: bpy.types.Object, names: set[str], frames: NDArray[np.floating]) -> Played:
    """The object and some of its bones on these frames (M,). The scene is played only if something animates them."""
    if is_animated(armature):
        with unchanged(scene):
            return play_through(scene, armature, names, frames)
    return as_played(frames, names, [look(armature, names)] * len(frames))


def play_through(
    scene: bpy.types.Scene, armature: bpy.types.Object, names: set[str], frames: NDArray[np.floating]
) -> Played:
    """The object and some of its bones on these frames (M,). The scene stays at the last frame."""
    found = []
    for frame in frames:
        scene.frame_set(int(frame // 1), subframe=float(frame % 1))
        found.append(look(armature, names))
    return as_played(frames, names, found)


def look(armature: bpy.types.Object, names: set[str]) -> list[Matrix]:
    """The object's present matrix in world space, and those of some bones in armature space."""
    return [armature.matrix_world.copy(), *(pose_of(armature).bones[name].matrix.copy() for name in names)]


def as_played(frames: NDArray[np.floating], names: set[str], found: list[list[Matrix]]) -> Played:
    """The matrices that `look` found on each of the frames (M,), as Played."""
    world, *bones = np.array(found, np.float64).swapaxes(0, 1)
    return Played(np.asarray(frames, np.float64), world, dict(zip(names, bones, strict=True)))


@contextmanager
def unchanged(scene: bpy.types.Scene, keyed: Collection[tuple[bpy.types.Object, str]] = ()) -> Iterator[None]:
    """Allow playing other frames in the block. Afterwards the scene's frame and poses without keys are restored.

    keyed: objects and their data paths that are not restored, as they have new keys.
    """
    shown, subframe = scene.frame_current, scene.frame_subframe
    posed = [
        (each, {path: value for path, value in keyed_values(each).items() if (each, path) not in keyed})
        for each in scene.objects
        if each.animation_data
    ]
    try:
        yield
    finally:
        scene.frame_set(shown, subframe=subframe)
        for each, values in posed:
            put_values(each, values)


def moving_bones(armature: bpy.types.Object) -> set[str]:
    """The bones that a rig's own animation moves: one of their F-curves has more than one value."""
    found = set()
    for curve in compat.playing_fcurves(armature):
        bone = BONE_PATH.match(curve.data_path)
        if bone and ranges_over(curve) > STILL:
            found.add(bpy.utils.unescape_identifier(bone.group(1)))
    return found


def ranges_over(curve: bpy.types.FCurve) -> float:
    """The range of an F-curve's key values; infinite with modifiers or without keys."""
    values = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", values)
    if curve.modifiers or not len(values):
        return float("inf")
    return float(np.ptp(values[1::2]))


def is_animated(armature: bpy.types.Object) -> bool:
    """Whether the rig is animated, or any of its parents, constraint targets and driver targets, direct or indirect."""
    waiting: list[bpy.types.ID] = [armature]
    met = set(waiting)
    while waiting:
        each = waiting.pop()
        animation = getattr(each, "animation_data", None)
        if animation is not None and (animation.action or animation.nla_tracks or goes_by_frame(animation)):
            return True
        new = {other for other in movers(each) if other is not None} - met
        met |= new
        waiting += new
    return False


def goes_by_frame(animation: bpy.types.AnimData) -> bool:
    """Whether a driver's expression uses the frame number."""
    drivers = [present(each.driver) for each in animation.drivers]
    return any("frame" in driver.expression for driver in drivers if driver.type == "SCRIPTED")


def movers(owner: bpy.types.ID) -> Iterator[bpy.types.ID | None]:
    """The parent, data, constraint targets and driver targets of a data-block."""
    animation: bpy.types.AnimData | None = getattr(owner, "animation_data", None)
    for curve in animation.drivers if animation is not None else ():
        yield from (target.id for variable in present(curve.driver).variables for target in variable.targets)
    if not isinstance(owner, bpy.types.Object):
        return
    yield owner.parent
    yield owner.data
    posed = owner.pose.bones if owner.pose else ()
    for constraint in (*owner.constraints, *(each for bone in posed for each in bone.constraints)):
        yield getattr(constraint, "target", None)
        yield getattr(constraint, "pole_target", None)
        yield from (target.target for target in getattr(constraint, "targets", ()))
