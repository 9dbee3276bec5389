"""Rolling a scene back when an import fails."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import bpy

from ..narrowing import present
from .scene_setup import within

SCENE_SETTINGS: Final = ("camera", "frame_start", "frame_end", "frame_current")
RENDER_SETTINGS: Final = (
    "fps",
    "fps_base",
    "resolution_x",
    "resolution_y",
    "resolution_percentage",
    "pixel_aspect_x",
    "pixel_aspect_y",
)


@contextmanager
def all_or_nothing(context: bpy.types.Context) -> Iterator[None]:
    """When the block raises, remove the data-blocks that it made, and restore the scene's settings.

    Selection, active object and hidden collections are restored too, in Object Mode.
    """
    scene, layer = present(context.scene), present(context.view_layer)
    before = {block.as_pointer() for block in all_blocks()}
    settings = [(owner, name, getattr(owner, name)) for owner, name in settings_of(scene)]
    selected, active = list(layer.objects.selected), layer.objects.active
    hidden = {shown.collection.as_pointer(): hiding(shown) for shown in within(layer.layer_collection)}
    try:
        yield
    except BaseException:
        leave_edit_mode(layer)
        bpy.data.batch_remove([block for block in all_blocks() if block.as_pointer() not in before])
        for owner, name, value in settings:
            setattr(owner, name, value)
        for shown in within(layer.layer_collection):
            shown.exclude, shown.hide_viewport, shown.collection.hide_render = hidden[shown.collection.as_pointer()]
        for chosen in filter(None, list(layer.objects.selected)):  # Removed ones are None until the layer is updated.
            chosen.select_set(False)
        for chosen in selected:
            chosen.select_set(True)
        layer.objects.active = active
        raise


def hiding(shown: bpy.types.LayerCollection) -> tuple[bool, bool, bool]:
    """Whether a collection is excluded from a view layer, hidden in it, and hidden in renders."""
    return shown.exclude, shown.hide_viewport, shown.collection.hide_render


def all_blocks() -> Iterator[bpy.types.ID]:
    """Every data-block of the file."""
    for kind in bpy.data.bl_rna.properties:
        if kind.type == "COLLECTION":
            yield from getattr(bpy.data, kind.identifier)


def settings_of(scene: bpy.types.Scene) -> Iterator[tuple[Any, str]]:
    """The settings that an import may change: owner and property name."""
    yield from ((scene, name) for name in SCENE_SETTINGS)
    yield from ((scene.render, name) for name in RENDER_SETTINGS)


def leave_edit_mode(layer: bpy.types.ViewLayer) -> None:
    """Return a half-built armature to Object Mode, so that it can be removed."""
    active = layer.objects.active
    if active is not None and active.mode != "OBJECT":
        with bpy.context.temp_override(object=active, active_object=active):
            bpy.ops.object.mode_set(mode="OBJECT")
