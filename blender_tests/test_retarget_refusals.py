"""Rigs that cannot be retargeted are refused, and nothing changes."""

from collections.abc import Callable

import bpy
import pytest
from conftest import MakeCapture
from rig_factory import build_rig
from snapshot import differences, snapshot

from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.scene.scene_import import ImportOptions, import_capture

MIXAMO = read_preset(SHIPPED / "mixamo.json")
HAND = "mixamorig:RightHand"
INDEX = "mixamorig:RightHandIndex"


@pytest.fixture
def hero(make_capture: MakeCapture, registered: None) -> bpy.types.Object:
    """A character with animation of its own, in a scene with two captured hands, on frame 2, half posed by hand."""
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))
    rig = build_rig(MIXAMO, name="hero")
    for bone in rig.pose.bones:
        for frame, turn in ((1, 0.0), (4, 0.3)):
            bone.rotation_quaternion = (1, turn, 0, 0)
            bone.keyframe_insert("rotation_quaternion", frame=frame)
    animation = rig.animation_data
    track = animation.nla_tracks.new()
    track.strips.new("walk", 1, animation.action)
    bpy.context.scene.frame_set(2, subframe=0.25)
    rig.pose.bones["arm_left"].rotation_quaternion = (0.6, 0, 0.8, 0)
    rig.pose.bones["arm_right"].location = (0.1, 0, 0)
    return rig


def edit(rig: bpy.types.Object, change: Callable[[bpy.types.ArmatureEditBones], None]) -> None:
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    change(rig.data.edit_bones)
    bpy.ops.object.mode_set(mode="OBJECT")


def coincident_joints(rig: bpy.types.Object) -> dict:
    """The second hand has two joints in one place."""

    def change(bones: bpy.types.ArmatureEditBones) -> None:
        bones[f"{INDEX}2"].head = bones[f"{INDEX}1"].head

    edit(rig, change)
    return {"preset": "mixamo"}


def knuckles_at_the_wrist(rig: bpy.types.Object) -> dict:
    def change(bones: bpy.types.ArmatureEditBones) -> None:
        for bone in bones:
            if bone.name.startswith(HAND) and bone.name.endswith("1"):
                bone.head = bones[HAND].head

    edit(rig, change)
    return {"preset": "mixamo"}


def connected_hand(rig: bpy.types.Object) -> dict:
    """The second hand has no arm and cannot be moved."""

    def change(bones: bpy.types.ArmatureEditBones) -> None:
        bones[HAND].parent = bones["root"]
        bones[HAND].use_connect = True

    edit(rig, change)
    return {"preset": "mixamo", "wrist": "POSITION"}


def no_camera(_rig: bpy.types.Object) -> dict:
    bpy.context.scene.camera = None
    return {"space": "CAMERA"}


def no_such_capture(_rig: bpy.types.Object) -> dict:
    return {"source": "nothing"}


def wrong_preset(_rig: bpy.types.Object) -> dict:
    return {"preset": "vrm"}


def foreign_chains(rig: bpy.types.Object) -> dict:
    """No hand: chains that start nowhere near a wrist."""

    def change(bones: bpy.types.ArmatureEditBones) -> None:
        for bone in bones:
            bone.name = f"b{bones.find(bone.name)}"
            if bone.parent and bone.parent.parent:
                bone.use_connect = False
                bone.parent = bones[0]

    edit(rig, change)
    return {}


CASES = (
    coincident_joints,
    knuckles_at_the_wrist,
    connected_hand,
    no_camera,
    no_such_capture,
    wrong_preset,
    foreign_chains,
)


@pytest.mark.parametrize(
    ("operator", "case"),
    [
        *(("retarget", case) for case in CASES),
        *(("preview_retarget", case) for case in CASES if case is not no_such_capture),  # the panel offers what exists
    ],
)
def test_a_refusal_changes_nothing(operator: str, case: Callable, hero: bpy.types.Object) -> None:
    options = case(hero)
    if operator == "preview_retarget":
        settings = bpy.context.scene.dahyf_hands
        settings.retarget_target = hero
        for name, value in options.items():
            setattr(settings, f"retarget_{name}", value)
        options = {}
    else:
        options["target"] = "hero"
    before = snapshot(bpy.context.scene)
    with pytest.raises(RuntimeError, match=r"Error: .+\. .+\."):
        getattr(bpy.ops.dahyf_hands, operator)(**options)
    assert differences(before, snapshot(bpy.context.scene)) == []


def test_a_failure_while_writing_changes_nothing(hero: bpy.types.Object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong, in the middle of the second hand."""
    done = []

    def add_channels(*arguments: object) -> None:
        done.append(arguments)
        if len(done) > 1:
            raise MemoryError

    monkeypatch.setattr("addon.retarget.writing.write.add_channels", add_channels)
    before = snapshot(bpy.context.scene)
    with pytest.raises(RuntimeError, match="MemoryError"):
        bpy.ops.dahyf_hands.retarget(target="hero", preset="mixamo")
    assert differences(before, snapshot(bpy.context.scene)) == []
