"""Keys: their frames, interpolation and key types, and what they do not change."""

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from capture_factory import footage
from conftest import MakeCapture
from numpy.typing import NDArray

from addon.backend.capture_file import Capture
from addon.scene import keys
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture
from addon.shared.capture_schema import State

STATES = [State.MISSING, State.OBSERVED, State.REPLACED, State.MISSING, State.INTERPOLATED, State.OBSERVED]


@pytest.fixture
def gappy(make_capture: MakeCapture) -> Capture:
    """A right hand that is missing in the first and fourth of six frames."""

    def open_gaps(arrays: dict) -> None:
        arrays["state"][0] = STATES
        missing = arrays["state"][0] == State.MISSING
        arrays["pose"][0, missing] = np.nan
        arrays["translation"][0, missing] = np.nan

    return make_capture(open_gaps, sides=("right",))


def imported(capture: Capture, **options: bool) -> ImportedCapture:
    return import_capture(bpy.context, capture, ImportOptions(**options))


def curve(owner: bpy.types.Object, data_path: str, index: int = 0) -> bpy.types.FCurve:
    (found,) = (fc for fc in fcurves_of(owner) if (fc.data_path, fc.array_index) == (data_path, index))
    return found


def times(fcurve: bpy.types.FCurve) -> list[float]:
    return [point.co.x for point in fcurve.keyframe_points]


def test_every_bone_has_a_key_on_every_frame(make_capture: MakeCapture) -> None:
    for rig in imported(make_capture(frames=7)).rigs:
        curves = fcurves_of(rig.armature)
        assert len(curves) == 3 + 16 * 4 + 1
        assert all(times(fcurve) == [1, 2, 3, 4, 5, 6, 7] for fcurve in curves)


def test_curves_are_grouped_by_bone(make_capture: MakeCapture) -> None:
    (rig,) = imported(make_capture(sides=("left",))).rigs
    groups = {fcurve.group.name for fcurve in fcurves_of(rig.armature)}
    assert groups == {bone.name for bone in rig.armature.pose.bones} | {"Confidence"}


def test_confidence_is_keyed_on_the_armature(make_capture: MakeCapture) -> None:
    capture = make_capture()
    for hand, rig in zip(capture.hands, imported(capture).rigs, strict=True):
        for index in (0, 3):
            bpy.context.scene.frame_set(1 + index)
            assert rig.armature["confidence"] == pytest.approx(hand.confidence[index])


def test_missing_frames_have_no_keys_and_the_pose_holds_over_them(gappy: Capture) -> None:
    (rig,) = imported(gappy).rigs
    fcurve = curve(rig.armature, 'pose.bones["wrist.R"].location', 2)
    assert times(fcurve) == [2, 3, 5, 6]
    assert [point.interpolation for point in fcurve.keyframe_points][:2] == ["LINEAR", "CONSTANT"]
    assert fcurve.evaluate(4.5) == fcurve.evaluate(3)


def test_key_types_tell_what_was_seen(gappy: Capture) -> None:
    (rig,) = imported(gappy).rigs
    for fcurve in fcurves_of(rig.armature):
        assert [point.type for point in fcurve.keyframe_points] == ["KEYFRAME", "JITTER", "GENERATED", "KEYFRAME"]


def test_the_skin_hides_where_the_hand_is_missing(gappy: Capture) -> None:
    (rig,) = imported(gappy).rigs
    shown = []
    for frame in range(0, 8):
        bpy.context.scene.frame_set(frame)
        shown.append(not rig.mesh.hide_render and not rig.mesh.hide_viewport)
    assert shown == [False, False, True, True, False, True, True, True]


def test_the_skin_stays_when_asked_to_or_never_missing(gappy: Capture, make_capture: MakeCapture) -> None:
    (rig,) = imported(gappy, hide_missing=False).rigs
    assert not fcurves_of(rig.mesh)
    (rig,) = imported(make_capture(sides=("left",))).rigs
    assert not fcurves_of(rig.mesh)


def test_a_hand_that_is_never_there_is_hidden(make_capture: MakeCapture) -> None:
    def lose(arrays: dict) -> None:
        arrays["state"].fill(State.MISSING)
        arrays["pose"].fill(np.nan)
        arrays["translation"].fill(np.nan)

    (rig,) = imported(make_capture(lose, sides=("left",))).rigs
    bpy.context.scene.frame_set(3)
    assert rig.mesh.hide_render
    assert all(times(fcurve) == [] for fcurve in fcurves_of(rig.armature))


def test_quaternions_never_jump_to_the_other_half(make_capture: MakeCapture) -> None:
    def spin(arrays: dict) -> None:
        arrays["pose"][0, :, 0] = np.linspace(-3.1, 3.1, 40)[:, None] * np.array([0.0, 0.6, 0.8])

    (rig,) = imported(make_capture(spin, sides=("right",), frames=40)).rigs
    path = 'pose.bones["wrist.R"].rotation_quaternion'
    quaternions = np.array([[point.co.y for point in curve(rig.armature, path, i).keyframe_points] for i in range(4)])
    assert np.abs(np.diff(quaternions)).max() < 0.1
    assert np.allclose(np.linalg.norm(quaternions, axis=0), 1)


def test_a_variable_rate_puts_keys_between_frames(make_capture: MakeCapture) -> None:
    stamps = [0.0, 0.04, 0.07, 0.12]

    def vary(arrays: dict) -> None:
        arrays["time"][:] = stamps

    (rig,) = imported(
        make_capture(vary, sides=("right",), frames=4, footage=footage(constant_rate=False, rate=[25, 1]))
    ).rigs
    assert times(fcurves_of(rig.armature)[0]) == pytest.approx([1 + 25 * stamp for stamp in stamps], abs=1e-5)
    assert bpy.context.scene.frame_end == 4


def test_a_part_of_the_clip_lies_where_it_lies_in_the_clip(make_capture: MakeCapture) -> None:
    def later(arrays: dict) -> None:
        arrays["frame"] += 100
        arrays["time"] += 100 * 1001 / 30000

    (rig,) = imported(make_capture(later, sides=("right",), frames=3)).rigs
    assert times(fcurves_of(rig.armature)[0]) == [101, 102, 103]


def test_a_sequence_begins_at_frame_one_whatever_its_numbers(make_capture: MakeCapture) -> None:
    def number(arrays: dict) -> None:
        arrays["frame"] = np.array([1005, 1006, 1008])
        arrays["time"] = (arrays["frame"] - 1001) / 24

    (rig,) = imported(
        make_capture(
            number, sides=("right",), frames=3, footage=footage(kind="sequence", rate=[24, 1], constant_rate=False)
        )
    ).rigs
    assert times(fcurves_of(rig.armature)[0]) == [5, 6, 8]


def test_animation_that_is_there_stays(make_capture: MakeCapture) -> None:
    capture = make_capture(sides=("right",))
    (rig,) = imported(capture).rigs
    first = rig.armature.animation_data.action
    before = key_values(rig.armature)
    second = keys.key_hand(rig.armature, capture.hands[0], capture.skeleton, np.arange(6) + 50.0, "again")
    assert rig.armature.animation_data.action == second != first
    rig.armature.animation_data.action = first
    assert np.array_equal(key_values(rig.armature), before)
    assert first.use_fake_user, "it survives saving"


def key_values(owner: bpy.types.Object) -> NDArray:
    return np.array([[point.co[:] for point in fcurve.keyframe_points] for fcurve in fcurves_of(owner)])


def test_reimport_makes_new_actions(make_capture: MakeCapture) -> None:
    capture = make_capture()
    actions = {rig.armature.animation_data.action for _ in range(2) for rig in imported(capture).rigs}
    assert len(actions) == 4


def test_the_rest_pose_is_the_identity() -> None:
    assert keys.quaternions_from_axis_angle(np.zeros((1, 3))).tolist() == [[1, 0, 0, 0]]
