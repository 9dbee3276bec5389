"""The rig: names, bones and skin that Blender's own tools understand."""

import bpy
import numpy as np
import pytest
from conftest import MakeCapture
from mathutils import Quaternion

from addon.scene.rig import Rig
from addon.scene.scene_import import ImportOptions, import_capture
from addon.shared.names import BONE_NAMES


@pytest.fixture
def pair(make_capture: MakeCapture) -> tuple[Rig, Rig]:
    """A right hand and its mirror image."""
    right, left = import_capture(bpy.context, make_capture(), ImportOptions()).rigs
    return right, left


def test_names_mirror(pair: tuple[Rig, Rig]) -> None:
    right, left = pair
    assert [bone.name for bone in right.armature.data.bones] == [f"{name}.R" for name in BONE_NAMES]
    flipped = [bpy.utils.flip_name(bone.name) for bone in right.armature.data.bones]
    assert flipped == [bone.name for bone in left.armature.data.bones]
    assert bpy.utils.flip_name(right.armature.name) == left.armature.name


def test_long_clip_names_keep_the_side(make_capture: MakeCapture) -> None:
    from capture_factory import footage

    capture = make_capture(footage=footage(path=f"/nowhere/{'ü' * 80}.mp4"))
    right, left = import_capture(bpy.context, capture, ImportOptions()).rigs
    assert right.armature.name.endswith(".R")
    assert left.mesh.name.endswith(".L")


def test_bones_lead_from_joint_to_joint_to_tip(pair: tuple[Rig, Rig], make_capture: MakeCapture) -> None:
    hand = make_capture().hands[0]
    bones = pair[0].armature.data.bones
    assert np.allclose([bone.head_local for bone in bones], hand.joints, atol=1e-6)
    for finger, tip in zip(("thumb", "index", "middle", "ring", "pinky"), hand.tips, strict=True):
        chain = [bones[f"{finger}{joint}.R"] for joint in (1, 2, 3)]
        assert np.allclose(chain[0].tail_local, chain[1].head_local, atol=1e-6)
        assert np.allclose(chain[1].tail_local, chain[2].head_local, atol=1e-6)
        assert np.allclose(chain[2].tail_local, tip, atol=1e-6)
        assert chain[0].parent == bones["wrist.R"]


def test_a_turn_about_x_bends_fingers_into_the_palm(pair: tuple[Rig, Rig]) -> None:
    for rig, side in zip(pair, "RL", strict=True):
        rig.armature.animation_data_clear()
        wrist = rig.armature.data.bones[f"wrist.{side}"]
        for finger in ("index", "middle", "ring", "pinky"):
            bone = rig.armature.pose.bones[f"{finger}1.{side}"]
            tip = rig.armature.pose.bones[f"{finger}3.{side}"]
            assert tip_moves_to(bone, tip) @ wrist.z_axis > 0.5 * tip.length, finger
        thumb, tip = (rig.armature.pose.bones[f"thumb{joint}.{side}"] for joint in (1, 3))
        towards = rig.armature.data.bones[f"pinky1.{side}"].head_local - thumb.bone.head_local
        assert tip_moves_to(thumb, tip) @ towards.normalized() > 0.5 * tip.length


def tip_moves_to(bone: bpy.types.PoseBone, last: bpy.types.PoseBone):
    """How the end of the last bone moves when a bone turns by 60 degrees about its own X."""
    for each in bone.id_data.pose.bones:
        each.location, each.rotation_quaternion = (0, 0, 0), (1, 0, 0, 0)
    bone.rotation_quaternion = Quaternion((1, 0, 0), np.radians(60))
    bpy.context.view_layer.update()
    return last.tail - last.bone.tail_local


def test_left_bones_mirror_right_ones(pair: tuple[Rig, Rig]) -> None:
    """What pasting a flipped pose relies on: x of the armature and of the bone change their signs, nothing else."""
    flip = np.diag([-1.0, 1.0, 1.0])
    for bone in pair[0].armature.data.bones:
        mirrored = pair[1].armature.data.bones[bpy.utils.flip_name(bone.name)]
        right, left = (np.array(each.matrix_local.to_3x3()) for each in (bone, mirrored))
        assert np.allclose(left, flip @ right @ flip, atol=1e-5), bone.name


def test_skin_is_smooth_and_follows_the_armature(pair: tuple[Rig, Rig], make_capture: MakeCapture) -> None:
    weights = make_capture().skeleton.skin_weights
    for rig in pair:
        assert all(polygon.use_smooth for polygon in rig.mesh.data.polygons)
        assert rig.mesh.modifiers[0].object == rig.armature
        groups = [group.name for group in rig.mesh.vertex_groups]
        assert groups == [bone.name for bone in rig.armature.data.bones]
        for vertex in rig.mesh.data.vertices:
            assert sum(member.weight for member in vertex.groups) == pytest.approx(weights[vertex.index].sum())


def test_rigs_know_where_they_come_from(pair: tuple[Rig, Rig], make_capture: MakeCapture) -> None:
    capture = make_capture()
    for index, (rig, side) in enumerate(zip(pair, ("right", "left"), strict=True)):
        assert rig.armature["dahyf_side"] == side
        assert rig.armature["dahyf_hand"] == index
        assert rig.armature["dahyf_capture_sha256"] == capture.sha256
        assert "metres" in rig.armature["dahyf_conventions"]
