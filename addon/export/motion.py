"""The motion of exported objects, read by playing the scene at the times of the exported frames."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import bpy
import numpy as np
from numpy.typing import NDArray

from ..errors import ExportError
from ..narrowing import armature_of, camera_data_of, pose_of
from ..shared.limits import TIMELINE_FRAMES
from .subject import Subject

Matrices = NDArray[np.float64]
SAME_TIME = 1e-6
"""Frames by which the last time may lie beyond the end of the range, from rounding."""


@dataclass(frozen=True)
class Motion:
    """What moves on N frames at a rate, the first of them numbered `first_frame`.

    world: by object, (N, 4, 4) its matrices in world space. bones: by armature, (N, B, 4, 4) its bones' matrices in
    armature space, in the order of its data. lens: (N,) focal lengths of the camera in mm. shapes: by mesh and shape
    key, (N,) its values.
    """

    rate: Fraction
    first_frame: int
    world: dict[bpy.types.Object, Matrices]
    bones: dict[bpy.types.Object, Matrices]
    lens: NDArray[np.float64]
    shapes: dict[tuple[bpy.types.Object, str], NDArray[np.float64]]

    def __len__(self) -> int:
        return len(next(iter(self.world.values())))


def scene_rate_of(scene: bpy.types.Scene) -> Fraction:
    """A scene's frames per second."""
    return Fraction(scene.render.fps) / Fraction(scene.render.fps_base).limit_denominator(100_000)


def frame_times(scene: bpy.types.Scene, rate: Fraction) -> NDArray[np.float64]:
    """(N,) frames of the scene's range at which a file at this rate has its frames. Raises ExportError for too many."""
    step = float(scene_rate_of(scene) / rate)
    count = int((scene.frame_end - scene.frame_start) / step + SAME_TIME) + 1
    if count > TIMELINE_FRAMES:
        raise ExportError(f"The export would have {count:,} frames.", "Shorten the scene's range, or lower the rate.")
    return np.arange(count, dtype=np.float64) * step + scene.frame_start


def read_motion(
    scene: bpy.types.Scene,
    subject: Subject,
    rate: Fraction | None = None,
    first_frame: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Motion:
    """Play the scene's range, and read what moves. The scene stays at the last frame.

    rate: frames per second of the export; None for the scene's. first_frame: the number that the first exported frame
    gets; None for the scene's first. Raises ExportError for too many frames.
    """
    rate = rate or scene_rate_of(scene)
    times = frame_times(scene, rate)
    objects = [*subject.armatures, *subject.meshes, *([subject.camera] if subject.camera else [])]
    keys = [(mesh, name) for mesh in subject.meshes for name in shape_names(mesh)]
    world = np.empty((len(objects), len(times), 4, 4))
    bones = {each: np.empty((len(times), len(armature_of(each).bones), 4, 4)) for each in subject.armatures}
    lens, values = np.empty(len(times)), np.empty((len(keys), len(times)))
    for each in subject.armatures:
        armature_of(each).pose_position = "POSE"
    for row, time in enumerate(times):
        scene.frame_set(int(time // 1), subframe=float(time % 1))
        world[:, row] = np.array([each.matrix_world for each in objects])
        for each in subject.armatures:
            posed = pose_of(each).bones
            bones[each][row] = np.array([posed[bone.name].matrix for bone in armature_of(each).bones])
        if subject.camera:
            lens[row] = camera_data_of(subject.camera).lens
        values[:, row] = [shape_value(mesh, name) for mesh, name in keys]
        progress(row + 1, len(times))
    return Motion(
        rate,
        scene.frame_start if first_frame is None else first_frame,
        dict(zip(objects, world, strict=True)),
        bones,
        lens,
        dict(zip(keys, values, strict=True)),
    )


def shape_names(mesh: bpy.types.Object) -> list[str]:
    """The names of a mesh's shape keys but for the basis."""
    keys = getattr(mesh.data, "shape_keys", None)
    return [key.name for key in keys.key_blocks if key != keys.reference_key] if keys else []


def shape_value(mesh: bpy.types.Object, name: str) -> float:
    """The present value of a shape key."""
    value: float = getattr(mesh.data, "shape_keys").key_blocks[name].value  # noqa: B009 (the types do not know it)
    return value
