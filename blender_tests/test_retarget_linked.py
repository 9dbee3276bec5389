"""Characters that are linked from another file: refused in plain words, and keyed once they have a library override."""

from pathlib import Path

import bpy
import pytest
from conftest import MakeCapture
from finger_angles import worst_angle
from rig_factory import build_rig
from snapshot import differences, snapshot

from addon import command_line
from addon.errors import RetargetError
from addon.retarget import WristChoice, is_captured, retarget, scene_sources
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.scene.scene_import import ImportOptions, import_capture

MIXAMO = read_preset(SHIPPED / "mixamo.json")

JUST_AS_CAPTURED = {"arm": "STAY", "human_wrist": False}
"""The hands of made-up captures turn in ways that no human's does."""


@pytest.fixture(params=["still", "animated"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A saved file with a character in a collection of its own: a rig, with or without an Action, and a body."""
    rig = build_rig(MIXAMO, name="hero")
    if request.param == "animated":
        for frame, turn in ((1, 0.0), (3, 0.5)):
            rig.pose.bones["arm_left"].rotation_quaternion = (1, turn, 0, 0)
            rig.pose.bones["arm_left"].keyframe_insert("rotation_quaternion", frame=frame)
    body = bpy.data.objects.new("body", bpy.data.meshes.new("body"))
    body.parent = rig
    collection = bpy.data.collections.new("character")
    scene = bpy.context.scene
    scene.collection.children.link(collection)
    scene.collection.objects.unlink(rig)
    for member in (rig, body):
        collection.objects.link(member)
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def link(path: Path, how: str) -> str:
    """Link the character into the scene; the name of what a user would click on."""
    with bpy.data.libraries.load(str(path), link=True) as (_there, wanted):
        if how == "object":
            wanted.objects = ["hero"]
        else:
            wanted.collections = ["character"]
    scene = bpy.context.scene
    if how == "object":
        scene.collection.objects.link(wanted.objects[0])
        return "hero"
    if how == "collection":
        scene.collection.children.link(wanted.collections[0])
        return "hero"
    empty = bpy.data.objects.new("character", None)
    empty.instance_type, empty.instance_collection = "COLLECTION", wanted.collections[0]
    scene.collection.objects.link(empty)
    return empty.name


def hero() -> bpy.types.Object:
    (found,) = (each for each in bpy.context.scene.objects if each.type == "ARMATURE" and not is_captured(each))
    return found


def captured_hands() -> list[bpy.types.Object]:
    return [found for found in bpy.context.scene.objects if is_captured(found)]


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("how", ["object", "collection", "instance"])
def test_a_linked_rig_is_refused_then_overridden_and_keeps_its_keys(
    how: str, library: Path, make_capture: MakeCapture, tmp_path: Path
) -> None:
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))
    name = link(library, how)
    bpy.context.view_layer.update()
    before = snapshot(bpy.context.scene)
    with pytest.raises(RuntimeError, match=f"{name} .*link.*Make Library Override"):
        bpy.ops.dahyf_hands.retarget(target=name)
    assert differences(before, snapshot(bpy.context.scene)) == []
    assert bpy.ops.dahyf_hands.make_override(target=name) == {"FINISHED"}
    rig = hero()
    assert rig.override_library
    assert not rig.override_library.is_system_override
    assert bpy.ops.dahyf_hands.retarget(target=rig.name, **JUST_AS_CAPTURED) == {"FINISHED"}
    assert worst_angle(captured_hands(), rig, MIXAMO) < 1.0
    arm = arm_turns(rig)
    for _ in range(2):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
        assert worst_angle(captured_hands(), hero(), MIXAMO) < 1.0
        assert arm_turns(hero()) == pytest.approx(arm)
        assert bpy.ops.dahyf_hands.retarget(target=hero().name, **JUST_AS_CAPTURED) == {"FINISHED"}
    assert bpy.ops.dahyf_hands.remove_retarget(target=hero().name) == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert worst_angle(captured_hands(), hero(), MIXAMO) > 5
    assert arm_turns(hero()) == pytest.approx(arm)


@pytest.mark.usefixtures("registered")
def test_keys_that_are_linked_are_not_removed(make_capture: MakeCapture, tmp_path: Path) -> None:
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))
    build_rig(MIXAMO, name="hero")
    assert bpy.ops.dahyf_hands.retarget(target="hero", **JUST_AS_CAPTURED) == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    link(tmp_path / "library.blend", "object")
    before = snapshot(bpy.context.scene)
    with pytest.raises(RuntimeError, match=r"hero .*link"):
        bpy.ops.dahyf_hands.remove_retarget(target="hero")
    assert differences(before, snapshot(bpy.context.scene)) == []


def arm_turns(rig: bpy.types.Object) -> list[float]:
    found = []
    for frame in (1, 2, 3):
        bpy.context.scene.frame_set(frame)
        found.extend(rig.pose.bones["arm_left"].rotation_quaternion)
    return found


@pytest.mark.usefixtures("registered")
def test_an_override_that_is_not_editable_becomes_so(library: Path, make_capture: MakeCapture) -> None:
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))
    link(library, "collection")
    bpy.ops.dahyf_hands.make_override(target="hero")
    hero().override_library.is_system_override = True
    with pytest.raises(RetargetError, match="not editable"):
        retarget(bpy.context, hero(), scene_sources(bpy.context.scene, None), MIXAMO)
    bpy.ops.dahyf_hands.make_override(target="hero")
    retarget(bpy.context, hero(), scene_sources(bpy.context.scene, None), MIXAMO, WristChoice(human=False))
    assert worst_angle(captured_hands(), hero(), MIXAMO) < 1.0


@pytest.mark.usefixtures("registered")
def test_what_is_not_linked_needs_no_override() -> None:
    build_rig(MIXAMO, name="hero")
    with pytest.raises(RuntimeError, match="hero is not linked"):
        bpy.ops.dahyf_hands.make_override(target="hero")


def test_the_command_refuses_a_linked_rig_or_overrides_it(
    library: Path, make_capture: MakeCapture, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    capture = make_capture(frames=3)
    link(library, "collection")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    output = tmp_path / "out.blend"
    arguments = ["retarget", str(capture.path), "--rig", "hero", "-o", str(output)]
    assert command_line.run(arguments) == 9
    assert "is linked from" in capsys.readouterr().err
    assert not output.exists()
    assert command_line.run([*arguments, "--make-override"]) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert hero().override_library
    assert "clip on hero" in hero().animation_data.action.name
