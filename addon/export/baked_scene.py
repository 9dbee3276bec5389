"""A scene of copies that move by plain keys: no parents outside it, no constraints, no drivers, no helper bones."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ..compat import NewAction
from ..errors import ExportError
from ..narrowing import armature_of, camera_data_of, matrix_of, pose_of, present
from ..scene.keys import Channel, KeyTimes, add_channels, continuous, enum_numbers
from ..scene.timing import scene_rate
from .motion import Matrices, Motion
from .subject import Subject, deformer_of

STILL = 1e-7
"""Largest change of a matrix's elements up to which an object gets no keys."""
APART = 1e-3
"""Largest change of the place of a mesh relative to its armature, in the armature's units."""
UNEVEN = 1e-3
"""Largest relative difference of an armature's scale along its axes."""
ORIGINAL = "original of"
"""How the name of a data-block begins whose name its copy has taken."""


Renamed = list[tuple[bpy.types.ID, str]]


@dataclass(frozen=True)
class Space:
    """The space of the exported file. turn: rotation (3, 3) from Blender's world. units: of the file in a metre."""

    turn: NDArray[np.float64]
    units: float

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(4, 4) from Blender's world to the file."""
        whole = np.eye(4)
        whole[:3, :3] = self.turn * self.units
        return whole


@dataclass(frozen=True)
class BakedScene:
    """The scene of copies, and its armatures. renamed: originals whose names the copies have taken."""

    scene: bpy.types.Scene
    armatures: tuple[bpy.types.Object, ...]
    has_shapes: bool
    renamed: Renamed


def bake(subject: Subject, motion: Motion, space: Space, deforming: Mapping[bpy.types.Object, set[str]]) -> BakedScene:
    """Copy the subject with its motion into a new scene, which becomes the window's.

    The rest pose of an armature is where its object is on the first frame, its object stays at the origin of the file,
    and its bones carry all motion. deforming: by armature, the bones that are kept. Raises ExportError.
    """
    check(subject, motion)
    before = present(bpy.context.scene)
    scene = bpy.data.scenes.new("Export")
    scene.unit_settings.scale_length = before.unit_settings.scale_length / space.units
    scene.render.fps, scene.render.fps_base = scene_rate(motion.rate)
    for name in ("resolution_x", "resolution_y", "resolution_percentage", "pixel_aspect_x", "pixel_aspect_y"):
        setattr(scene.render, name, getattr(before.render, name))
    scene.frame_start, scene.frame_end = motion.first_frame, motion.first_frame + len(motion) - 1
    present(bpy.context.window).scene = scene
    copier = Copier(scene, motion, space)
    for each in subject.armatures:
        copier.bake_armature(each, deforming[each])
    for mesh in subject.meshes:
        copier.bake_mesh(mesh)
    if subject.camera is not None:
        copier.bake_camera(subject.camera)
    scene.frame_set(motion.first_frame)
    return BakedScene(scene, tuple(copier.armatures.values()), bool(motion.shapes), copier.renamed)


def key_times(motion: Motion) -> KeyTimes:
    """One linear key on each frame."""
    linear, plain = enum_numbers("interpolation", "LINEAR"), enum_numbers("type", "KEYFRAME")
    count = len(motion)
    return KeyTimes(motion.first_frame + np.arange(count, dtype=float), linear.repeat(count), plain.repeat(count))


class Copier:
    """Copies objects into a scene, and keys them."""

    def __init__(self, scene: bpy.types.Scene, motion: Motion, space: Space) -> None:
        self.armatures: dict[bpy.types.Object, bpy.types.Object] = {}
        self.renamed: Renamed = []
        self._scene = scene
        self._motion = motion
        self._space = space
        self._times = key_times(motion)

    def bake_armature(self, armature: bpy.types.Object, kept: set[str]) -> None:
        """Copy an armature with some of its bones, and key them. Raises ExportError."""
        world = self._motion.world[armature]
        scale = np.linalg.norm(world[0, :3, :3], axis=0).mean()
        copied = self.armatures[armature] = self._copy(armature)
        names = [bone.name for bone in armature_of(armature).bones]
        parents = kept_parents(armature, kept)
        armature_of(copied).transform(matrix_of(self._space.matrix @ world[0]))
        simplify_bones(copied, kept, parents)
        moved = self._space.matrix @ world[:, None] @ self._motion.bones[armature]
        moved[..., :3, :3] /= scale * self._space.units
        poses = {name: moved[:, index] for index, name in enumerate(names) if name in kept}
        self._write(copied, copied.name, bone_channels(copied, poses))

    def bake_mesh(self, mesh: bpy.types.Object) -> None:
        """Copy a mesh. One that is deformed becomes its armature's child; any other is keyed as it moves."""
        deformer = deformer_of(mesh, tuple(self.armatures))
        copied = self._copy(mesh)
        for modifier in copied.modifiers:
            moved: Any = modifier
            if modifier.type == "ARMATURE" and moved.object in self.armatures:
                moved.object = self.armatures[moved.object]
        world, data, whole = self._motion.world[mesh], cast(Any, copied.data), self._space.matrix
        if deformer is None:
            data.transform(matrix_of(whole), shape_keys=True)
            self._key_object(copied, whole @ world @ np.linalg.inv(whole))
        else:
            data.transform(matrix_of(whole @ world[0]), shape_keys=True)
            copied.parent = self.armatures[deformer]
            copied.matrix_parent_inverse = Matrix()
        shapes = {name: values for (owner, name), values in self._motion.shapes.items() if owner == mesh}
        if shapes:
            data.shape_keys.animation_data_clear()
            self._write(data.shape_keys, f"{mesh.name} shapes", shape_channels(shapes))

    def bake_camera(self, camera: bpy.types.Object) -> None:
        """Copy a camera, which becomes the scene's."""
        copied = self._copy(camera)
        world = self._space.matrix @ self._motion.world[camera]
        world[..., :3, :3] /= np.linalg.norm(world[..., :3, :3], axis=-2, keepdims=True)
        self._key_object(copied, world)
        data = camera_data_of(copied)
        data.clip_start, data.clip_end = data.clip_start * self._space.units, data.clip_end * self._space.units
        if np.ptp(self._motion.lens) > 0:
            self._write(data, f"{camera.name} lens", [Channel("lens", "", self._motion.lens[:, None])])
        self._scene.camera = copied

    def _copy(self, original: bpy.types.Object) -> bpy.types.Object:
        """Copy an object and its data under the same names, local, at the origin, without animation and parent."""
        copied, data = original.copy(), cast(Any, original.data).copy()
        copied.data = data
        for source, copy in ((original, copied), (present(original.data), data)):
            if copy.library is not None or copy.override_library is not None:
                copy.make_local()
            name = source.name
            if source.library is None:
                self.renamed.append((source, name))
                source.name = f"{ORIGINAL} {name}"
            copy.name = name
            copy.animation_data_clear()
        copied.parent = None
        copied.constraints.clear()
        copied.hide_viewport = copied.hide_render = False
        copied.matrix_world = Matrix()
        present(self._scene.collection).objects.link(copied)
        return copied

    def _key_object(self, copied: bpy.types.Object, world: Matrices) -> None:
        """Put an object where its matrices (N, 4, 4) say, with keys only if they change."""
        copied.matrix_world = matrix_of(world[0])
        if np.ptp(world, axis=0).max() > STILL:
            copied.rotation_mode = "QUATERNION"
            self._write(copied, copied.name, channels(world, str, "Object"))

    def _write(self, owner: Any, name: str, keyed: Iterable[Channel]) -> None:
        """Give a data-block a new Action with these channels."""
        new = NewAction(owner, name)
        add_channels(new, self._times, keyed)
        new.assign(keep_last=False)


def check(subject: Subject, motion: Motion) -> None:
    """Raise ExportError for what cannot be bones that move a skin: uneven scale, and skins that stay behind."""
    for armature in subject.armatures:
        world = motion.world[armature][0, :3, :3]
        scales = np.linalg.norm(world, axis=0)
        if np.ptp(scales) > UNEVEN * scales.max() or np.linalg.det(world) <= 0:
            raise ExportError(
                f"The rig {armature.name} is scaled unevenly or mirrored as an object.",
                "Apply its scale with Object > Apply > Scale, and export again.",
            )
    for mesh in subject.meshes:
        deformer = deformer_of(mesh, subject.armatures)
        if deformer is None:
            continue
        apart = np.linalg.solve(motion.world[deformer], motion.world[mesh])
        if np.ptp(apart, axis=0).max() > APART:
            raise ExportError(
                f"The mesh {mesh.name} does not move with {deformer.name}, which deforms it and moves as an object.",
                "Make the mesh a child of that rig with Ctrl P > Object, and export again.",
            )


def kept_parents(armature: bpy.types.Object, kept: set[str]) -> dict[str, str | None]:
    """The parent that each kept bone gets: its nearest ancestor that is kept, or the kept bone that copies one.

    Rigify's deforming bones are children of helper bones, and copy the transforms of others.
    """
    copying = {
        getattr(constraint, "subtarget", ""): bone.name
        for bone in pose_of(armature).bones
        if bone.name in kept
        for constraint in bone.constraints
        if constraint.type == "COPY_TRANSFORMS" and getattr(constraint, "target", None) == armature
    }
    found: dict[str, str | None] = {}
    for bone in armature_of(armature).bones:
        if bone.name in kept:
            above = (each.name if each.name in kept else copying.get(each.name) for each in bone.parent_recursive)
            found[bone.name] = next((name for name in above if name not in (None, bone.name)), None)
    return found


def simplify_bones(copied: bpy.types.Object, kept: set[str], parents: Mapping[str, str | None]) -> None:
    """Remove the other bones, constraints and custom shapes, and make bones follow their parents in full."""
    for posed in pose_of(copied).bones:
        for constraint in list(posed.constraints):
            posed.constraints.remove(constraint)
        posed.custom_shape = None
        posed.rotation_mode = "QUATERNION"
    view_layer = present(bpy.context.view_layer)
    view_layer.objects.active = copied
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature_of(copied).edit_bones
    for bone in bones:
        bone.use_connect = False
    for name, parent in parents.items():
        bones[name].parent = bones[parent] if parent else cast(Any, None)
    for bone in [bone for bone in bones if bone.name not in kept]:
        bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    for plain in armature_of(copied).bones:
        plain.use_inherit_rotation = plain.use_local_location = True
        plain.inherit_scale = "FULL"
        plain.use_relative_parent = False


def bone_channels(copied: bpy.types.Object, poses: Mapping[str, Matrices]) -> Iterator[Channel]:
    """The keys of bones with these matrices (N, 4, 4) in armature space."""
    for bone in armature_of(copied).bones:
        rest, pose = np.array(bone.matrix_local, np.float64), poses[bone.name]
        if bone.parent is not None:
            rest = np.linalg.solve(np.array(bone.parent.matrix_local), rest)
            pose = np.asarray(np.linalg.solve(poses[bone.parent.name], pose), np.float64)
        path = pose_of(copied).bones[bone.name].path_from_id
        yield from channels(np.asarray(np.linalg.solve(rest, pose), np.float64), path, bone.name)


def channels(matrices: Matrices, path: Any, group: str) -> Iterator[Channel]:
    """Location, rotation and scale of matrices (N, 4, 4). path: from a property's name to its data path."""
    parts = [matrix_of(matrix).decompose() for matrix in matrices]
    yield Channel(path("location"), group, np.array([part[0] for part in parts]))
    yield Channel(path("rotation_quaternion"), group, continuous(np.array([part[1] for part in parts])))
    yield Channel(path("scale"), group, np.array([part[2] for part in parts]))


def shape_channels(shapes: Mapping[str, NDArray[np.float64]]) -> Iterator[Channel]:
    """The keys of shape keys, by name, with these values (N,)."""
    for name, values in shapes.items():
        yield Channel(f'key_blocks["{bpy.utils.escape_identifier(name)}"].value', "", values[:, None])


def discard(baked: BakedScene, back_to: bpy.types.Scene) -> None:
    """Remove the copies, give the originals their names back, and show the scene again that they are in."""
    present(bpy.context.window).scene = back_to
    copies: list[Any] = list(baked.scene.objects)
    doomed = [*copies, *(copy.data for copy in copies)]
    doomed += [each.animation_data.action for each in doomed if each.animation_data and each.animation_data.action]
    shapes = [getattr(copy.data, "shape_keys", None) for copy in copies]
    doomed += [each.animation_data.action for each in shapes if each and each.animation_data]
    cast(Any, bpy.data).batch_remove(set(doomed))
    bpy.data.scenes.remove(baked.scene)
    for original, name in reversed(baked.renamed):
        original.name = name
