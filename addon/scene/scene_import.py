"""A capture becomes a scene: a root that holds the camera and the keyed hands, all in one new collection."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from ..backend.capture_file import Capture, Intrinsics
from ..errors import CaptureFileError
from . import background, camera, keys, rig, timing
from .rollback import all_or_nothing

ROOT_SIZE = 0.1
EYE_LEVEL = 1.6
"""Metres of the camera above the floor; at the origin it would sit inside the cube of Blender's first scene."""
LONGEST_NAME = 40
"""Bytes of a clip's name that names of data-blocks keep; Blender's limit is 63, and the side's suffix must fit."""


@dataclass(frozen=True)
class ImportOptions:
    """What an import does besides making new objects.

    set_scene: give the scene the footage's rate, range, picture size and camera. show_footage: put the footage behind
    the camera. hide_missing: hide a hand's skin in frames without it. first_frame: where the footage starts.
    """

    set_scene: bool = True
    show_footage: bool = True
    hide_missing: bool = True
    first_frame: int = 1


@dataclass(frozen=True)
class ImportedCapture:
    """What an import made, and sentences on what the user should know about it."""

    collection: bpy.types.Collection
    root: bpy.types.Object
    camera: bpy.types.Object
    rigs: tuple[rig.Rig, ...]
    warnings: tuple[str, ...]


def import_capture(context: bpy.types.Context, capture: Capture, options: ImportOptions) -> ImportedCapture:
    """Build camera, rigs and keys in the context's scene. Nothing that is there already changes, but for `set_scene`.

    A capture without hands gives the camera alone, and a warning. Raises CaptureFileError for one that Blender cannot
    show, and then nothing is left of it.
    """
    timing.check_timeline(capture, options.first_frame)
    leave_mode(context)
    try:
        with all_or_nothing(context):
            return build(context, capture, options)
    except (RuntimeError, ValueError, TypeError, ArithmeticError, LookupError, OSError) as error:
        raise CaptureFileError(
            f"Blender cannot show the capture {capture.path}: {error}.", "Capture the footage again."
        ) from error


def build(context: bpy.types.Context, capture: Capture, options: ImportOptions) -> ImportedCapture:
    """Make all that an import makes."""
    name = capture.footage.path.stem.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore")
    collection = bpy.data.collections.new(f"{name} hands")
    context.scene.collection.children.link(collection)
    root = create_root(collection, f"{name}_root", capture)
    filming = add_camera(collection, root, f"{name}_camera", capture.intrinsics)
    unshown = background.show_footage(filming, capture, options.first_frame) if options.show_footage else None
    rigs = add_hands(context, collection, root, name, capture, options)
    if options.set_scene:
        set_scene(context.scene, filming, capture, options.first_frame)
    warnings = (*cautions(context.scene, capture), *([unshown] if unshown else []))
    select(context.view_layer, [hand.armature for hand in rigs] or [root])
    return ImportedCapture(collection, root, filming, rigs, warnings)


def leave_mode(context: bpy.types.Context) -> None:
    """Go to Object Mode from wherever the user works."""
    active = context.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        with context.temp_override(object=active, active_object=active):
            bpy.ops.object.mode_set(mode="OBJECT")


def create_root(collection: bpy.types.Collection, name: str, capture: Capture) -> bpy.types.Object:
    """The empty that everything hangs from; it also says where everything comes from."""
    root = bpy.data.objects.new(name, None)
    root.empty_display_size = ROOT_SIZE
    root.location.z = EYE_LEVEL
    root["dahyf_capture"] = portable(capture.path)
    root["dahyf_capture_sha256"] = capture.sha256
    root["dahyf_footage"] = storable(str(capture.footage.path))
    root["dahyf_footage_sha256"] = capture.footage.sha256
    collection.objects.link(root)
    return root


def add_camera(
    collection: bpy.types.Collection, root: bpy.types.Object, name: str, intrinsics: Intrinsics
) -> bpy.types.Object:
    """The camera that filmed the capture, below the root."""
    filming = camera.create_camera(name, intrinsics)
    filming.parent = root
    collection.objects.link(filming)
    return filming


def add_hands(
    context: bpy.types.Context,
    collection: bpy.types.Collection,
    root: bpy.types.Object,
    name: str,
    capture: Capture,
    options: ImportOptions,
) -> tuple[rig.Rig, ...]:
    """A keyed rig for each hand, below the root."""
    if not capture.hands:
        return ()
    skin = rig.skin_material(f"{name} skin")
    frames = timing.timeline_frames(capture, options.first_frame)
    rigs = []
    for index, hand in enumerate(capture.hands):
        built = rig.build_rig(context, hand, capture.skeleton, collection, name, skin)
        built.armature.parent = root
        built.armature.rotation_euler = camera.OPENCV_ROTATION
        record_origin(built.armature, index, capture, options)
        keys.key_hand(built.armature, hand, capture.skeleton, frames, built.armature.name)
        if options.hide_missing:
            keys.key_visibility(built.mesh, hand, frames, f"{built.mesh.name} visibility")
        rigs.append(built)
    return tuple(rigs)


def record_origin(armature: bpy.types.Object, index: int, capture: Capture, options: ImportOptions) -> None:
    """Write into a rig which hand of which capture it is, how it is keyed, and what its numbers mean."""
    armature["dahyf_capture"] = portable(capture.path)
    armature["dahyf_capture_sha256"] = capture.sha256
    armature["dahyf_hand"] = index
    armature["dahyf_side"] = capture.hands[index].side
    armature["dahyf_hand_model"] = json.dumps(dict(capture.hand_model))
    armature["dahyf_conventions"] = json.dumps(dict(capture.conventions))
    armature["dahyf_first_frame"] = options.first_frame
    armature["dahyf_hide_missing"] = options.hide_missing


def portable(path: Path) -> str:
    """A path as the .blend file keeps it: relative to itself once it is saved, where that is possible."""
    try:
        return storable(bpy.path.relpath(str(path)) if bpy.data.filepath else str(path))
    except ValueError:  # another drive
        return storable(str(path))


def storable(text: str) -> str:
    """A path as a property takes it; what is not UTF-8 in it is replaced."""
    return text.encode(errors="replace").decode()


def set_scene(scene: bpy.types.Scene, filming: bpy.types.Object, capture: Capture, first_frame: int) -> None:
    """Give the scene the footage's rate, the captured range, the picture's size and the camera."""
    scene.render.fps, scene.render.fps_base = timing.scene_rate(capture.footage.rate)
    camera.match_picture(scene.render, capture.intrinsics)
    scene.camera = filming
    frames = timing.timeline_frames(capture, first_frame)
    scene.frame_start, scene.frame_end = int(np.floor(frames[0])), int(np.ceil(frames[-1]))
    scene.frame_set(scene.frame_start)


def select(view_layer: bpy.types.ViewLayer, objects: list[bpy.types.Object]) -> None:
    """Select these objects alone and make the first one active."""
    for selected in list(view_layer.objects.selected):
        selected.select_set(False)
    for chosen in objects:
        chosen.select_set(True)
    view_layer.objects.active = objects[0]


def cautions(scene: bpy.types.Scene, capture: Capture) -> Iterator[str]:
    """Sentences on what keeps the hands from lining up with the footage in this scene."""
    if not capture.hands:
        yield f"No hands were found in {capture.footage.path}; only the camera was made."
    if not np.isclose(scene.render.fps / scene.render.fps_base, float(capture.footage.rate)):
        yield f"The scene does not run at the footage's {float(capture.footage.rate):.6g} frames per second."
    if (scene.render.resolution_x, scene.render.resolution_y) != (capture.footage.width, capture.footage.height):
        yield f"The scene's pictures are not of the footage's size, {capture.footage.width} x {capture.footage.height}."
