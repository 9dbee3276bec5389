"""The camera's settings, and the footage as its background."""

from collections.abc import Sequence
from pathlib import Path

import bpy
import numpy as np
import pytest
from capture_factory import footage, intrinsics
from conftest import MakeCapture

from addon import compat
from addon.backend.capture_file import Intrinsics
from addon.scene.camera import lens_of
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture
from addon.scene.scene_setup import SceneSetup

SIZE = (64, 36)


def camera(**changes: float) -> Intrinsics:
    numbers = intrinsics(**changes)
    return Intrinsics(**{name: numbers[name] for name in ("fx", "fy", "cx", "cy", "width", "height")})


def test_a_centred_camera_is_not_shifted() -> None:
    lens = lens_of(camera())
    assert (lens.shift_x, lens.shift_y) == (0, 0)
    assert (lens.pixel_aspect_x, lens.pixel_aspect_y) == (1, 1)
    assert lens.lens == pytest.approx(700 / 640 * 36)


@pytest.mark.parametrize(("fx", "fy"), [(500, 750), (750, 500)])
def test_pixel_aspect_is_never_below_one(fx: float, fy: float) -> None:
    """Blender clamps smaller ones."""
    lens = lens_of(camera(fx=fx, fy=fy))
    assert min(lens.pixel_aspect_x, lens.pixel_aspect_y) == 1
    assert lens.pixel_aspect_y / lens.pixel_aspect_x == pytest.approx(fx / fy)


def test_the_scene_renders_pictures_of_the_footage_s_size(make_capture: MakeCapture) -> None:
    render = bpy.context.scene.render
    render.resolution_percentage = 50
    capture = make_capture()
    import_capture(bpy.context, capture, ImportOptions(SceneSetup.ALWAYS, show_footage=False))
    assert (render.resolution_x, render.resolution_y) == (capture.footage.width, capture.footage.height)
    assert render.resolution_percentage == 100


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Three numbered pictures with a gap."""
    image = bpy.data.images.new("picture", *SIZE)
    image.file_format = "PNG"
    paths = [tmp_path / "shot" / f"shot_{number}.png" for number in (1001, 1002, 1004)]
    for path in paths:
        image.filepath_raw = str(path)
        path.parent.mkdir(exist_ok=True)
        image.save()
    bpy.data.images.remove(image)
    return paths


def imported(
    make_capture: MakeCapture, path: Path, kind: str, distortion: Sequence[float] = (), mirrored: bool = False
) -> ImportedCapture:
    described = footage(path=str(path), kind=kind, width=SIZE[0], height=SIZE[1])
    lens = intrinsics(width=SIZE[0], height=SIZE[1], distortion=list(distortion))
    return import_capture(
        bpy.context, make_capture(footage=described, intrinsics=lens, mirrored=mirrored), ImportOptions()
    )


@pytest.mark.parametrize("name", ["shot_1001.png", "shot_####.png", "shot_%04d.png", ""])
def test_image_sequences_stand_behind_the_camera(make_capture: MakeCapture, pictures: list[Path], name: str) -> None:
    made = imported(make_capture, pictures[0].parent / name, kind="sequence")
    (background,) = made.camera.data.background_images
    assert made.camera.data.show_background_images
    assert background.clip.source == "SEQUENCE"
    assert Path(background.clip.filepath) == pictures[0]
    assert background.clip.frame_start == 1
    assert made.warnings == ()


def test_stills_stand_behind_the_camera(make_capture: MakeCapture, pictures: list[Path]) -> None:
    made = imported(make_capture, pictures[1], kind="still")
    (background,) = made.camera.data.background_images
    assert Path(background.image.filepath) == pictures[1]


def test_an_animated_picture_is_named_as_what_blender_cannot_play(
    make_capture: MakeCapture, pictures: list[Path]
) -> None:
    made = imported(make_capture, pictures[0], kind="video")
    assert any("only the first picture of the animation" in warning for warning in made.warnings)


@pytest.mark.parametrize("mirrored", [False, True])
def test_mirrored_footage_is_turned_back(make_capture: MakeCapture, pictures: list[Path], mirrored: bool) -> None:
    made = imported(make_capture, pictures[0], kind="sequence", mirrored=mirrored)
    (background,) = made.camera.data.background_images
    assert background.use_flip_x == mirrored


def test_footage_beside_the_capture_is_found(make_capture: MakeCapture, pictures: list[Path]) -> None:
    beside = pictures[0].rename(pictures[0].parent.parent / pictures[0].name)
    made = imported(make_capture, Path("/nowhere") / beside.name, kind="still")
    assert made.warnings == ()


def test_missing_footage_is_a_warning(make_capture: MakeCapture) -> None:
    made = imported(make_capture, Path("/nowhere/clip.mp4"), kind="video")
    assert len(made.rigs) == 2
    assert not made.camera.data.background_images
    (warning,) = made.warnings
    assert "/nowhere/clip.mp4" in warning


def test_damaged_footage_is_a_warning(make_capture: MakeCapture, tmp_path: Path) -> None:
    broken = tmp_path / "clip.mp4"
    broken.write_bytes(b"not a video")
    made = imported(make_capture, broken, kind="video")
    assert not made.camera.data.background_images
    (warning,) = made.warnings
    assert f"cannot show the footage {broken}" in warning


def test_footage_of_another_size_is_a_warning(make_capture: MakeCapture, pictures: list[Path]) -> None:
    capture = make_capture(footage=footage(path=str(pictures[0]), kind="still"))
    (warning,) = import_capture(bpy.context, capture, ImportOptions()).warnings
    assert "64 x 36" in warning


def test_turned_footage_fills_the_picture(make_capture: MakeCapture, pictures: list[Path], monkeypatch) -> None:
    """Where Blender shows a video as it is stored, the background turns it."""
    monkeypatch.setattr(compat, "MOVIES_ARE_TURNED", False)
    described = footage(path=str(pictures[0]), kind="sequence", width=36, height=64, rotation=90)
    capture = make_capture(footage=described, intrinsics=intrinsics(width=36, height=64))
    made = import_capture(bpy.context, capture, ImportOptions())
    (background,) = made.camera.data.background_images
    assert background.rotation == pytest.approx(-np.pi / 2)
    assert background.scale == pytest.approx(64 / 36)
    assert background.frame_method == "FIT"
    assert made.warnings == ()


DISTORTION = (-0.25, 0.08, 0.01, -0.006, 0.02)


def test_distorted_footage_is_shown_undistorted(make_capture: MakeCapture, pictures: list[Path]) -> None:
    made = imported(make_capture, pictures[0], kind="sequence", distortion=DISTORTION)
    (background,) = made.camera.data.background_images
    assert background.clip_user.use_render_undistorted
    lens = background.clip.tracking.camera
    assert lens.distortion_model == "BROWN"
    assert lens.focal_length_pixels == pytest.approx(700)
    assert made.warnings == ()


def test_a_distorted_still_is_told(make_capture: MakeCapture, pictures: list[Path]) -> None:
    (warning,) = imported(make_capture, pictures[0], kind="still", distortion=DISTORTION).warnings
    assert "distortion" in warning
