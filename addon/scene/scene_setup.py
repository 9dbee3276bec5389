"""Setting up a scene for a capture, and showing one of several captures in a scene.

A scene is changed only on request, or when nobody has worked in it yet.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

import bpy
import numpy as np

from ..backend.capture_file import Capture
from ..narrowing import holds, rna_property
from . import camera, timing
from .references import CAPTURE

RANGE: Final = "dahyf_range"
SEEN: Final = "dahyf_first_seen"
PICTURE: Final = "dahyf_picture"
"""Properties of a capture's root: first and last frame; first frame with a hand; picture width, height, and pixel
aspect in x and y."""
CONTENTS: Final = "dahyf_contents"
"""Property that marks the collection of an import."""

FOOTAGE_CAMERA: Final = "dahyf_footage_camera"
"""Property of a camera that only shows footage. The import of a capture removes it."""

STARTUP_OBJECTS: Final = {("Camera", "CAMERA"), ("Cube", "MESH"), ("Light", "LIGHT")}
"""Name and type of the objects in Blender's default scene."""


class SceneSetup(StrEnum):
    """Whether a scene gets the footage's rate, range, picture size and camera."""

    AUTO = "AUTO"
    ALWAYS = "ALWAYS"
    NEVER = "NEVER"


def is_wanted(scene: bpy.types.Scene, setup: SceneSetup) -> bool:
    """Whether an import sets up the scene."""
    return setup is SceneSetup.ALWAYS or (setup is SceneSetup.AUTO and is_untouched(scene))


def is_untouched(scene: bpy.types.Scene) -> bool:
    """Whether a scene holds only Blender's default objects, without animation, and has the default settings."""
    objects = [each for each in scene.objects if not holds(each, FOOTAGE_CAMERA)]
    is_empty = all((each.name, each.type) in STARTUP_OBJECTS and not each.animation_data for each in objects)
    return is_empty and not scene.timeline_markers and not scene.animation_data and has_factory_settings(scene)


def has_factory_settings(scene: bpy.types.Scene) -> bool:
    """Whether rate, range and picture size are those of a new scene."""
    names = ("fps", "fps_base", "resolution_x", "resolution_y", "resolution_percentage")
    chosen = [(scene.render, name) for name in names] + [(scene, name) for name in ("frame_start", "frame_end")]
    return all(getattr(owner, name) == rna_property(owner, name).default for owner, name in chosen)


def capture_roots(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The root empties of the captures in a scene, in the order of their import."""
    return [found for found in scene.objects if found.type == "EMPTY" and holds(found, CAPTURE)]


def title(root: bpy.types.Object) -> str:
    """A capture's name, as the panel lists it."""
    return root.name.replace("_root", "", 1)


def record(root: bpy.types.Object, capture: Capture, timeline: timing.Timeline) -> None:
    """Store in a root the range, picture size and first frame with a hand of its capture."""
    frames = timeline.frames(capture)
    seen = np.any([hand.present for hand in capture.hands], axis=0) if capture.hands else np.zeros(len(frames), bool)
    root[RANGE] = [int(np.floor(frames[0])), int(np.ceil(frames[-1]))]
    root[SEEN] = int(np.ceil(frames[np.argmax(seen)]))
    if capture.intrinsics is not None:
        lens = camera.lens_of(capture.intrinsics)
        size = (capture.intrinsics.width, capture.intrinsics.height)
        root[PICTURE] = [*map(float, size), lens.pixel_aspect_x, lens.pixel_aspect_y]


def set_rate(scene: bpy.types.Scene, capture: Capture) -> None:
    """Give a scene the footage's rate."""
    scene.render.fps, scene.render.fps_base = timing.scene_rate(capture.footage.rate)


def timeline_of(scene: bpy.types.Scene, first_frame: int) -> timing.Timeline:
    """The timeline for footage that starts at a frame of a scene, at the scene's rate."""
    return timing.Timeline(first_frame, scene.render.fps / scene.render.fps_base)


def set_up(scene: bpy.types.Scene, root: bpy.types.Object) -> None:
    """Give a scene a capture's camera, picture size and range, and go to the first frame with a hand.

    Its rate stays: the hands keep their speed at any rate.
    """
    scene.camera = camera_of(root) or scene.camera
    if holds(root, RANGE):
        scene.frame_set(root[SEEN])
        set_range(scene, root)
    if holds(root, PICTURE):
        set_picture(scene, root)


def set_range(scene: bpy.types.Scene, root: bpy.types.Object) -> None:
    """Set a scene's range to the captured frames. A current frame outside it moves to the first one with a hand."""
    scene.frame_start, scene.frame_end = root[RANGE]
    if not scene.frame_start <= scene.frame_current <= scene.frame_end:
        scene.frame_set(root[SEEN])


def set_picture(scene: bpy.types.Scene, root: bpy.types.Object) -> None:
    """Set a scene's render size and pixel aspect to the footage's."""
    width, height, aspect_x, aspect_y = root[PICTURE]
    scene.render.resolution_x, scene.render.resolution_y = int(width), int(height)
    scene.render.resolution_percentage = 100
    scene.render.pixel_aspect_x, scene.render.pixel_aspect_y = aspect_x, aspect_y


def camera_of(root: bpy.types.Object) -> bpy.types.Object | None:
    """The camera that filmed a capture, unless it was deleted."""
    return next((child for child in root.children if child.type == "CAMERA"), None)


def switch(scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer, root: bpy.types.Object) -> None:
    """Show only this capture. If the scene was set up for another one, its camera, picture size and range change.

    Settings that the user has changed since stay.
    """
    for other in capture_roots(scene):
        show(view_layer, other, other == root)
    before = next((other for other in capture_roots(scene) if scene.camera and scene.camera.parent == other), None)
    if before in (None, root) or camera_of(root) is None:
        return
    scene.camera = camera_of(root)
    if not holds(before, RANGE) or not holds(root, RANGE):
        return
    if holds(root, PICTURE) and holds(before, PICTURE) and picture_of(scene) == picture_in(before):
        set_picture(scene, root)
    if [scene.frame_start, scene.frame_end] == list(before[RANGE]):
        set_range(scene, root)


def picture_of(scene: bpy.types.Scene) -> list[float]:
    """Render width, height and pixel aspect of a scene, as `comparable` numbers."""
    render = scene.render
    return comparable([render.resolution_x, render.resolution_y, render.pixel_aspect_x, render.pixel_aspect_y])


def picture_in(root: bpy.types.Object) -> list[float]:
    """Width, height and pixel aspect of a capture, as `comparable` numbers."""
    return comparable(root[PICTURE])


def comparable(numbers: Iterable[float]) -> list[float]:
    """Numbers rounded to 32-bit floats, as Blender stores them."""
    rounded: list[float] = np.asarray(list(numbers), np.float32).tolist()
    return rounded


def show(view_layer: bpy.types.ViewLayer, root: bpy.types.Object, shown: bool) -> None:
    """Show or hide the collection of a capture, in the viewport and in renders. Other collections stay."""
    for layer_collection in within(view_layer.layer_collection):
        collection = layer_collection.collection
        if holds(collection, CONTENTS) and root in collection.objects[:]:
            layer_collection.exclude = layer_collection.exclude and not shown
            layer_collection.hide_viewport = not shown
            collection.hide_render = not shown


def is_shown(view_layer: bpy.types.ViewLayer, root: bpy.types.Object) -> bool:
    """Whether a capture can be seen."""
    return root.visible_get(view_layer=view_layer)


def within(layer_collection: bpy.types.LayerCollection) -> Iterator[bpy.types.LayerCollection]:
    """A collection of a view layer, and all below it."""
    yield layer_collection
    for child in layer_collection.children:
        yield from within(child)
