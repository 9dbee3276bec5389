"""Live in Blender: rigs follow what the core sends, and a recording becomes a capture."""

import time
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import ROOT

from addon.backend.capture_file import read_capture
from addon.live import session
from addon.live.feed import Feed
from addon.operators import live as live_operators
from addon.scene.scene_import import ImportOptions, import_capture
from addon.settings import capture_properties, live_properties

SAMPLE = ROOT / "samples" / "one_hand.mp4"
PATIENCE = 120.0


@pytest.fixture
def live_scene(registered: None, core: None, tmp_path: Path) -> bpy.types.Scene:
    """A scene, saved in an empty folder, whose live source is the sample clip."""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    scene = bpy.context.scene
    capture_properties.settings_of(scene).footage = str(SAMPLE)
    settings = live_properties.settings_of(scene)
    settings.source, settings.mirror = "FOOTAGE", False
    return scene


def wait_for(condition, running: session.Session) -> None:
    """Tick until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert running.tick(bpy.context), running.error or running.text
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_rigs_follow_and_the_recording_is_imported(live_scene: bpy.types.Scene, tmp_path: Path) -> None:
    live_properties.settings_of(live_scene).record = True
    assert live_operators.start(bpy.context)
    running = session.current()
    wait_for(lambda: len(running.to_viewport) > 3, running)
    (hand,) = (each for each in bpy.data.objects if each.type == "ARMATURE" and each.name.endswith(".R"))
    turned = [bone.rotation_quaternion.angle for bone in hand.pose.bones]
    assert max(turned) > 0.1
    assert hand.pose.bones["wrist.R"].location.length > 0.2
    assert "camera to viewport" in running.facts()
    running.stop()
    while running.tick(bpy.context):
        time.sleep(0.01)
    notice = live_operators.conclude()
    assert notice.kind == "INFO", notice
    assert session.current() is None
    assert not bpy.data.collections.get("Live Hands")
    (recording,) = tmp_path.glob("live *.hands.npz")
    assert recording.name in notice.text
    assert len(read_capture(recording).frame) > 3
    assert any(each.get("dahyf_capture") == f"//{recording.name}" for each in bpy.data.objects)


def test_a_rig_takes_the_same_pose_as_the_rig_of_a_capture(make_capture, tmp_path: Path) -> None:
    """What a live hand shows is what import would key."""
    capture = make_capture(frames=2)
    from addon.live.puppets import Puppets

    puppets = Puppets(bpy.context, capture.path)
    imported = import_capture(bpy.context, capture, ImportOptions(show_footage=False))
    bpy.context.scene.frame_set(2)
    puppets.show(
        {"side": hand.side, "pose": hand.pose[1].tolist(), "translation": hand.translation[1].tolist()}
        for hand in capture.hands
    )
    bpy.context.view_layer.update()
    for rig, hand in zip(imported.rigs, capture.hands, strict=True):
        suffix = rig.armature.name[-2:]
        (live,) = (
            each for each in bpy.data.objects if each.name.startswith("Live_hand") and each.name.endswith(suffix)
        )
        for bone in rig.armature.pose.bones:
            expected = rig.armature.matrix_world @ bone.matrix
            found = live.matrix_world @ live.pose.bones[bone.name].matrix
            assert np.abs(np.array(expected) - np.array(found)).max() < 1e-4, (hand.side, bone.name)
    puppets.show([])
    assert all(each.hide_viewport for each in bpy.data.objects if each.name.startswith("Live_skin"))
    puppets.remove()
    assert not [each for each in bpy.data.objects if each.name.startswith("Live_")]


def test_an_error_of_the_core_is_told_and_nothing_stays(live_scene: bpy.types.Scene) -> None:
    settings = live_properties.settings_of(live_scene)
    settings.source, settings.camera = "CAMERA", 99
    assert live_operators.start(bpy.context)
    while session.current().tick(bpy.context):
        time.sleep(0.01)
    notice = live_operators.conclude()
    assert notice.kind == "ERROR"
    assert "camera 99" in notice.text
    assert not bpy.data.collections.get("Live Hands")


def test_opening_another_file_ends_the_core(live_scene: bpy.types.Scene) -> None:
    assert live_operators.start(bpy.context)
    process = session.current().feed._process
    bpy.ops.wm.read_homefile(use_empty=True)
    assert session.current() is None
    assert process.poll() is not None


def test_of_several_frames_the_last_is_taken(tmp_path: Path) -> None:
    import sys

    lines = 'print(\'{"type": "frame", "n": 1}\\n{"type": "frame", "n": 2}\\nnoise\')'
    feed = Feed([sys.executable, "-c", lines])
    while feed.returncode is None or feed._reader.is_alive():
        time.sleep(0.01)
    assert feed.take() == [{"type": "frame", "n": 2}, {"type": "status", "text": "noise"}]
    assert not feed.is_running
    feed.close()
