"""What is exported: armatures, the meshes that they move, and a camera."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy

from ..errors import ExportError
from ..narrowing import armature_of


@dataclass(frozen=True)
class Subject:
    """The exported objects. meshes: those that one of the armatures deforms or carries."""

    armatures: tuple[bpy.types.Object, ...]
    meshes: tuple[bpy.types.Object, ...]
    camera: bpy.types.Object | None = None


def subject_of(
    scene: bpy.types.Scene, armatures: Sequence[bpy.types.Object], camera: bpy.types.Object | None = None
) -> Subject:
    """The armatures with their meshes. Raises ExportError where there is no armature."""
    if not armatures:
        raise ExportError("There is nothing to export.", "Capture hands first, or choose a rig.")
    meshes = [each for each in scene.objects if each.type == "MESH" and is_moved_by(each, armatures)]
    return Subject(tuple(armatures), tuple(meshes), camera)


def is_moved_by(mesh: bpy.types.Object, armatures: Sequence[bpy.types.Object]) -> bool:
    """Whether one of the armatures deforms a mesh, or carries it and renders show it. Bone shapes are left out."""
    if deformer_of(mesh, armatures) is not None:
        return True
    return not mesh.hide_render and any(parent in armatures for parent in parents_of(mesh))


def deformer_of(mesh: bpy.types.Object, armatures: Sequence[bpy.types.Object]) -> bpy.types.Object | None:
    """The armature that deforms a mesh by a modifier, or None."""
    deformers = (getattr(modifier, "object", None) for modifier in mesh.modifiers if modifier.type == "ARMATURE")
    return next((each for each in deformers if each in armatures), None)


def parents_of(child: bpy.types.Object) -> Iterator[bpy.types.Object]:
    """The parent of an object, its parent, and so on."""
    parent = child.parent
    while parent is not None:
        yield parent
        parent = parent.parent


def deforming_bones(armature: bpy.types.Object) -> set[str]:
    """The names of the bones that deform meshes; all bones where none is marked so."""
    bones = armature_of(armature).bones
    return {bone.name for bone in bones if bone.use_deform} or {bone.name for bone in bones}
