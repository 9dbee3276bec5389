"""Which hand is which: sides swapped, tracks split, joined and dropped."""

import numpy as np
import pytest
from capture_factory import default_intrinsics, make_motion, make_raw_hand

from dahyf_core.camera import Intrinsics
from dahyf_core.cleaning import CleaningSettings, TrackEdits, clean, edit_tracks
from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import load_hand_model

INTRINSICS = default_intrinsics()
FRAMES = np.arange(100, 160)
TIMES = np.arange(60) / 30


@pytest.fixture(scope="module")
def models():
    return {side: load_hand_model(side=side) for side in ("left", "right")}


def hand_of(models, side, intrinsics=INTRINSICS, away=1.0, **lost):
    """A perfectly seen hand, `away` times as far from the camera as usual."""
    pose, translation = make_motion(side, TIMES)
    return make_raw_hand(models[side], pose, translation * (1, 1, away), intrinsics, **lost)


def edit(hands, models, **edits):
    return edit_tracks(hands, FRAMES, TrackEdits(**edits), models, INTRINSICS)


def seen_frames(hand):
    return FRAMES[hand.seen].tolist()


def assert_same_hand(first, second, atol=1e-9):
    assert first.side == second.side
    for name, value in vars(first).items():
        if name != "side":
            np.testing.assert_allclose(getattr(second, name), value, atol=atol, err_msg=name)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_swapped_hand_is_of_the_other_side_and_looks_the_same_from_afar(models, side):
    long_lens = Intrinsics(14_000, 14_000, 640, 360, 1280, 720)
    hand = hand_of(models, side, long_lens, away=10.0, unseen=[3, 4])
    (swapped,) = edit_tracks([hand], FRAMES, TrackEdits(swap=(0,)), models, long_lens)
    assert swapped.side != side
    assert seen_frames(swapped) == seen_frames(hand)
    off = np.linalg.norm(swapped.joints_2d_projected - hand.joints_2d, axis=-1)
    assert np.nanmax(off) < 3.0
    before, after = depths(models, hand), depths(models, swapped)
    np.testing.assert_allclose(after.mean(axis=1), before.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(after + before, 2 * before.mean(axis=1, keepdims=True) + np.zeros(21), atol=2e-3)


def depths(models, hand):
    """(T, 21) of the seen keypoints along the view to their middle, m."""
    model, seen = models[hand.side], hand.seen
    points = model.keypoints(model.skeleton(hand.pose[seen], hand.shape[seen], hand.translation[seen]), "mediapipe")
    view = points.mean(axis=1)
    return np.einsum("tkj,tj->tk", points, view / np.linalg.norm(view, axis=-1, keepdims=True))


def test_fingers_of_a_swapped_hand_bend_as_much(models):
    hand = hand_of(models, "right")
    (swapped,) = edit([hand], models, swap=(0,))
    np.testing.assert_allclose(swapped.pose[:, 1:], hand.pose[:, 1:] * (1, -1, -1))


def test_swapping_twice_changes_nothing(models):
    hand = hand_of(models, "left", unseen=[0])
    (swapped,) = edit([hand], models, swap=(0, 0))
    assert_same_hand(hand, swapped)


def test_a_swapped_hand_stays_on_the_footage_when_cleaned(models):
    hand = hand_of(models, "right")
    (swapped,) = edit([hand], models, swap=(0,))
    cleaned = clean(swapped, TIMES, CleaningSettings(), models["left"], INTRINSICS)
    assert np.linalg.norm(cleaned.joints_2d - hand.joints_2d, axis=-1).mean() < 10


def test_split_and_join_undo_each_other(models):
    hand = hand_of(models, "right", unseen=[10])
    earlier, later = edit([hand], models, split=((0, 130),))
    assert seen_frames(earlier) == [frame for frame in range(100, 130) if frame != 110]
    assert seen_frames(later) == list(range(130, 160))
    (joined,) = edit([earlier, later], models, join=((0, 1),))
    assert_same_hand(hand, joined)


def test_hands_that_changed_places_are_put_right(models):
    right, left = hand_of(models, "right"), hand_of(models, "left")
    crossed = edit([right, left], models, split=((0, 130), (1, 130)))
    first, second = edit([right, left], models, split=((0, 130), (1, 130)), join=((0, 3), (1, 2)))
    assert [hand.side for hand in crossed] == ["right", "left", "right", "left"]
    assert (first.side, second.side) == ("right", "left")
    np.testing.assert_array_equal(first.joints_2d[30:], left.joints_2d[30:])
    np.testing.assert_array_equal(second.joints_2d[30:], right.joints_2d[30:])


def test_joining_keeps_the_more_confident_estimate(models):
    sure = hand_of(models, "right", unconfident=range(20, 30))
    other = hand_of(models, "right", unseen=range(5, 25))
    other.pose[:] += 0.1
    other.confidence[:] -= 0.05
    (joined,) = edit([sure, other], models, join=((0, 1),))
    taken = np.flatnonzero(joined.pose[:, 0, 0] != sure.pose[:, 0, 0])
    assert taken.tolist() == [25, 26, 27, 28, 29]


def test_the_rest_keeps_its_order_when_a_hand_is_dropped(models):
    hands = [hand_of(models, side) for side in ("right", "left", "right")]
    assert edit(hands, models, drop=(1,)) == [hands[0], hands[2]]
    assert edit(hands, models, drop=(0, 1, 2)) == []
    assert edit(hands, models) == hands


@pytest.mark.parametrize(
    "wrong",
    [
        {"drop": (2,)},
        {"swap": (-1,)},
        {"join": ((0, 0),)},
        {"join": ((0, 1),), "drop": (1,)},
        {"split": ((0, 100),)},
        {"split": ((0, 500),)},
    ],
    ids=str,
)
def test_edits_that_cannot_be_are_refused(models, wrong):
    hands = [hand_of(models, "right"), hand_of(models, "left")]
    with pytest.raises(SettingsError, match=r"hand|Hand"):
        edit(hands, models, **wrong)
