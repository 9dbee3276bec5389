"""When an import changes the scene; at another rate; several captures in one scene."""

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from capture_factory import capture_arrays, footage, intrinsics, write_capture
from conftest import MakeCapture
from mathutils import Quaternion

from addon.backend.capture_file import Capture, read_capture
from addon.cleaning import flagged_spans, recleaning
from addon.retarget import scene_sources
from addon.scene import nla_layers, scene_setup
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture
from addon.scene.scene_setup import SceneSetup
from addon.scene.timing import Timeline

SAMPLE = Path(__file__).parent.parent / "samples" / "one_hand.mp4"
RATE_25 = footage(rate=[25, 1])


@pytest.fixture
def capture_of(tmp_path: Path) -> Callable[..., Capture]:
    """A capture of its own name and size."""

    def make(name: str, width: int = 640, height: int = 360, frames: int = 6, seed: int = 0) -> Capture:
        meta = {
            "footage": footage(path=f"/nowhere/{name}.mp4", rate=[25, 1], width=width, height=height),
            "intrinsics": intrinsics(width=width, height=height, cx=width / 2, cy=height / 2),
        }
        arrays = capture_arrays(frames=frames, seed=seed, **meta)
        return read_capture(write_capture(tmp_path / f"{name}.hands.npz", arrays))

    return make


def settings_of(scene: bpy.types.Scene) -> tuple:
    """All that an import may set up."""
    render = scene.render
    return (
        (render.fps, render.fps_base, scene.frame_start, scene.frame_end, scene.frame_current),
        (render.resolution_x, render.resolution_y, render.pixel_aspect_x, render.pixel_aspect_y),
        scene.camera,
    )


# When the scene is set up


def change_rate() -> None:
    bpy.context.scene.render.fps = 25


def change_range() -> None:
    bpy.context.scene.frame_start = 1001


def change_size() -> None:
    bpy.context.scene.render.resolution_x = 1280


def add_object() -> None:
    bpy.ops.object.armature_add()


def animate() -> None:
    bpy.ops.object.camera_add()
    bpy.context.object.keyframe_insert("location", frame=1)


def mark() -> None:
    bpy.context.scene.timeline_markers.new("cut", frame=20)


@pytest.mark.parametrize("work", [change_rate, change_range, change_size, add_object, animate, mark])
def test_a_scene_with_work_in_it_is_left_alone_unless_asked(
    work: Callable[[], None], make_capture: MakeCapture
) -> None:
    work()
    before = settings_of(bpy.context.scene)
    imported = import_capture(bpy.context, make_capture(), ImportOptions(show_footage=False))
    assert settings_of(bpy.context.scene) == before
    assert not imported.is_set_up
    import_capture(bpy.context, make_capture(), ImportOptions(SceneSetup.ALWAYS, show_footage=False))
    assert settings_of(bpy.context.scene)[1][:2] == (640, 360)


def test_blenders_first_scene_is_set_up(make_capture: MakeCapture) -> None:
    bpy.ops.wm.read_factory_settings()
    assert {obj.name for obj in bpy.context.scene.objects} == {"Camera", "Cube", "Light"}
    imported = import_capture(bpy.context, make_capture(frames=9), ImportOptions(first_frame=1001, show_footage=False))
    scene = bpy.context.scene
    assert scene.camera == imported.camera
    assert (scene.frame_start, scene.frame_end, scene.render.fps) == (1001, 1009, 30)


def test_it_opens_on_a_frame_with_a_hand(make_capture: MakeCapture) -> None:
    def late(arrays: dict) -> None:
        arrays["state"][:, :4] = 0
        arrays["pose"][:, :4] = arrays["translation"][:, :4] = np.nan

    import_capture(bpy.context, make_capture(late, frames=9), ImportOptions(show_footage=False))
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_current) == (1, 5)


# Time


def keyed_frames(imported: ImportedCapture) -> np.ndarray:
    curve = fcurves_of(imported.rigs[0].armature)[0]
    return np.array([key.co.x for key in curve.keyframe_points])


@pytest.mark.parametrize(("fps", "base"), [(24, 1.0), (30, 1.001), (60, 1.0), (25, 1.0)])
def test_six_seconds_stay_six_seconds_at_any_rate(make_capture: MakeCapture, fps: int, base: float) -> None:
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base
    options = ImportOptions(SceneSetup.NEVER, show_footage=False, first_frame=1001)
    imported = import_capture(bpy.context, make_capture(frames=151, footage=RATE_25), options)
    frames = keyed_frames(imported)
    assert len(frames) == 151
    assert frames[0] == 1001
    assert (frames[-1] - frames[0]) / (fps / base) == pytest.approx(6.0, abs=1e-4)
    assert any("25 pictures" in warning for warning in imported.warnings) == (fps != 25)
    if fps == 25:
        assert (frames == np.round(frames)).all(), "the footage's own rate puts keys on whole frames"


def test_between_keys_a_rotation_goes_the_straight_way(make_capture: MakeCapture) -> None:
    """Frames of the scene lie between pictures; a bone there is where a slerp puts it, to a hundredth of a degree."""

    def turning(arrays: dict) -> None:
        arrays["pose"][:] = 0
        arrays["pose"][:, :, 0] = np.linspace(0, 1, 26)[:, None] * (1.2, 0.9, -2.0)
        arrays["translation"][:] = (0, 0, 0.5)

    capture = make_capture(turning, frames=26, footage=RATE_25)
    imported = import_capture(bpy.context, capture, ImportOptions(SceneSetup.NEVER, show_footage=False))
    rig = imported.rigs[0].armature
    bone = rig.pose.bones["wrist.R"]
    axes = rig.data.bones["wrist.R"].matrix_local.to_3x3()
    for frame in range(1, 25):
        bpy.context.scene.frame_set(frame)
        turned = axes @ bone.matrix_basis.to_3x3() @ axes.transposed()
        axis = np.array((1.2, 0.9, -2.0)) * (frame - 1) / 24
        expected = Quaternion(axis.tolist(), float(np.linalg.norm(axis)))
        assert turned.to_quaternion().rotation_difference(expected).angle < np.radians(0.01)


def test_cleaning_again_keeps_the_time_and_names_whole_gaps(make_capture: MakeCapture) -> None:
    """Also when the scene's rate was changed since: everything of the capture stays together."""

    def gap(arrays: dict) -> None:
        arrays["state"][:, 10:20] = 0
        arrays["pose"][:, 10:20] = arrays["translation"][:, 10:20] = np.nan
        arrays["confidence"][:] = 1

    bpy.context.scene.render.fps = 60
    capture = make_capture(gap, frames=31, footage=RATE_25)
    imported = import_capture(bpy.context, capture, ImportOptions(SceneSetup.NEVER, show_footage=False))
    rig = imported.rigs[0].armature
    before = keyed_frames(imported)
    bpy.context.scene.render.fps = 30
    recleaning.rekey(bpy.context, rig, capture, {})
    np.testing.assert_allclose(keyed_frames(imported), before)
    (span,) = flagged_spans.flagged_spans(nla_layers.base_action(rig), 0.5)
    np.testing.assert_allclose(span, (1 + 10 * 2.4, 1 + 19 * 2.4), atol=1e-4)


@pytest.mark.parametrize("fps", [12, 24, 25, 50])
def test_the_footage_behind_shows_the_picture_of_that_time(make_capture: MakeCapture, fps: int) -> None:
    scene = bpy.context.scene
    scene.render.fps = fps
    described = footage(path=str(SAMPLE), rate=[25, 1])
    options = ImportOptions(SceneSetup.NEVER, first_frame=1)
    imported = import_capture(bpy.context, make_capture(frames=120, footage=described), options)
    (behind,) = imported.camera.data.background_images
    for frame in (1, 2, 5, 50, 100):
        scene.frame_set(frame)
        clip = behind.clip.evaluated_get(bpy.context.evaluated_depsgraph_get())
        shown = frame - clip.frame_start
        assert abs(shown - (frame - 1) / fps * 25) <= 0.5


# Several captures


def test_a_second_capture_disturbs_nothing_of_the_first(capture_of: Callable[..., Capture]) -> None:
    first = import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    before = settings_of(bpy.context.scene)
    second = import_capture(bpy.context, capture_of("two", 360, 640, 9), ImportOptions(show_footage=False))
    assert settings_of(bpy.context.scene) == before
    assert first.root.visible_get()
    assert not second.root.visible_get()
    assert second.collection.hide_render
    assert bpy.context.view_layer.objects.active == first.rigs[0].armature
    assert any("two is hidden" in warning and "In This Scene" in warning for warning in second.warnings)


@pytest.mark.usefixtures("registered")
def test_switching_goes_both_ways_and_takes_camera_size_and_range_along(capture_of: Callable[..., Capture]) -> None:
    first = import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    before = settings_of(bpy.context.scene)
    second = import_capture(bpy.context, capture_of("two", 360, 640, 9), ImportOptions(show_footage=False))
    bpy.ops.dahyf_hands.select_hands(root=second.root.name)
    scene = bpy.context.scene
    assert (scene.camera, scene.frame_end) == (second.camera, 9)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (360, 640)
    assert second.root.visible_get()
    assert not first.root.visible_get()
    assert set(bpy.context.selected_objects) == {rig.armature for rig in second.rigs}
    bpy.ops.dahyf_hands.select_hands(root=first.root.name)
    assert settings_of(scene) == before
    assert first.root.visible_get()
    assert not second.root.visible_get()
    assert not first.collection.hide_render


def test_what_is_retargeted_is_what_is_shown(capture_of: Callable[..., Capture]) -> None:
    first = import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    second = import_capture(bpy.context, capture_of("two", seed=3), ImportOptions(show_footage=False))
    scene = bpy.context.scene
    assert {source.name for source in scene_sources(scene, None)} == {"one"}
    hidden = scene_sources(scene, second.root)
    scene_setup.switch(scene, bpy.context.view_layer, second.root)
    shown = scene_sources(scene, None)
    assert {source.name for source in shown} == {"two"}
    np.testing.assert_allclose(hidden[0].motion.rotations, shown[0].motion.rotations, atol=1e-6)
    assert first.rigs[0].armature.name == "one_hand.R"


@pytest.mark.usefixtures("registered")
def test_switching_leaves_what_the_user_has_set(capture_of: Callable[..., Capture]) -> None:
    import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    scene = bpy.context.scene
    scene.frame_end, scene.render.resolution_x = 77, 1000
    second = import_capture(bpy.context, capture_of("two", 360, 640, 9), ImportOptions(show_footage=False))
    bpy.ops.dahyf_hands.select_hands(root=second.root.name)
    assert (scene.frame_end, scene.render.resolution_x, scene.camera) == (77, 1000, second.camera)
    bpy.ops.object.camera_add()
    scene.camera = mine = bpy.context.object
    bpy.ops.dahyf_hands.select_hands(root="one_root")
    assert scene.camera == mine


@pytest.mark.usefixtures("registered")
def test_a_scene_is_set_up_for_a_capture_by_a_button(capture_of: Callable[..., Capture]) -> None:
    bpy.context.scene.frame_end = 77
    made = import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    assert bpy.context.scene.camera is None
    bpy.ops.dahyf_hands.set_up_scene()
    scene = bpy.context.scene
    assert (scene.camera, scene.frame_end, scene.render.resolution_x) == (made.camera, 6, 640)


def test_asked_for_the_second_capture_takes_the_scene_but_not_its_rate(capture_of: Callable[..., Capture]) -> None:
    first = import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    bpy.context.scene.render.fps = 24
    options = ImportOptions(SceneSetup.ALWAYS, show_footage=False)
    second = import_capture(bpy.context, capture_of("two", 360, 640, 26), options)
    scene = bpy.context.scene
    assert (scene.camera, scene.render.fps, scene.frame_end) == (second.camera, 24, 25)
    assert not first.root.visible_get()
    assert keyed_frames(second)[-1] == pytest.approx(25)


def test_work_of_the_user_in_other_collections_stays_in_sight(capture_of: Callable[..., Capture]) -> None:
    first = import_capture(bpy.context, capture_of("one"), ImportOptions(show_footage=False))
    bpy.ops.object.empty_add()
    mine = bpy.context.object
    mine.users_collection[0].objects.unlink(mine)
    bpy.context.scene.collection.objects.link(mine)
    bpy.context.scene.collection.objects.link(first.root)
    second = import_capture(bpy.context, capture_of("two"), ImportOptions(show_footage=False))
    scene_setup.switch(bpy.context.scene, bpy.context.view_layer, second.root)
    assert mine.visible_get()


def test_a_timeline_of_the_footage_s_own_rate_is_exact(make_capture: MakeCapture) -> None:
    """Blender's rate is a float of 32 bits; over hours it must not drift."""
    capture = make_capture()
    rate = 30 / np.float32(1.001)
    assert Timeline(1, float(rate)).frames_per_picture(capture.footage.rate) == 1
    assert Timeline(1, 24.0).frames_per_picture(capture.footage.rate) == pytest.approx(24 * 1001 / 30000)
