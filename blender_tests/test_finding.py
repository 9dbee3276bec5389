"""Boxes and regions on the footage behind the camera: which pixels they are, where they go, and what refuses them."""

from itertools import pairwise
from math import radians
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from capture_factory import capture_arrays, write_capture
from conftest import ROOT
from mathutils import Matrix
from panel_drawing import drawn, text_of

from addon.operators import finding
from addon.panels.finding import DAHYF_HANDS_PT_finding
from addon.scene import camera_view, scene_setup
from addon.scene.camera_view import ShownPicture
from addon.settings import capture_properties

SAMPLE = ROOT / "samples" / "one_hand.mp4"

pytestmark = pytest.mark.usefixtures("registered")


def settings() -> capture_properties.DAHYF_HANDS_PG_settings:
    return capture_properties.settings_of(bpy.context.scene)


def show_sample() -> bpy.types.Object:
    settings().footage = str(SAMPLE)
    assert bpy.ops.dahyf_hands.show_footage() == {"FINISHED"}
    return bpy.context.scene.camera


def arguments(option: str) -> list[str]:
    given = capture_properties.capture_arguments(settings(), Path("a.npz"))
    return [after for each, after in pairwise(given) if each == option]


# Pixels


@pytest.mark.parametrize("flipped", [False, True])
def test_pixels_and_places_are_each_others_inverse(flipped: bool) -> None:
    shown = ShownPicture(640, 360, 100.0, 50.0, 420.0, 230.0, flipped)
    assert shown.pixels(100, 230) == ((640, 0) if flipped else (0, 0))
    assert shown.pixels(*shown.place(123.0, 45.0)) == pytest.approx((123, 45))


def test_a_box_is_the_same_from_any_corner_and_ends_at_the_picture() -> None:
    shown = ShownPicture(640, 360, 100.0, 50.0, 420.0, 230.0)
    box = shown.box((150.0, 200.0), (250.0, 100.0))
    assert (box.x, box.y, box.width, box.height) == pytest.approx((100, 60, 200, 200))
    assert shown.box((250.0, 100.0), (150.0, 200.0)) == box
    outside = shown.box((0.0, 0.0), (500.0, 500.0))
    assert (outside.x, outside.y, outside.width, outside.height) == (0, 0, 640, 360)


@pytest.mark.parametrize(
    ("size", "method", "expected"),
    [
        ((640, 360), "STRETCH", (0, 0, 400, 400)),
        ((640, 360), "FIT", (0, 87.5, 400, 312.5)),
        ((640, 360), "CROP", (-155.556, 0, 555.556, 400)),
        ((360, 640), "FIT", (87.5, 0, 312.5, 400)),
        ((360, 640), "CROP", (0, -155.556, 400, 555.556)),
    ],
)
def test_the_picture_is_fitted_as_blender_does(size: tuple, method: str, expected: tuple) -> None:
    assert camera_view.fitted((0, 0, 400, 400), size, 1.0, method) == pytest.approx(expected, abs=1e-3)


def view_through(camera: bpy.types.Object, width: int, height: int) -> tuple[SimpleNamespace, SimpleNamespace]:
    """A region that a camera's frame fills, and a view of it through the camera, without a window."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    projection = camera.calc_matrix_camera(depsgraph, x=width, y=height)
    matrix = projection @ camera.matrix_world.inverted()
    return SimpleNamespace(width=width, height=height), SimpleNamespace(
        view_perspective="CAMERA", perspective_matrix=Matrix(matrix)
    )


@pytest.mark.parametrize(("cx", "cy"), [(32.0, 24.0), (20.0, 30.0)])
def test_a_pixel_is_where_the_camera_projects_it(tmp_path: Path, cx: float, cy: float) -> None:
    """The ray of a pixel is seen at its place of the region, with any principal point."""
    bpy.ops.dahyf_hands.import_capture(filepath=str(write_capture(tmp_path / "clip.npz", capture_arrays())))
    scene = bpy.context.scene
    camera = scene.camera
    camera.data.shift_x, camera.data.shift_y = (cx - 32) / 64, (24 - cy) / 64
    image = bpy.data.images.new("picture", *map(int, camera.parent[scene_setup.PICTURE][:2]))
    camera.data.background_images.clear()
    background = camera.data.background_images.new()
    background.image, background.frame_method = image, "STRETCH"
    bpy.context.view_layer.update()
    region, view = view_through(camera, scene.render.resolution_x, scene.render.resolution_y)
    shown = camera_view.shown_picture(scene, region, view)
    assert (shown.left, shown.bottom) == pytest.approx((0, 0), abs=0.05)
    assert (shown.right, shown.top) == pytest.approx((region.width, region.height), abs=0.05)
    assert shown.pixels(shown.left, shown.top) == pytest.approx((0, 0))


# The footage behind the camera


def test_footage_is_shown_and_a_capture_replaces_its_camera(tmp_path: Path) -> None:
    camera = show_sample()
    assert scene_setup.is_untouched(bpy.context.scene)
    assert camera.data.background_images[0].clip.filepath
    bpy.ops.dahyf_hands.show_footage()
    assert len([each for each in bpy.context.scene.objects if each.type == "CAMERA"]) == 1
    bpy.ops.dahyf_hands.import_capture(filepath=str(write_capture(tmp_path / "clip.npz", capture_arrays())))
    (left,) = [each for each in bpy.context.scene.objects if each.type == "CAMERA"]
    assert bpy.context.scene.camera == left
    assert left.parent is not None


@pytest.mark.parametrize("fps", [25, 24, 60])
def test_frames_of_the_footage_are_those_that_blender_shows(fps: int) -> None:
    scene = bpy.context.scene
    scene.render.fps = fps
    settings().start_frame = 11
    show_sample()
    for frame in (1, 2, 50, 120):
        at = camera_view.scene_frame(scene, frame, 1)
        scene.frame_set(at)
        assert camera_view.picture_number(scene, 1) == frame
        assert at == pytest.approx(11 + (frame - 1) * fps / 25, abs=0.51)


# Boxes


def test_a_drawn_box_reaches_the_core_and_is_listed() -> None:
    show_sample()
    bpy.context.scene.frame_set(13)
    assert bpy.ops.dahyf_hands.draw_box(x=310.25, y=95, width=80, height=110) == {"FINISHED"}
    (box,) = settings().boxes
    assert box.frame == 13
    assert arguments("--box") == ["12:310.2,95.0,80.0,110.0"]
    box.side = "left"
    assert arguments("--box") == ["12:310.2,95.0,80.0,110.0:left"]
    layout = drawn(DAHYF_HANDS_PT_finding)
    assert "Frame 13" in layout.shown
    bpy.context.scene.frame_set(1)
    bpy.ops.dahyf_hands.go_to_box(number=0)
    assert bpy.context.scene.frame_current == 13
    bpy.ops.dahyf_hands.remove_box(number=0)
    assert not settings().boxes
    assert arguments("--box") == []


def test_a_region_a_side_and_a_probability_reach_the_core() -> None:
    show_sample()
    assert arguments("--region") == arguments("--side") == arguments("--find-at") == []
    bpy.ops.dahyf_hands.draw_box(kind="REGION", x=10, y=20, width=300, height=200)
    settings().side, settings().find_at = "right", 0.4
    assert arguments("--region") == ["10.0,20.0,300.0,200.0"]
    assert arguments("--side") == ["right"]
    assert arguments("--find-at") == ["0.4"]
    assert "Look in 300 x 200 at 10, 20" in text_of(drawn(DAHYF_HANDS_PT_finding))
    bpy.ops.dahyf_hands.clear_region()
    assert arguments("--region") == []


@pytest.mark.parametrize(
    ("box", "frame", "words"),
    [
        ({"width": 4, "height": 90}, 1, "at least 8 pixels"),
        ({"x": 700, "width": 90, "height": 90}, 1, "outside the footage of 640 x 360"),
        ({"width": 90, "height": 90}, 300, "shows no frame of the footage"),
    ],
)
def test_what_shows_no_hand_is_refused(box: dict, frame: int, words: str) -> None:
    show_sample()
    bpy.context.scene.frame_set(frame)
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.dahyf_hands.draw_box(**box)
    assert not settings().boxes


def test_other_footage_forgets_what_was_drawn(tmp_path: Path) -> None:
    show_sample()
    bpy.ops.dahyf_hands.draw_box(x=10, y=10, width=90, height=90)
    settings().footage = str(SAMPLE)
    assert len(settings().boxes) == 1
    settings().footage = str(tmp_path / "other.mp4")
    assert not settings().boxes


def test_nothing_can_be_drawn_before_the_footage_is_shown() -> None:
    settings().footage = str(SAMPLE)
    assert finding.obstacle(bpy.context) == camera_view.LOOK_FIRST
    assert not bpy.ops.dahyf_hands.draw_box.poll()
    layout = drawn(DAHYF_HANDS_PT_finding)
    assert "dahyf_hands.show_footage" in layout.operators
    shown = show_sample().data.background_images[0]
    assert finding.obstacle(bpy.context) is None
    shown.offset = (0.1, 0)
    assert finding.obstacle(bpy.context) == camera_view.MOVED
    shown.offset, shown.rotation = (0, 0), radians(0)
    assert finding.obstacle(bpy.context) is None


def test_boxes_survive_undo(tmp_path: Path) -> None:
    show_sample()
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.dahyf_hands.draw_box(x=10, y=10, width=90, height=90)
    bpy.ops.ed.undo_push(message="box")
    bpy.ops.dahyf_hands.draw_box(x=20, y=10, width=90, height=90)
    bpy.ops.ed.undo_push(message="another")
    bpy.ops.ed.undo()
    assert [box.x for box in settings().boxes] == [10]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert np.allclose([box.x for box in settings().boxes], [10])
