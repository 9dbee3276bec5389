"""Other tools' results, imported by the core from the panel: hands without camera, pictures and confidence."""

import json
import os
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from conftest import CORE_PYTHON, ROOT
from rig_factory import build_rig

from addon import command_line
from addon.cleaning import flagged_spans, recleaning
from addon.operators import import_result
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.scene import nla_layers, scene_setup
from addon.settings import capture_properties

SKELETON = "hands.bvh"


@pytest.fixture
def skeleton(registered: None, core: None, captured: Path, tmp_path: Path) -> Path:
    """A BVH file of two hands."""
    path = tmp_path / SKELETON
    command = [str(CORE_PYTHON), "-m", "dahyf_core", "export", str(captured), "-o", str(path)]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    return path


def rigs() -> list[bpy.types.Object]:
    return sorted(filter(recleaning.is_hand_rig, bpy.data.objects), key=lambda rig: rig["dahyf_hand"])


def test_a_skeleton_becomes_hands_without_a_camera(skeleton: Path) -> None:
    cameras = set(bpy.data.cameras)
    assert bpy.ops.dahyf_hands.import_result(filepath=str(skeleton)) == {"FINISHED"}
    hands = rigs()
    assert [hand["dahyf_side"] for hand in hands] == ["right", "left"]
    assert skeleton.with_name("hands.hands.npz").is_file()
    assert set(bpy.data.cameras) == cameras
    root = hands[0].parent
    assert scene_setup.camera_of(root) is None
    assert scene_setup.PICTURE not in root
    action = nla_layers.base_action(hands[0])
    assert nla_layers.is_captured(action)
    assert not any("confidence" in curve.data_path for curve in fcurves_of(hands[0]))
    keys = flagged_spans.confidence_keys(action)
    np.testing.assert_array_equal(keys.confidence, 1)
    assert flagged_spans.flagged_spans(action, 0.5) == []


def test_the_bones_are_where_the_file_has_them(skeleton: Path, captured: Path) -> None:
    bpy.ops.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(captured))
    before = {hand["dahyf_side"]: hand for hand in rigs()}
    bpy.ops.dahyf_hands.import_result(filepath=str(skeleton))
    after = {hand["dahyf_side"]: hand for hand in rigs() if hand not in before.values()}
    scene = bpy.context.scene
    for frame in (2, 8):
        scene.frame_set(frame)
        for side in ("left", "right"):
            heads = [
                np.array([bone.head for bone in rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones])
                for rig in (before[side], after[side])
            ]
            assert np.linalg.norm(heads[0] - heads[1], axis=1).max() < 0.001


def test_imported_hands_are_cleaned_and_set_up(skeleton: Path) -> None:
    bpy.ops.dahyf_hands.import_result(filepath=str(skeleton))
    hand = rigs()[0]
    for each in bpy.context.selected_objects:
        each.select_set(False)
    hand.select_set(True)
    bpy.context.view_layer.objects.active = hand
    assert bpy.ops.dahyf_hands.clean(finger_hz=2.0) == {"FINISHED"}
    assert bpy.ops.dahyf_hands.set_up_scene(root=hand.parent.name) == {"FINISHED"}
    assert nla_layers.is_captured(nla_layers.base_action(rigs()[0]))


def test_imported_hands_move_a_character(skeleton: Path) -> None:
    rig = build_rig(read_preset(SHIPPED / "mixamo.json"), name="Hero")
    bpy.ops.dahyf_hands.import_result(filepath=str(skeleton))
    assert bpy.ops.dahyf_hands.retarget(target="Hero") == {"FINISHED"}
    assert any("Index" in curve.data_path for curve in fcurves_of(rig))


def test_what_is_no_result_is_refused_in_a_sentence(skeleton: Path) -> None:
    skeleton.with_name("x.json").write_text("[]")
    with pytest.raises(RuntimeError, match="looks like no file of"):
        bpy.ops.dahyf_hands.import_result(filepath=str(skeleton.with_name("x.json")))
    assert not rigs()


def test_what_the_core_is_told(registered: None, tmp_path: Path) -> None:
    settings = capture_properties.settings_of(bpy.context.scene)
    settings.footage, settings.lens = str(tmp_path / "clip.mp4"), "FOCAL_MM"
    settings.focal_mm, settings.sensor_mm = 18.0, 36.0

    class Chosen:
        tool, use_footage, rate, side = "openpose", True, 30.0, "LEFT"

    file, output = tmp_path / "a" / "1_keypoints.json", tmp_path / "o.npz"
    given = import_result.import_arguments(Chosen, file, output, settings)
    assert given == [
        *(str(file.parent), "-o", str(output), "--from", "openpose", "--side", "left"),
        *("--footage", settings.footage, "--fov", "90"),
    ]
    Chosen.use_footage, Chosen.tool = False, "AUTO"
    assert import_result.import_arguments(Chosen, file, output, settings)[-2:] == ["--rate", "30"]


def test_without_a_window(skeleton: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    output = tmp_path / "out.blend"
    arguments = ["import", str(skeleton), "-o", str(output), "--json", "--from", "bvh", "--axes", "y"]
    assert command_line.run(arguments) == 0
    messages = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert messages[-1]["type"] == "done"
    assert messages[-1]["hands"] == 2
    assert any("Not in the file: camera" in message.get("text", "") for message in messages)
    assert (tmp_path / "out.hands.npz").is_file()
    bpy.ops.wm.open_mainfile(filepath=str(output))
    views = [area.spaces.active for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"]
    assert "CAMERA" not in {view.region_3d.view_perspective for view in views}
    with pytest.raises(SystemExit):
        command_line.parse(["import", "clip.npz", "-o", str(output), "--axes", "y"])
