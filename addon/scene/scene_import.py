"""Importing a capture: a root empty with the camera and the keyed hands below it, in one new collection."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from ..backend.capture_file import Capture, Intrinsics
from ..errors import CaptureFileError
from ..narrowing import holds, present
from ..shared.capture_schema import IMPORTED
from . import background, camera, camera_view, keys, references, rig, scene_setup, timing
from .rollback import all_or_nothing
from .scene_setup import SceneSetup
from .timing import FIRST_FRAME, TIMELINE_RATE, Timeline

ROOT_SIZE = 0.1
EYE_LEVEL = 1.6
"""Height of the camera, in metres. At the origin it would be inside the default scene's cube."""
LONGEST_NAME = 40
"""Bytes of a clip's name used in names of data-blocks. Blender's limit is 63, and suffixes must fit."""


@dataclass(frozen=True)
class ImportOptions:
    """What an import does besides making new objects.

    scene_setup: whether the scene gets the footage's rate, range, picture size and camera. show_footage: put the
    footage behind the camera. hide_missing: hide a hand's skin in frames without it. first_frame: where the footage
    starts.
    """

    scene_setup: SceneSetup = SceneSetup.AUTO
    show_footage: bool = True
    hide_missing: bool = True
    first_frame: int = 1


@dataclass(frozen=True)
class ImportedCapture:
    """What an import made, and its warnings as sentences.

    is_set_up: whether the scene was set up for it. camera: None where the capture knows none.
    """

    collection: bpy.types.Collection
    root: bpy.types.Object
    camera: bpy.types.Object | None
    rigs: tuple[rig.Rig, ...]
    is_set_up: bool
    warnings: tuple[str, ...]


def import_capture(context: bpy.types.Context, capture: Capture, options: ImportOptions) -> ImportedCapture:
    """Build camera, rigs and keys in the context's scene. Existing data changes only if the scene is set up.

    If the scene's rate differs from the footage's, keys are placed between frames so that the motion keeps its speed:
    every captured pose stays, and cleaning still works on the footage's pictures. If another capture is shown, the new
    one is hidden. A capture without hands gives only the camera, and a warning. Raises CaptureFileError for a capture
    that Blender cannot show, and then leaves nothing of it.
    """
    leave_mode(context)
    try:
        with all_or_nothing(context):
            imported = build(context, capture, options)
    except (RuntimeError, ValueError, TypeError, ArithmeticError, LookupError, OSError) as error:
        raise CaptureFileError(
            f"Blender cannot show the capture {capture.path}: {error}.", "Capture the footage again."
        ) from error
    if imported.camera is not None:
        camera_view.replace_footage_cameras(present(context.scene), imported.camera)
    return imported


def build(context: bpy.types.Context, capture: Capture, options: ImportOptions) -> ImportedCapture:
    """Make the collection, root, camera and hands of an import."""
    scene, view_layer = present(context.scene), present(context.view_layer)
    active = view_layer.objects.active
    others = scene_setup.capture_roots(scene)
    is_set_up = scene_setup.is_wanted(scene, options.scene_setup)
    if is_set_up and not others:
        scene_setup.set_rate(scene, capture)
    timeline = scene_setup.timeline_of(scene, options.first_frame)
    timing.check_timeline(capture, timeline)
    name = capture.footage.path.stem.encode(errors="replace")[:LONGEST_NAME].decode(errors="ignore")
    collection = bpy.data.collections.new(f"{name} hands")
    collection[scene_setup.CONTENTS] = True
    scene.collection.children.link(collection)
    root = create_root(collection, f"{name}_root", capture)
    scene_setup.record(root, capture, timeline)
    filming, unshown = None, None
    if capture.intrinsics is not None:
        filming = add_camera(collection, root, f"{name}_camera", capture.intrinsics)
        if options.show_footage and capture.footage.kind != IMPORTED:
            unshown = background.show_footage(filming, capture, timeline)
    rigs = add_hands(context, collection, root, name, capture, options, timeline)
    hidden_by = None if is_set_up else next((each for each in others if scene_setup.is_shown(view_layer, each)), None)
    if hidden_by is None:
        select(view_layer, [hand.armature for hand in rigs] or [root])
    else:
        scene_setup.show(view_layer, root, False)
        view_layer.objects.active = active
    if is_set_up:
        scene_setup.set_up(scene, root)
        scene_setup.switch(scene, view_layer, root)
    warnings = (
        *cautions(scene, capture),
        *([unshown] if unshown else []),
        *([] if is_set_up else unchanged(scene, root, hidden_by)),
    )
    return ImportedCapture(collection, root, filming, rigs, is_set_up, warnings)


def leave_mode(context: bpy.types.Context) -> None:
    """Switch to Object Mode."""
    active = present(context.view_layer).objects.active
    if active is not None and active.mode != "OBJECT":
        with context.temp_override(object=active, active_object=active):
            bpy.ops.object.mode_set(mode="OBJECT")


def create_root(collection: bpy.types.Collection, name: str, capture: Capture) -> bpy.types.Object:
    """The empty that is the parent of the import. It also stores the capture file."""
    root = bpy.data.objects.new(name, None)
    root.empty_display_size = ROOT_SIZE
    root.location.z = EYE_LEVEL
    references.record(root, capture)
    root["dahyf_footage"] = references.storable(str(capture.footage.path))
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
    timeline: Timeline,
) -> tuple[rig.Rig, ...]:
    """A keyed rig for each hand, below the root."""
    if not capture.hands:
        return ()
    skin = rig.skin_material(f"{name} skin")
    frames = timeline.frames(capture)
    rigs = []
    for index, hand in enumerate(capture.hands):
        built = rig.build_rig(context, hand, capture.skeleton, collection, name, skin)
        built.armature.parent = root
        built.armature.rotation_euler = camera.OPENCV_ROTATION
        record_origin(built.armature, index, capture, options, timeline)
        keys.key_hand(built.armature, hand, capture.skeleton, frames, built.armature.name)
        if options.hide_missing:
            keys.key_visibility(built.mesh, hand, frames, f"{built.mesh.name} visibility")
        rigs.append(built)
    return tuple(rigs)


def record_origin(
    armature: bpy.types.Object, index: int, capture: Capture, options: ImportOptions, timeline: Timeline
) -> None:
    """Store in a rig its capture and hand number, how it is keyed, and what its numbers mean."""
    references.record(armature, capture)
    armature["dahyf_hand"] = index
    armature["dahyf_side"] = capture.hands[index].side
    armature["dahyf_hand_model"] = json.dumps(dict(capture.hand_model))
    armature["dahyf_conventions"] = json.dumps(dict(capture.conventions))
    armature[FIRST_FRAME] = timeline.first_frame
    armature[TIMELINE_RATE] = timeline.rate
    armature["dahyf_hide_missing"] = options.hide_missing


def select(view_layer: bpy.types.ViewLayer, objects: list[bpy.types.Object]) -> None:
    """Select these objects alone and make the first one active."""
    for selected in list(view_layer.objects.selected):
        selected.select_set(False)
    for chosen in objects:
        chosen.select_set(True)
    view_layer.objects.active = objects[0]


def cautions(scene: bpy.types.Scene, capture: Capture) -> Iterator[str]:
    """Warnings about a capture without hands, and about keys between frames."""
    if not capture.hands:
        made = "; only the camera was made" if capture.intrinsics else ""
        yield f"No hands were found in {capture.footage.path}{made}."
    rate = scene.render.fps / scene.render.fps_base
    if Timeline(rate=rate).frames_per_picture(capture.footage.rate) != 1:
        yield (
            f"The scene runs at {rate:.6g} frames per second: the {float(capture.footage.rate):.6g} pictures of a"
            " second of footage are keyed between its frames, so that the motion keeps its time."
        )


def unchanged(scene: bpy.types.Scene, root: bpy.types.Object, hidden_by: bpy.types.Object | None) -> Iterator[str]:
    """Warnings about how a scene that was not set up differs from the capture, with their remedy."""
    if hidden_by is not None:
        yield (
            f"{scene_setup.title(hidden_by)} stays as it is, and {scene_setup.title(root)} is hidden:"
            " choose it under In This Scene to switch."
        )
        return
    start, end = root[scene_setup.RANGE]
    if start < scene.frame_start or end > scene.frame_end:
        yield (
            f"The capture covers frames {start} to {end}, but the scene's range is {scene.frame_start} to"
            f" {scene.frame_end}. Set Up Scene changes range, picture size and camera."
        )
    if holds(root, scene_setup.PICTURE) and scene_setup.picture_of(scene) != scene_setup.picture_in(root):
        width, height = root[scene_setup.PICTURE][:2]
        yield f"The scene's render size differs from the footage's, {width:.0f} x {height:.0f}."
