"""Rigs linked from other .blend files. Keys on them are lost; keys on a library override stay."""

from collections.abc import Iterator
from typing import Any

import bpy

from ...errors import RetargetError
from ...narrowing import present

REMEDY = "Press Make Library Override in the Retarget section, so that the rig can be keyed."


def linked_reason(candidate: bpy.types.Object | None) -> str | None:
    """Why keys on an object would be lost, or None: it is linked, or an override that is not editable."""
    if candidate is None:
        return None
    if candidate.library is not None:
        return f"The rig {candidate.name} is linked from {candidate.library.filepath}: keys on it would be lost."
    if candidate.override_library is not None and candidate.override_library.is_system_override:
        return f"The library override of the rig {candidate.name} is not editable: keys on it would be lost."
    if instanced_rig(candidate) is not None:
        return f"{candidate.name} is an instance of a linked collection: the rig in it cannot be keyed."
    return None


def check_not_linked(candidate: bpy.types.Object) -> None:
    """Raise RetargetError where keys on a rig would be lost."""
    reason = linked_reason(candidate)
    if reason is not None:
        raise RetargetError(reason, REMEDY)


def instanced_rig(candidate: bpy.types.Object) -> bpy.types.Object | None:
    """The first rig in the linked collection that an empty instances, or None."""
    collection = candidate.instance_collection if candidate.instance_type == "COLLECTION" else None
    if collection is None or collection.library is None:
        return None
    return next((found for found in collection.all_objects if found.type == "ARMATURE"), None)


def make_override(context: bpy.types.Context, candidate: bpy.types.Object) -> bpy.types.Object:
    """Replace a linked character by a library override, fully editable. Returns the rig to key.

    candidate: the linked rig, the empty that shows its collection, or an override that is not editable.
    Raises RetargetError where there is nothing to override, or Blender refuses.
    """
    if linked_reason(candidate) is None:
        raise RetargetError(f"{candidate.name} is not linked.", "It can be keyed as it is.")
    if candidate.override_library is not None:
        candidate.override_library.is_system_override = False
        return candidate
    scene, name, library = present(context.scene), candidate.name, candidate.library
    rig = candidate if library is not None else instanced_rig(candidate)
    collection = candidate.instance_collection if library is None else linked_collection(scene, candidate)
    options: Any = {"reference": candidate} if library is None else {}
    made = (collection or candidate).override_hierarchy_create(
        scene, present(context.view_layer), do_fully_editable=True, **options
    )
    overrides = (found.override_library for found in scene.objects)
    if made is None or not any(override and override.reference == rig for override in overrides):
        raise RetargetError(
            f"Blender cannot make a library override of {name}.",
            "Try Object > Library Override > Make, which says why.",
        )
    if library is not None:
        unlink(scene, collection or candidate)
    return next(found for found in scene.objects if found.override_library and found.override_library.reference == rig)


def local_collections(scene: bpy.types.Scene) -> Iterator[bpy.types.Collection]:
    """The scene's own collections, the uppermost first."""
    yield from (each for each in (scene.collection, *scene.collection.children_recursive) if each.library is None)


def linked_collection(scene: bpy.types.Scene, rig: bpy.types.Object) -> bpy.types.Collection | None:
    """The linked collection in the scene's own ones that holds a linked rig; None where the rig alone was linked."""
    children = (child for parent in local_collections(scene) for child in parent.children if child.library is not None)
    return next((child for child in children if rig.name in child.all_objects and child.library == rig.library), None)


def unlink(scene: bpy.types.Scene, overridden: bpy.types.Object | bpy.types.Collection) -> None:
    """Unlink overridden data from the scene's own collections."""
    for parent in local_collections(scene):
        members: Any = parent.objects if isinstance(overridden, bpy.types.Object) else parent.children
        if overridden in list(members):
            members.unlink(overridden)
