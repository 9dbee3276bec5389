"""Joint limits of the target: fingers are clamped to them, and unchanged within them."""

import bpy
import numpy as np
import pytest
from conftest import MakeCapture
from rig_factory import Style, build_rig
from test_retarget import MIXAMO, run, worst_angle

from addon.retarget.rig_limits import joint_limits
from addon.retarget.rotations import matrices_from_axis_angle
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture

BONE = "mixamorig:RightHandIndex2"


@pytest.fixture
def imported(make_capture: MakeCapture) -> ImportedCapture:
    return import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))


@pytest.fixture
def bone() -> bpy.types.PoseBone:
    rig = build_rig(MIXAMO, Style(seed=1))
    return rig.pose.bones[BONE]


def constrain(bone: bpy.types.PoseBone, low: float, high: float) -> bpy.types.Constraint:
    limit = bone.constraints.new("LIMIT_ROTATION")
    limit.owner_space = "LOCAL"
    for axis in "xyz":
        setattr(limit, f"use_limit_{axis}", True)
        setattr(limit, f"min_{axis}", low)
        setattr(limit, f"max_{axis}", high)
    return limit


def test_a_bone_without_limits_is_free(bone: bpy.types.PoseBone) -> None:
    assert joint_limits(bone) is None
    constrain(bone, -0.1, 0.1).mute = True
    assert joint_limits(bone) is None


def test_angles_within_stay_to_the_last_bit_and_others_go_to_the_limit(bone: bpy.types.PoseBone) -> None:
    constrain(bone, -0.2, 0.3)
    turns = matrices_from_axis_angle(np.array([[0.1, 0, 0], [0.9, 0, 0], [0, -0.9, 0]]))
    kept = joint_limits(bone).applied(turns)
    np.testing.assert_array_equal(kept[0], turns[0])
    np.testing.assert_allclose(kept[1:], matrices_from_axis_angle(np.array([[0.3, 0, 0], [0, -0.2, 0]])), atol=1e-6)


def test_ik_limits_count_on_the_axes_that_use_them(bone: bpy.types.PoseBone) -> None:
    bone.use_ik_limit_x, bone.ik_min_x, bone.ik_max_x = True, 0.0, 0.5
    limits = joint_limits(bone)
    assert limits.low.tolist() == [0.0, -np.inf, -np.inf]
    np.testing.assert_allclose(limits.high, [0.5, np.inf, np.inf])


def test_what_is_keyed_keeps_to_them(imported: ImportedCapture, bone: bpy.types.PoseBone) -> None:
    rig = bone.id_data
    run(rig, MIXAMO)
    free = worst_angle(imported, rig, MIXAMO)
    rig.animation_data_clear()
    for other in rig.pose.bones:
        if "Hand" in other.name and other.name[-1].isdigit():
            constrain(other, -0.05, 0.05)
    run(rig, MIXAMO)
    for constrained in rig.pose.bones:
        for constraint in constrained.constraints:
            constraint.mute = True
    bpy.context.scene.frame_set(2)
    angles = np.abs(np.array(rig.pose.bones[BONE].matrix_basis.to_euler("XYZ")))
    assert angles.max() <= 0.05 + 1e-4
    assert worst_angle(imported, rig, MIXAMO) > free
