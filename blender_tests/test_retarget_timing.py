"""Retargeted hands keep the footage's time at any rate of the scene, and start at the chosen frame."""

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from capture_factory import footage
from conftest import MakeCapture
from finger_angles import worst_angle
from mathutils import Quaternion
from rig_factory import build_rig
from snapshot import RENDER, SCENE, plain

from addon import command_line
from addon.backend.capture_file import Capture
from addon.retarget import capture_sources, is_captured, scene_sources, timed
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.retarget.motion.retiming import on_whole_frames, turns_at
from addon.scene.scene_import import ImportOptions, import_capture
from addon.scene.scene_setup import SceneSetup, timeline_of
from addon.scene.timing import Timeline

MIXAMO = read_preset(SHIPPED / "mixamo.json")
PICTURES = 150


def set_rate(fps: int, base: float = 1.0) -> None:
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = fps, base


def slow(arrays: dict) -> None:
    """Fingers bend and the hand goes at constant speeds, 25 pictures a second."""
    count = arrays["pose"].shape[1]
    arrays["time"] = np.arange(count) / 25
    arrays["pose"][:] = np.linspace(0, 1, count)[:, None, None] * [0.0, 0.1, 0.8]
    arrays["translation"][:] = np.linspace(0, 1, count)[:, None] * [0.1, 0.2, 0.0] + [0, 0, 0.5]


@pytest.fixture
def long(make_capture: MakeCapture) -> Capture:
    """Six seconds of 25 pictures."""
    return make_capture(slow, frames=PICTURES, footage=footage(rate=[25, 1]))


def key_frames(rig: bpy.types.Object) -> np.ndarray:
    curve = next(curve for curve in fcurves_of(rig) if "rotation" in curve.data_path)
    return np.array([point.co.x for point in curve.keyframe_points])


def state() -> dict:
    scene = bpy.context.scene
    return {name: plain(getattr(scene, name)) for name in SCENE} | {
        name: plain(getattr(scene.render, name)) for name in RENDER
    }


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize(
    ("fps", "base", "frames"),
    [(24, 1.0, 144), (25, 1.0, 150), (30, 1.0, 180), (30, 1.001, 180), (60, 1.0, 360), (12, 1.0, 72)],
)
def test_six_seconds_stay_six_seconds(fps: int, base: float, frames: int, long: Capture) -> None:
    set_rate(fps, base)
    import_capture(bpy.context, long, ImportOptions(SceneSetup.NEVER, show_footage=False))
    rig = build_rig(MIXAMO, name="hero")
    before = state()
    bpy.ops.dahyf_hands.retarget(target="hero", preset="mixamo")
    assert key_frames(rig).tolist() == list(range(1, frames + 1))
    assert state() == before
    shown = [1, frames // 3, frames - 3]
    hands = [found for found in bpy.data.objects if is_captured(found)]
    assert worst_angle(hands, rig, MIXAMO, shown) < 0.5


@pytest.mark.usefixtures("registered")
def test_the_command_and_the_scene_lay_the_same_keys(long: Capture, capsys: pytest.CaptureFixture) -> None:
    set_rate(24)
    build_rig(MIXAMO, name="hero")
    blend, output = long.path.with_name("hero.blend"), long.path.with_name("out.blend")
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    before = state()
    arguments = ["retarget", str(long.path), "--rig", "hero", "-o", str(output), "--start-frame", "1001"]
    assert command_line.run(arguments) == 0
    assert "144 frames" in capsys.readouterr().out
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert state() == before
    by_command = curves()
    assert key_frames(bpy.data.objects["hero"]).tolist() == list(range(1001, 1145))
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    import_capture(bpy.context, long, ImportOptions(SceneSetup.NEVER, show_footage=False))
    bpy.ops.dahyf_hands.retarget(target="hero", start_frame=1001)
    by_hand = curves()
    assert max(np.abs(by_hand[key] - by_command[key]).max() for key in by_command) < 1e-3


def curves() -> dict:
    return {
        (curve.data_path, curve.array_index): np.array([point.co[:] for point in curve.keyframe_points])
        for curve in fcurves_of(bpy.data.objects["hero"])
    }


@pytest.mark.usefixtures("registered")
def test_a_start_frame_moves_all_keys(make_capture: MakeCapture) -> None:
    """Also of a hand that comes late: the footage's first picture is what lies there."""

    def late(arrays: dict) -> None:
        arrays["state"][:, :2] = 0
        arrays["pose"][:, :2] = arrays["translation"][:, :2] = np.nan

    import_capture(bpy.context, make_capture(late, frames=5), ImportOptions(show_footage=False))
    rig = build_rig(MIXAMO, name="hero")
    bpy.ops.dahyf_hands.retarget(target="hero", preset="mixamo")
    assert key_frames(rig).tolist() == [3, 4, 5]
    bpy.ops.dahyf_hands.retarget(target="hero", preset="mixamo", start_frame=1001)
    assert key_frames(rig).tolist() == [1003, 1004, 1005]
    settings = bpy.context.scene.dahyf_hands
    settings.retarget_target, settings.retarget_use_start_frame, settings.retarget_start_frame = rig, True, 101
    bpy.ops.dahyf_hands.preview_retarget()
    assert key_frames(rig).tolist() == [103, 104, 105]


@pytest.mark.usefixtures("registered")
def test_a_rate_that_changes_after_the_import_is_named_and_made_up_for(long: Capture) -> None:
    set_rate(25)
    import_capture(bpy.context, long, ImportOptions(SceneSetup.NEVER, show_footage=False))
    set_rate(24)
    sources = [timed(bpy.context.scene, each, None) for each in scene_sources(bpy.context.scene, None)]
    assert sources[0].times.frames.tolist() == list(range(1, 145))
    assert "at 25 frames per second" in sources[0].notes[0]


def test_gaps_stay_gaps(make_capture: MakeCapture) -> None:
    """The last frame before a gap holds; no key lies in it."""

    def gap(arrays: dict) -> None:
        slow(arrays)
        arrays["state"][:, 50:100] = 0
        arrays["pose"][:, 50:100] = arrays["translation"][:, 50:100] = np.nan

    set_rate(24)
    capture = make_capture(gap, frames=PICTURES, footage=footage(rate=[25, 1]))
    source = on_whole_frames(capture_sources(capture, timeline_of(bpy.context.scene, 1))[0])
    assert source.times.frames.tolist() == [*range(1, 49), *range(97, 145)]
    constant = bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items["CONSTANT"].value
    assert np.flatnonzero(source.times.interpolation == constant).tolist() == [47, 95]


def test_a_hand_that_is_seen_between_two_frames_alone_has_a_key(make_capture: MakeCapture) -> None:
    def glimpse(arrays: dict) -> None:
        arrays["state"][:, :1] = arrays["state"][:, 2:] = 0
        for name in ("pose", "translation"):
            arrays[name][:, :1] = arrays[name][:, 2:] = np.nan

    capture = make_capture(glimpse, frames=4, footage=footage(rate=[60, 1]))
    source = on_whole_frames(capture_sources(capture, Timeline(1, 12.0))[0])
    assert source.times.frames.tolist() == [1]


def test_turns_between_frames_go_the_shortest_way() -> None:
    rng = np.random.default_rng(0)
    ends = [Quaternion(rng.normal(size=4)).normalized() for _ in range(2)]
    found = turns_at(np.array([end.to_matrix() for end in ends])[:, None], np.array([0, 0.3, 1.0]))
    for share, matrix in zip((0, 0.3, 1.0), found[:, 0], strict=True):
        assert np.allclose(matrix, ends[0].slerp(ends[1], share).to_matrix(), atol=1e-6)
