"""What a rig does on some frames, by playing the scene."""

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
    if is_animated(armature):
        with unchanged(scene):
            return play_through(scene, armature, names, frames)
    return as_played(frames, names, [look(armature, names)] * len(frames))


def play_through(
    scene: bpy.types.Scene, armature: bpy.types.Object, names: set[str], frames: NDArray[np.floating]
) -> Played:
    """The object and bones of it on these frames (M,), of which the scene then shows the last."""
    found = []
    for frame in frames:
        scene.frame_set(int(frame // 1), subframe=float(frame % 1))
        found.append(look(armature, names))
    return as_played(frames, names, found)


def look(armature: bpy.types.Object, names: set[str]) -> list[Matrix]:
    """Where the object is now in the world, and bones of it in its axes."""
    return [armature.matrix_world.copy(), *(pose_of(armature).bones[name].matrix.copy() for name in names)]


def as_played(frames: NDArray[np.floating], names: set[str], found: list[list[Matrix]]) -> Played:
    """What `look` has found on each of the frames (M,)."""
    world, *bones = np.array(found, np.float64).swapaxes(0, 1)
    return Played(np.asarray(frames, np.float64), world, dict(zip(names, bones, strict=True)))


@contextmanager
def unchanged(scene: bpy.types.Scene, keyed: Collection[tuple[bpy.types.Object, str]] = ()) -> Iterator[None]:
    """Play other frames meanwhile; then the scene shows its frame again, and poses without keys are still there.

    keyed: objects and data paths of them that do what their new keys say.
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
    """Whether the rig has animation, or anything that it hangs from, is constrained to or driven by, at any remove."""
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
    """Whether a driver's expression names the frame."""
    drivers = [present(each.driver) for each in animation.drivers]
    return any("frame" in driver.expression for driver in drivers if driver.type == "SCRIPTED")


def movers(owner: bpy.types.ID) -> Iterator[bpy.types.ID | None]:
    """What a data-block hangs from, is constrained to, or driven by."""
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
