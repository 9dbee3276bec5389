"""What an import changes in the scene, and what it does not."""

import bpy
import pytest
from capture_factory import footage, intrinsics
from conftest import MakeCapture, data_blocks

from addon.errors import CaptureFileError
from addon.scene.scene_import import ImportOptions, import_capture
from addon.scene.scene_setup import SceneSetup


def test_everything_is_new_and_in_one_collection(make_capture: MakeCapture) -> None:
    imported = import_capture(bpy.context, make_capture(), ImportOptions())
    assert set(imported.collection.all_objects) == set(bpy.data.objects)
    assert bpy.context.scene.collection.children[:] == [imported.collection]
    assert imported.camera.parent == imported.root
    assert all(rig.armature.parent == imported.root for rig in imported.rigs)


def test_scene_follows_the_footage_when_asked(make_capture: MakeCapture) -> None:
    scene = bpy.context.scene
    capture = make_capture(frames=9, intrinsics=intrinsics(width=360, height=640))
    imported = import_capture(bpy.context, capture, ImportOptions())
    assert (scene.render.fps, scene.render.fps_base) == (30, pytest.approx(1.001))
    assert (scene.frame_start, scene.frame_end, scene.frame_current) == (1, 9, 1)
    assert (scene.render.resolution_x, scene.render.resolution_y) == (360, 640)
    assert scene.camera == imported.camera


@pytest.mark.parametrize(
    ("rate", "fps", "base"),
    [([24000, 1001], 24, 1.001), ([25, 1], 25, 1), ([60000, 1001], 60, 1.001), ([25, 2], 12, 0.96), ([1, 3], 1, 3)],
)
def test_rates_stay_rational(make_capture: MakeCapture, rate: list[int], fps: int, base: float) -> None:
    import_capture(bpy.context, make_capture(footage=footage(rate=rate)), ImportOptions())
    render = bpy.context.scene.render
    assert (render.fps, render.fps_base) == (fps, pytest.approx(base))


def test_scene_stays_as_it_is_when_asked(make_capture: MakeCapture) -> None:
    scene = bpy.context.scene
    before = (scene.render.fps, scene.frame_end, scene.render.resolution_x, scene.camera)
    imported = import_capture(bpy.context, make_capture(), ImportOptions(SceneSetup.NEVER, show_footage=False))
    assert (scene.render.fps, scene.frame_end, scene.render.resolution_x, scene.camera) == before
    assert any("29.97" in warning for warning in imported.warnings)
    assert any("640 x 360" in warning for warning in imported.warnings)


def test_work_on_other_objects_is_left_alone(make_capture: MakeCapture) -> None:
    bpy.ops.object.armature_add()
    mine = bpy.context.object
    mine.keyframe_insert("location", frame=3)
    action = mine.animation_data.action
    bpy.ops.object.mode_set(mode="POSE")
    imported = import_capture(bpy.context, make_capture(), ImportOptions())
    assert mine.animation_data.action == action
    assert mine.users_collection[0] != imported.collection
    assert bpy.context.view_layer.objects.selected[:] == [rig.armature for rig in imported.rigs]


def test_no_hands_give_the_camera_and_say_so(make_capture: MakeCapture) -> None:
    imported = import_capture(bpy.context, make_capture(sides=()), ImportOptions(show_footage=False))
    assert imported.rigs == ()
    assert bpy.context.scene.camera == imported.camera
    assert imported.warnings == ("No hands were found in /nowhere/clip.mp4; only the camera was made.",)


def test_two_hands_of_one_side(make_capture: MakeCapture) -> None:
    first, second = import_capture(bpy.context, make_capture(sides=("left", "left")), ImportOptions()).rigs
    assert first.armature != second.armature
    assert second.armature["dahyf_hand"] == 1


def failing(*_: object) -> None:
    raise RuntimeError("it went wrong")


@pytest.mark.parametrize(
    "step",
    [
        "rig.build_skin",
        "rig.add_edit_bones",
        "keys.write_action",
        "scene_setup.record",
        "scene_setup.set_up",
        "scene_import.select",
    ],
)
def test_an_import_that_fails_half_way_leaves_nothing(
    make_capture: MakeCapture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    scene = bpy.context.scene
    bpy.ops.object.empty_add()
    mine, capture = bpy.context.object, make_capture(frames=9)
    before = data_blocks(), scene.render.fps, scene.frame_end, scene.render.resolution_x, scene.camera
    monkeypatch.setattr(f"addon.scene.{step}", failing)
    with pytest.raises(CaptureFileError, match="it went wrong") as caught:
        import_capture(bpy.context, capture, ImportOptions(SceneSetup.ALWAYS))
    assert str(capture.path) in caught.value.reason
    assert (data_blocks(), scene.render.fps, scene.frame_end, scene.render.resolution_x, scene.camera) == before
    assert bpy.context.view_layer.objects.active == mine
    assert mine.select_get()
    monkeypatch.undo()
    assert len(import_capture(bpy.context, capture, ImportOptions(SceneSetup.ALWAYS)).rigs) == 2


def test_an_import_that_fails_leaves_an_earlier_capture_shown(
    make_capture: MakeCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = import_capture(bpy.context, make_capture(frames=9), ImportOptions(SceneSetup.ALWAYS))
    monkeypatch.setattr("addon.scene.scene_import.cautions", failing)
    with pytest.raises(CaptureFileError, match="it went wrong"):
        import_capture(bpy.context, make_capture(frames=5), ImportOptions(SceneSetup.ALWAYS))
    scene = bpy.context.scene
    assert (scene.camera, scene.frame_end) == (first.camera, 9)
    assert first.root.visible_get()
    assert not first.collection.hide_render


def test_a_pause_longer_than_the_timeline_is_refused(make_capture: MakeCapture) -> None:
    def pause(arrays: dict) -> None:
        arrays["time"][3:] += 100_000

    before = data_blocks()
    capture = make_capture(pause, footage=footage(constant_rate=False))
    with pytest.raises(CaptureFileError, match=r"frame 2,997,\d+, but the timeline ends at 1,048,574"):
        import_capture(bpy.context, capture, ImportOptions(SceneSetup.ALWAYS))
    assert data_blocks() == before


def test_footage_whose_name_is_not_utf8(make_capture: MakeCapture) -> None:
    capture = make_capture(footage=footage(path="/clips/wave\udcff.mp4"))
    imported = import_capture(bpy.context, capture, ImportOptions(SceneSetup.ALWAYS))
    assert imported.root["dahyf_footage"] == "/clips/wave?.mp4"
