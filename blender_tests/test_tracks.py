"""Splitting and joining tracks: an edited capture beside the original, and the rigs keyed from it."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from capture_factory import footage
from conftest import Hands, MakeCapture, data_blocks
from numpy.typing import NDArray

from addon.cleaning import recleaning, tracks
from addon.scene import nla_layers
from addon.scene.scene_import import ImportOptions, import_capture
from addon.scene.timing import Timeline

operators = bpy.ops.dahyf_hands


def choose(*rigs: bpy.types.Object) -> None:
    """Select these hands alone, the first one active."""
    for rig in bpy.context.selected_objects:
        rig.select_set(False)
    for rig in rigs:
        rig.select_set(True)
    bpy.context.view_layer.objects.active = rigs[0]


def split_at(frame: int, rig: bpy.types.Object) -> None:
    choose(rig)
    bpy.context.scene.frame_set(frame)
    bpy.ops.ed.undo_push(message="before")
    assert operators.split_here("EXEC_DEFAULT", True) == {"FINISHED"}


def join(*rigs: bpy.types.Object) -> None:
    choose(*rigs)
    bpy.ops.ed.undo_push(message="before")
    assert operators.join_hands("EXEC_DEFAULT", True) == {"FINISHED"}


def keyed_frames(rig: bpy.types.Object) -> list[int]:
    """The frames with a pose."""
    curve = nla_layers.confidence_curve(nla_layers.base_action(rig))
    return [round(point.co.x) for point in curve.keyframe_points]


def values(rig: bpy.types.Object) -> NDArray:
    return np.array([[point.co[:] for point in fcurve.keyframe_points] for fcurve in fcurves_of(rig)])


SEEN = [*range(1, 21), *range(37, 41)]


# Split


def test_a_split_hand_goes_on_as_another_one(hands: Hands, captured: Path) -> None:
    original = captured.read_bytes()
    before, left = data_blocks(), hands()[1].animation_data.action
    split_at(9, hands()[0])
    first, other, later = hands()
    assert keyed_frames(first) == list(range(1, 9))
    assert keyed_frames(later) == [frame for frame in SEEN if frame >= 9]
    assert (later["dahyf_side"], later.name, later.parent) == ("right", "clip_hand.R.001", first.parent)
    np.testing.assert_allclose(later.matrix_basis, first.matrix_basis, atol=1e-6)
    assert bpy.context.selected_objects == [later] == [bpy.context.view_layer.objects.active]
    assert other.animation_data.action == left, "only the split hand gets new keys"
    assert data_blocks() == before | {
        "objects": before["objects"] + 2,
        "armatures": before["armatures"] + 1,
        "meshes": before["meshes"] + 1,
        "actions": before["actions"] + 3,  # two that are keyed anew, and the new skin's visibility
    }
    edited = captured.with_name("clip.tracks.hands.npz")
    assert [recleaning.read_origin(rig).path for rig in hands()] == [edited] * 3
    assert captured.read_bytes() == original


def test_the_skins_take_turns(hands: Hands) -> None:
    split_at(9, hands()[0])
    first, _, later = map(recleaning.skin_of, hands())
    hidden = []
    for frame in (8, 9, 30, 40):
        bpy.context.scene.frame_set(frame)
        hidden.append((first.hide_render, later.hide_render))
    assert hidden == [(False, True), (True, False), (True, True), (True, False)]


def test_undo_takes_a_split_back_in_one_step(hands: Hands, captured: Path) -> None:
    before = data_blocks()
    split_at(9, hands()[0])
    after = data_blocks()
    bpy.ops.ed.undo()
    assert data_blocks() == before
    assert [recleaning.read_origin(rig).path for rig in hands()] == [captured] * 2
    bpy.ops.ed.redo()
    assert data_blocks() == after
    assert len(hands()) == 3


def test_every_edit_is_a_file_of_its_own(hands: Hands, captured: Path) -> None:
    split_at(9, hands()[0])
    split_at(9, hands()[1])
    assert sorted(path.name for path in captured.parent.glob("*.npz")) == [
        "clip.hands.npz", "clip.tracks.hands.npz", "clip.tracks2.hands.npz",
    ]  # fmt: skip
    assert [rig["dahyf_hand"] for rig in hands()] == [0, 1, 2, 3]
    assert {recleaning.read_origin(rig).path.name for rig in hands()} == {"clip.tracks2.hands.npz"}


def test_a_file_can_be_named_but_not_overwritten(hands: Hands, captured: Path) -> None:
    bpy.context.scene.frame_set(9)
    with pytest.raises(RuntimeError, match="exists already"):
        operators.split_here(filepath=str(captured))
    named = captured.with_name("other.npz")
    operators.split_here(filepath=str(named))
    assert recleaning.read_origin(hands()[2]).path == named


def test_edited_names_do_not_grow(tmp_path: Path) -> None:
    for _ in range(3):
        edited = tracks.edited_path(tmp_path / "clip.tracks2.hands.npz")
        edited.touch()
    assert edited.name == "clip.tracks3.hands.npz"
    assert tracks.edited_path(tmp_path / "shot.v2.npz").name == "shot.v2.tracks.hands.npz"


def test_a_hand_keeps_its_cleaning_its_corrections_and_its_side(hands: Hands) -> None:
    right = hands()[0]
    choose(right)
    operators.clean(wrist_rotation_only=True, swap=True)
    corrections = nla_layers.add_corrections(hands()[0])
    split_at(9, hands()[0])
    first, _, later = hands()
    assert first.animation_data.action == corrections
    assert keyed_frames(first) == list(range(1, 9))
    for rig in (first, later):
        assert (rig["dahyf_side"], recleaning.read_origin(rig).hands[rig["dahyf_hand"]].side) == ("left", "left")
        assert tracks.cleaning_of(rig)["wrist_rotation_only"]
    location = next(fcurve for fcurve in fcurves_of(later) if fcurve.data_path.endswith("location"))
    assert np.ptp([point.co.y for point in location.keyframe_points]) == pytest.approx(0, abs=1e-6)
    choose(later)
    operators.clean()
    assert hands()[2] == later, "it is of its side in the edited capture"


def test_a_hand_can_be_split_in_pose_mode(hands: Hands) -> None:
    choose(hands()[0])
    bpy.ops.object.mode_set(mode="POSE")
    bpy.context.scene.frame_set(9)
    operators.split_here()
    assert len(hands()) == 3


# Join


def test_joined_again_all_is_as_it_was(hands: Hands) -> None:
    operators.clean()
    before, blocks = [values(rig) for rig in hands()], data_blocks()
    split_at(9, hands()[0])
    join(hands()[0], hands()[2])
    assert data_blocks() == blocks
    assert [rig["dahyf_hand"] for rig in hands()] == [0, 1]
    for rig, was in zip(hands(), before, strict=True):
        np.testing.assert_allclose(values(rig), was, atol=1e-6)


def test_numbers_close_up_and_undo_opens_them_again(hands: Hands) -> None:
    operators.clean(spike=0)
    split_at(9, hands()[1])
    before, (right, left, later) = data_blocks(), hands()
    names = right.name, left.name, later.name
    join(later, right)
    assert {rig.name: rig["dahyf_hand"] for rig in hands()} == {left.name: 0, later.name: 1}
    assert keyed_frames(later) == SEEN
    assert [recleaning.read_origin(rig).hands[rig["dahyf_hand"]].side for rig in hands()] == ["left", "left"]
    bpy.ops.ed.undo()
    assert data_blocks() == before
    assert tuple(rig.name for rig in hands()) == names


def test_several_hands_are_joined_at_once(hands: Hands) -> None:
    split_at(9, hands()[0])
    split_at(18, hands()[2])
    right, left, *later = hands()
    join(right, *later)
    assert hands() == [right, left]
    assert keyed_frames(right) == SEEN


def test_hands_that_changed_places_are_put_right(hands: Hands) -> None:
    operators.clean(spike=0)
    names = [rig.name for rig in hands()]
    for index in (0, 1):
        split_at(9, hands()[index])
    right, left, later_right, later_left = hands()
    join(right, later_left)
    join(left, later_right)
    assert [rig.name for rig in hands()] == names
    assert [keyed_frames(rig) for rig in hands()] == [SEEN] * 2


def test_a_hand_of_the_other_side_is_joined_on_the_side_of_the_active_one(hands: Hands) -> None:
    choose(hands()[0])
    operators.clean(swap=True)
    swapped, left = hands()
    join(swapped, left)
    assert hands() == [swapped]
    assert recleaning.read_origin(swapped).hands[0].side == swapped["dahyf_side"] == "left"


def test_what_somebody_edited_of_a_joined_hand_stays_in_the_file(hands: Hands) -> None:
    right, left = hands()
    edited = left.animation_data.action
    fcurves_of(left)[0].keyframe_points[2].co.y += 0.1
    join(right, left)
    assert edited.use_fake_user
    assert edited.users == 1


# What cannot be


def test_a_hand_is_split_only_where_it_is_seen_on_both_sides(hands: Hands) -> None:
    choose(hands()[0])
    possible = []
    for frame in (0, 1, 2, 30, 40, 41):
        bpy.context.scene.frame_set(frame)
        possible.append(operators.split_here.poll())
    assert possible == [False, False, True, True, True, False]
    assert "both before and after this frame" in tracks.split_obstacle(hands()[0], 1)


def test_joining_takes_two_hands_of_one_import(hands: Hands, captured: Path) -> None:
    right, left = hands()
    choose(right)
    assert not operators.join_hands.poll()
    choose(right, recleaning.skin_of(left))
    assert operators.join_hands.poll()
    operators.import_capture(filepath=str(captured))
    again = next(rig for rig in hands() if rig not in (right, left) and rig["dahyf_hand"] == 1)
    choose(right, again)
    assert not operators.join_hands.poll()


def test_another_import_of_the_same_capture_stays_with_it(hands: Hands, captured: Path) -> None:
    first = hands()
    operators.import_capture(filepath=str(captured))
    split_at(9, first[0])
    others = [rig for rig in hands() if rig.parent != first[0].parent]
    assert [recleaning.read_origin(rig).path for rig in others] == [captured] * 2
    assert [keyed_frames(rig) for rig in others] == [SEEN] * 2


def test_a_hand_that_was_dropped_stays_away(hands: Hands) -> None:
    choose(hands()[0])
    operators.drop_hand()
    split_at(9, hands()[0])
    assert [rig["dahyf_hand"] for rig in hands()] == [1, 2]
    assert [rig["dahyf_side"] for rig in hands()] == ["left", "left"]


@pytest.mark.usefixtures("registered", "core")
def test_without_a_hand_there_is_nothing_to_split_or_join() -> None:
    assert not any((operators.split_here.poll(), operators.join_hands.poll()))


# Frames


def test_a_split_lies_on_the_footage_s_own_frames(make_capture: MakeCapture) -> None:
    def later(arrays: dict) -> None:
        arrays["frame"] += 100
        arrays["time"] += 100 * 1001 / 30000

    capture = make_capture(later)
    assert [tracks.footage_frame(capture, frame, Timeline()) for frame in (101, 103, 103.4, 200)] == [
        100,
        102,
        103,
        106,
    ]
    assert tracks.footage_frame(capture, 1013, Timeline(1001 - 90)) == 102


def test_a_split_between_frames_is_on_the_picture_that_is_shown_there(make_capture: MakeCapture) -> None:
    def uneven(arrays: dict) -> None:
        arrays["time"][:] = np.array([0, 0.6, 2.1, 3.4, 4.2, 5]) * 1001 / 30000

    capture = make_capture(uneven, footage=footage(constant_rate=False))
    rig = import_capture(bpy.context, capture, ImportOptions()).rigs[0].armature
    bpy.context.scene.frame_set(4, subframe=0.4)
    assert tracks.footage_frame(capture, bpy.context.scene.frame_current_final, recleaning.timeline_of(rig)) == 3
    assert tracks.split_obstacle(rig, bpy.context.scene.frame_current_final) is None
