"""Clean: the core's result on existing rigs, manual corrections, and bad spans."""

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from conftest import Hands, MakeCapture, data_blocks
from mathutils import Quaternion
from numpy.typing import NDArray

from addon.backend.capture_file import Capture
from addon.cleaning import flagged_spans, recleaning
from addon.errors import AddonError
from addon.operators.threshold_overrides import span_at_playhead
from addon.scene import nla_layers
from addon.scene.scene_import import ImportOptions, import_capture
from addon.scene.timing import Timeline
from addon.settings import settings_presets
from addon.settings.clean_properties import NAMES, clean_arguments, floor_arguments
from addon.shared.capture_schema import State
from addon.shared.cleaning import NUMBERS

BONE = "index1.R"


def turned(capture: Capture, degrees: float) -> Capture:
    """The same hands with every finger and wrist turned a little more, as another cleaning would."""
    for hand in capture.hands:
        hand.pose[:] += np.radians(degrees)
    return capture


def right_hand(capture: Capture, **options: bool) -> bpy.types.Object:
    """The rig of a capture's first hand."""
    return import_capture(bpy.context, capture, ImportOptions(**options)).rigs[0].armature


def rotation(armature: bpy.types.Object, frame: int, bone: str = BONE) -> Quaternion:
    """A bone's rotation at a frame, with all NLA layers."""
    bpy.context.scene.frame_set(frame)
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.pose.bones[bone].matrix_basis.to_quaternion()


def degrees_between(first: Quaternion, second: Quaternion) -> float:
    return np.degrees(first.rotation_difference(second).angle)


def rekey(armature: bpy.types.Object, capture: Capture) -> bpy.types.Object:
    return recleaning.rekey(bpy.context, armature, capture, {"threshold": 0.5})


def key_values(action: bpy.types.Action, armature: bpy.types.Object) -> NDArray:
    """All keys of a rig's active Action."""
    assert armature.animation_data.action == action
    return np.array([[point.co[:] for point in fcurve.keyframe_points] for fcurve in fcurves_of(armature)])


# Actions


def test_the_captured_action_is_kept_and_a_new_one_shown(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    captured = armature.animation_data.action
    before = rotation(armature, 3)
    rekey(armature, turned(make_capture(), 20))
    assert armature.animation_data.action != captured
    assert captured.use_fake_user
    assert degrees_between(rotation(armature, 3), before) > 10
    armature.animation_data.action = captured
    assert degrees_between(rotation(armature, 3), before) == pytest.approx(0, abs=1e-3)


def test_cleaning_again_and_again_does_not_pile_up_actions(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    actions = len(bpy.data.actions)
    for degrees in (5, 10, 15):
        rekey(armature, turned(make_capture(), degrees))
    assert len(bpy.data.actions) == actions + 1


def test_a_cleaned_action_that_somebody_edited_is_kept(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    rekey(armature, make_capture())
    edited = armature.animation_data.action
    fcurves_of(armature)[0].keyframe_points[2].co.y += 0.1
    before = key_values(edited, armature)
    rekey(armature, turned(make_capture(), 5))
    assert edited.use_fake_user
    armature.animation_data.action = edited
    assert np.array_equal(key_values(edited, armature), before)


def test_the_wrist_is_in_its_place_on_bones_of_another_hand_shape(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    where = armature.pose.bones["wrist.R"].head.copy()

    def grow(arrays: dict) -> None:
        arrays["rest_joints"] = arrays["rest_joints"] * np.float32(1.2)

    capture = make_capture(grow)
    hand = capture.hands[0]
    rekey(armature, capture)
    bpy.context.scene.frame_set(4)
    assert armature.pose.bones["wrist.R"].head != where
    np.testing.assert_allclose(armature.pose.bones["wrist.R"].head, hand.joints[0] + hand.translation[3], atol=1e-6)


def test_the_skin_hides_where_the_hand_is_missing_now(make_capture: MakeCapture) -> None:
    def lose(arrays: dict) -> None:
        arrays["state"][:, 2:4] = State.MISSING
        arrays["pose"][:, 2:4] = arrays["translation"][:, 2:4] = np.nan

    armature = right_hand(make_capture())
    skin = recleaning.skin_of(armature)
    actions = len(bpy.data.actions)
    rekey(armature, make_capture(lose))
    bpy.context.scene.frame_set(3)
    assert skin.hide_render
    rekey(armature, make_capture())
    bpy.context.scene.frame_set(3)
    assert not skin.hide_render
    assert not skin.hide_viewport
    assert len(bpy.data.actions) == actions + 1


# Corrections


def correct(armature: bpy.types.Object, frame: int, wanted: Quaternion) -> None:
    """What an animator does: turn a bone and press I."""
    bpy.context.scene.frame_set(frame)
    armature.pose.bones[BONE].rotation_quaternion = wanted
    armature.pose.bones[BONE].keyframe_insert("rotation_quaternion", frame=frame)


def test_a_correction_layer_changes_nothing_by_itself(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    before = [rotation(armature, frame) for frame in range(8)]
    captured = armature.animation_data.action
    nla_layers.add_corrections(armature)
    assert nla_layers.base_action(armature) == captured
    assert armature.animation_data.action_blend_type == "COMBINE"
    for frame, was in enumerate(before):
        assert degrees_between(rotation(armature, frame), was) == pytest.approx(0, abs=1e-3)


def test_a_correction_survives_cleaning_again(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    nla_layers.add_corrections(armature)
    captured = {frame: rotation(armature, frame) for frame in (2, 4)}
    wanted = captured[4] @ Quaternion((1, 0, 0), np.radians(30))
    correct(armature, 2, captured[2])
    correct(armature, 4, wanted)
    assert degrees_between(rotation(armature, 4), wanted) == pytest.approx(0, abs=1e-2)
    corrections = armature.animation_data.action
    keyed = key_values(corrections, armature)

    rekey(armature, turned(make_capture(), 20))
    assert np.array_equal(key_values(corrections, armature), keyed)
    corrected = {frame: rotation(armature, frame) for frame in (2, 4)}
    corrections_off(armature)
    cleaned = {frame: rotation(armature, frame) for frame in (2, 4)}
    assert degrees_between(cleaned[4], captured[4]) > 10
    assert degrees_between(corrected[2], cleaned[2]) == pytest.approx(0, abs=1e-2)
    change = cleaned[4].inverted() @ corrected[4]
    assert np.degrees(change.angle) == pytest.approx(30, abs=1e-2)
    assert change.axis.x == pytest.approx(1, abs=1e-4)


def corrections_off(armature: bpy.types.Object) -> None:
    armature.animation_data.action_influence = 0


def test_a_correction_that_is_a_strip_of_its_own_survives_too(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture())
    corrections = nla_layers.add_corrections(armature)
    correct(armature, 4, Quaternion((0, 1, 0), 0.7))
    track = armature.animation_data.nla_tracks.new()
    strip = track.strips.new("corrections", 4, corrections)
    strip.blend_type = "COMBINE"
    armature.animation_data.action = None
    rekey(armature, turned(make_capture(), 20))
    assert armature.animation_data.action is None
    assert strip.action == corrections
    assert recleaning.CLEANING in nla_layers.base_action(armature)


@pytest.mark.parametrize("lost", [range(2), range(4, 6)])
def test_keys_stay_on_their_frames_below_corrections(make_capture: MakeCapture, lost: range) -> None:
    def lose(arrays: dict) -> None:
        arrays["state"][:, lost] = State.MISSING
        arrays["pose"][:, lost] = arrays["translation"][:, lost] = np.nan

    armature = right_hand(make_capture())
    expected = [rotation(armature, frame) for frame in range(1, 7)]
    nla_layers.add_corrections(armature)
    rekey(armature, make_capture(lose))
    for index in set(range(6)) - set(lost):
        assert degrees_between(rotation(armature, index + 1), expected[index]) == pytest.approx(0, abs=1e-3)


# Bad spans


@pytest.fixture
def patchy(make_capture: MakeCapture) -> bpy.types.Object:
    """A hand of twelve frames: 3 and 4 replaced, 6 and 7 missing, 8 interpolated, 11 of low confidence."""

    def spoil(arrays: dict) -> None:
        arrays["confidence"][:] = 0.9
        arrays["confidence"][:, 10] = 0.3
        arrays["state"][:, [2, 3]] = State.REPLACED
        arrays["state"][:, [5, 6]] = State.MISSING
        arrays["state"][:, 7] = State.INTERPOLATED
        arrays["pose"][:, [5, 6]] = arrays["translation"][:, [5, 6]] = np.nan

    return right_hand(make_capture(spoil, frames=12))


def test_bad_spans_are_lost_frames_gaps_and_doubt(patchy: bpy.types.Object) -> None:
    assert flagged_spans.flagged_spans(nla_layers.base_action(patchy), 0.6) == [(3, 4), (6, 8), (11, 11)]
    assert flagged_spans.flagged_spans(nla_layers.base_action(patchy), 0.0) == [(3, 4), (6, 8)]


def test_a_perfect_hand_has_no_bad_spans(make_capture: MakeCapture) -> None:
    armature = right_hand(make_capture(lambda arrays: arrays["confidence"].fill(1)))
    assert flagged_spans.flagged_spans(nla_layers.base_action(armature), 0.6) == []


@pytest.mark.usefixtures("registered", "patchy")
def test_jumps_from_span_to_span_and_back() -> None:
    scene = bpy.context.scene
    seen = []
    while bpy.ops.dahyf_hands.jump_to_bad_span() == {"FINISHED"}:
        seen.append(scene.frame_current)
    assert seen == [3, 6, 11]
    seen = []
    while bpy.ops.dahyf_hands.jump_to_bad_span(next=False) == {"FINISHED"}:
        seen.append(scene.frame_current)
    assert seen == [6, 3]


# Ranges


def test_ranges_are_of_the_timeline(make_capture: MakeCapture) -> None:
    def later(arrays: dict) -> None:
        arrays["frame"] += 100
        arrays["time"] += 100 * 1001 / 30000

    capture = make_capture(later)
    assert list(floor_arguments("101:103=0.5, 90:101=1", capture, Timeline())) == [
        "--threshold-override", "100:102=0.5", "--threshold-override", "100:100=1",
    ]  # fmt: skip
    assert list(floor_arguments(" 1:50=.3 ", capture, Timeline())) == []
    assert list(floor_arguments("", capture, Timeline())) == []


@pytest.mark.parametrize("text", ["10-20=0.5", "10:20", "10:20=high", "1:2=0.5 nonsense"])
def test_ranges_that_are_none_are_refused(make_capture: MakeCapture, text: str) -> None:
    with pytest.raises(AddonError, match=r"10:50=0\.3"):
        list(floor_arguments(text, make_capture(), Timeline()))


# The longest gap, which older versions had in frames


def given_gap(settings: dict, capture: Capture) -> float:
    arguments = clean_arguments(settings, capture, Timeline())
    return float(arguments[arguments.index("--max-gap") + 1])


def test_the_gap_is_in_seconds_as_the_core_has_it(make_capture: MakeCapture) -> None:
    settings = {name: getattr(bpy.context.scene.dahyf_hands_clean, name) for name in NAMES}
    assert given_gap(settings, make_capture()) == NUMBERS["max_gap_seconds"].default == 0.5


def test_hands_that_an_older_version_cleaned_keep_their_gap_in_frames(make_capture: MakeCapture) -> None:
    settings = {name: getattr(bpy.context.scene.dahyf_hands_clean, name) for name in NAMES}
    settings.pop("max_gap_seconds")
    capture = make_capture()
    assert given_gap(settings | {"max_gap": 14}, capture) == pytest.approx(15.5 / float(capture.footage.rate), rel=1e-5)


def test_a_script_may_still_set_the_gap_in_frames() -> None:
    clean = bpy.context.scene.dahyf_hands_clean
    bpy.context.scene.render.fps = 25
    clean.max_gap = 11
    assert clean.max_gap_seconds == pytest.approx(0.5)
    assert not clean.is_property_set("max_gap")


def test_the_gap_of_older_files_is_renewed_when_they_are_opened(tmp_path: Path) -> None:
    clean = bpy.context.scene.dahyf_hands_clean
    bpy.context.scene.render.fps = 25
    stored = clean.bl_system_properties_get(do_create=True) if hasattr(clean, "bl_system_properties_get") else clean
    stored["max_gap"] = 23
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "old.blend"))
    for _ in range(2):
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "old.blend"))
        clean = bpy.context.scene.dahyf_hands_clean
        assert clean.max_gap_seconds == pytest.approx(0.98)
        assert not clean.is_property_set("max_gap")
        bpy.ops.wm.save_mainfile()


@pytest.mark.parametrize(("content", "seconds"), [({"max_gap": 11}, 0.5), ({"max_gap": 11, "max_gap_seconds": 2}, 2)])
def test_the_gap_of_older_presets_is_renewed(tmp_path: Path, content: dict, seconds: float) -> None:
    bpy.context.scene.render.fps = 25
    (tmp_path / "old.json").write_text(json.dumps(content))
    settings_presets.load(bpy.context.scene, "clean", tmp_path / "old.json")
    assert bpy.context.scene.dahyf_hands_clean.max_gap_seconds == pytest.approx(seconds)


@pytest.mark.parametrize("gap", [-3, 2.5, "many", True, 10**17])
def test_the_gap_of_older_presets_is_checked(tmp_path: Path, gap: object) -> None:
    (tmp_path / "old.json").write_text(json.dumps({"max_gap": gap}))
    with pytest.raises(AddonError, match="max_gap is"):
        settings_presets.load(bpy.context.scene, "clean", tmp_path / "old.json")


# The operators, with the core itself


def test_the_gap_may_still_be_given_in_frames(hands: Hands) -> None:
    rate = float(recleaning.read_origin(hands()[0]).footage.rate)
    frames = []
    for gap in ({"max_gap": 2}, {"max_gap_seconds": 3.5 / rate}, {"max_gap_seconds": 60}):
        assert bpy.ops.dahyf_hands.clean(threshold=0.5, **gap) == {"FINISHED"}
        frames.append([[point.co.x for point in fcurves_of(hand)[0].keyframe_points] for hand in hands()])
    assert frames[0] == frames[1] != frames[2]


def test_the_panel_s_first_settings_give_what_the_capture_gave(hands: Hands) -> None:
    before = [key_values(hand.animation_data.action, hand) for hand in hands()]
    assert bpy.ops.dahyf_hands.clean() == {"FINISHED"}
    for hand, values in zip(hands(), before, strict=True):
        assert recleaning.CLEANING in hand.animation_data.action
        np.testing.assert_allclose(key_values(hand.animation_data.action, hand), values, atol=1e-6)


def test_arguments_count_before_the_scene_s_settings_and_undo_leaves_nothing(hands: Hands) -> None:
    before = data_blocks()
    bpy.context.scene.dahyf_hands_clean.lost = "open"
    bpy.ops.ed.undo_push(message="settings")
    assert bpy.ops.dahyf_hands.clean("EXEC_DEFAULT", True, wrist_rotation_only=True, floors="1:5=1") == {"FINISHED"}
    for hand in hands():
        location = next(fcurve for fcurve in fcurves_of(hand) if fcurve.data_path.endswith("location"))
        frames = [round(point.co.x) for point in location.keyframe_points]
        assert frames == [6, 7, 8, 9, 10, 15, 16, 17, 18, 19, 20, 37, 38, 39, 40]
        assert np.ptp([point.co.y for point in location.keyframe_points]) == pytest.approx(0, abs=1e-6)
    after = data_blocks()
    assert after["actions"] == before["actions"] + 2
    bpy.ops.ed.undo()
    assert data_blocks() == before
    assert not any(recleaning.CLEANING in action for action in bpy.data.actions)
    bpy.ops.ed.redo()
    assert data_blocks() == after


def test_only_selected_hands_are_cleaned(hands: Hands) -> None:
    right, left = hands()
    left.select_set(False)
    bpy.context.view_layer.objects.active = recleaning.skin_of(right)
    right.select_set(False)
    was = left.animation_data.action
    bpy.ops.dahyf_hands.clean(stillness=0.003)
    assert left.animation_data.action == was
    assert recleaning.CLEANING in right.animation_data.action


def test_a_swapped_hand_gets_a_rig_of_the_other_side_and_can_go_back(hands: Hands) -> None:
    right, left = hands()
    left.select_set(False)
    before, keyed = data_blocks(), key_values(right.animation_data.action, right)
    assert bpy.ops.dahyf_hands.clean(swap=True) == {"FINISHED"}
    swapped, _ = hands()
    assert (swapped["dahyf_side"], swapped.name) == ("left", "clip_hand.L.001")
    assert "wrist.L" in swapped.pose.bones
    assert data_blocks() == before
    assert bpy.context.view_layer.objects.active == swapped
    bpy.ops.dahyf_hands.clean(finger_hz=4)
    assert hands()[0] == swapped, "a hand stays swapped"
    bpy.ops.dahyf_hands.clean(swap=True)
    back, _ = hands()
    assert back["dahyf_side"] == "right"
    np.testing.assert_allclose(key_values(back.animation_data.action, back), keyed, atol=1e-6)


def test_a_dropped_hand_leaves_nothing_and_undo_brings_it_back(hands: Hands) -> None:
    before = data_blocks()
    hands()[1].select_set(False)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.dahyf_hands.drop_hand("EXEC_DEFAULT", True)
    assert len(hands()) == 1
    assert data_blocks() == before | {
        "objects": before["objects"] - 2,
        "actions": before["actions"] - 2,
        "armatures": before["armatures"] - 1,
        "meshes": before["meshes"] - 1,
    }
    bpy.ops.ed.undo()
    assert data_blocks() == before


def test_the_capture_may_move_along_with_the_blend_file(hands: Hands, captured: Path, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    (tmp_path / captured.name).write_bytes(captured.read_bytes())
    for hand in hands():
        hand["dahyf_capture"] = f"//gone/{captured.name}"
    assert recleaning.read_origin(hands()[0]).path == tmp_path / captured.name


def test_another_capture_in_its_place_is_refused(hands: Hands) -> None:
    for hand in hands():
        hand["dahyf_capture_sha256"] = "0"
    before = data_blocks()
    with pytest.raises(RuntimeError, match="is no longer the capture"):
        bpy.ops.dahyf_hands.clean()
    assert data_blocks() == before


def test_a_threshold_above_all_confidence_is_the_core_s_error(hands: Hands) -> None:
    with pytest.raises(RuntimeError, match="above every confidence"):
        bpy.ops.dahyf_hands.clean(floors="1:5=3")


@pytest.mark.usefixtures("registered")
def test_ranges_are_added_and_removed_in_their_order() -> None:
    settings = bpy.context.scene.dahyf_hands_clean
    bpy.ops.dahyf_hands.add_range(start=80, end=90, threshold=1)
    bpy.ops.dahyf_hands.add_range(start=-5, end=50, threshold=0.3)
    bpy.ops.dahyf_hands.add_range(start=80, end=90, threshold=1)
    assert settings.floors == "-5:50=0.3, 80:90=1"
    with pytest.raises(RuntimeError, match="before its start"):
        bpy.ops.dahyf_hands.add_range(start=3, end=2)
    bpy.ops.dahyf_hands.remove_range(number=0)
    assert settings.floors == "80:90=1"
    with pytest.raises(RuntimeError, match="no range 1"):
        bpy.ops.dahyf_hands.remove_range(number=1)


def test_a_range_begins_as_the_bad_span_at_the_playhead(hands: Hands) -> None:
    hands()
    settings = bpy.context.scene.dahyf_hands_clean
    settings.threshold = 1
    bpy.context.scene.frame_set(3)
    start, end = span_at_playhead(bpy.context)
    assert start < 3 < end
    bpy.context.scene.frame_set(end + 100)
    assert span_at_playhead(bpy.context) == (end + 100, end + 100)


@pytest.mark.usefixtures("registered", "core")
def test_without_a_hand_nothing_can_be_cleaned() -> None:
    operators = bpy.ops.dahyf_hands
    assert not any((operators.clean.poll(), operators.drop_hand.poll(), operators.add_correction_layer.poll()))


@pytest.mark.usefixtures("registered")
def test_settings_stay_in_the_file_and_captures_are_relative_to_it(make_capture: MakeCapture, tmp_path: Path) -> None:
    blend = str(tmp_path / "scene.blend")
    bpy.context.scene.dahyf_hands_clean.floors = "1:5=0.3"
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    assert right_hand(make_capture())["dahyf_capture"] == "//clip.hands.npz"
    bpy.ops.wm.open_mainfile(filepath=blend)
    assert bpy.context.scene.dahyf_hands_clean.floors == "1:5=0.3"
