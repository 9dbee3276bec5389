"""Whole tracks that are no hands are left out with a reason, and hands are not."""

import numpy as np
import pytest
from made_up_hands import CAMERA, OPEN_HAND, Hand, left, moving, see, still

from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.tracking import GivenHand, TrackingSettings, assemble_hands, crops_from_joints, given_rows

PERIOD = 1 / 30
SHAKEN = np.random.default_rng(0).normal(0, 60, (300, 2))


def assemble(*tracks, frames=60, given=()):
    """The hands and the sentences about what is left out, of what is followed in these frames."""
    parts = []
    for number, (positions, hand) in enumerate(tracks):
        for position in positions:
            time = position * PERIOD
            crops = crops_from_joints(hand.at(time)[None], [False], CAMERA)
            parts.append(ObservationLog(np.array([position]), np.array([number]), see([hand], time, crops)))
    log = ObservationLog.concatenate(parts, CAMERA).in_order()
    certain = given_rows(given, log.position, log.observations)
    times, settings = PERIOD * np.arange(frames), TrackingSettings()
    found = assemble_hands(log.position, log.track, log.observations, times, settings, certain)
    return [set(log.track[hand.rows].tolist()) for hand in found.hands], [str(each) for each in found.left_out]


def gesture(time):
    return tuple(SHAKEN[round(time * 30)] + (400, 300))


def test_what_the_head_takes_for_something_else_is_left_out_and_named():
    hands, left_out = assemble((range(60), Hand(gesture)), (range(10, 50), Hand(still(900, 300), left, is_hand=0.1)))
    assert hands == [{0}]
    (sentence,) = left_out
    assert "from 0.33 s to 1.63 s" in sentence
    assert "something else than a hand" in sentence


def test_a_network_without_that_head_loses_nothing():
    hands, left_out = assemble((range(60), Hand(gesture)), (range(10, 50), Hand(still(900, 300), left)))
    assert (hands, left_out) == ([{0}, {1}], [])


@pytest.mark.parametrize(("frames", "kept"), [(12, False), (1, True)])
def test_a_single_frame_makes_no_hand_but_in_a_still(frames, kept):
    hands, _ = assemble((range(1), Hand(still(400, 300))), frames=frames)
    assert hands == ([{0}] if kept else [])


def test_slow_footage_says_what_is_seen_once():
    log = [(range(3, 4), Hand(still(400, 300))), (range(30), Hand(still(900, 300), left))]
    parts = []
    for number, (positions, hand) in enumerate(log):
        for position in positions:
            crops = crops_from_joints(hand.at(position)[None], [False], CAMERA)
            parts.append(ObservationLog(np.array([position]), np.array([number]), see([hand], position, crops)))
    log = ObservationLog.concatenate(parts, CAMERA).in_order()
    found = assemble_hands(log.position, log.track, log.observations, np.arange(30.0), TrackingSettings())
    assert [set(log.track[hand.rows].tolist()) for hand in found.hands] == [{1}]
    assert [str(each) for each in found.left_out] == [
        "What was followed at 3.00 s is left out: it is seen in one frame only."
    ]


def test_a_weaker_second_hand_on_a_hand_of_its_side_is_left_out():
    on_it = Hand(lambda time: tuple(np.add(gesture(time), (50, 0))), presence=0.8)
    hands, left_out = assemble((range(60), Hand(gesture)), (range(5, 55), on_it))
    assert hands == [{0}]
    assert ["lies on another hand" in sentence for sentence in left_out] == [True]


def test_clasped_hands_of_both_sides_stay():
    on_it = Hand(lambda time: tuple(np.add(gesture(time), (50, 0))), left, presence=0.8)
    hands, left_out = assemble((range(60), Hand(gesture)), (range(5, 55), on_it))
    assert (hands, left_out) == ([{0}, {1}], [])


def test_a_hand_that_another_passes_stays():
    passing = Hand(moving(100, 300, 600), presence=0.9)
    hands, left_out = assemble((range(60), Hand(still(600, 300))), (range(60), passing))
    assert (sorted(hands, key=min), left_out) == ([{0}, {1}], [])


@pytest.mark.parametrize(
    ("presence", "is_hand", "moves", "stays"),
    [(0.75, 0.7, True, False), (0.95, 0.7, True, True), (0.75, 0.95, True, True), (0.75, 0.7, False, True)],
)
def test_a_weak_thing_that_never_moves_is_left_out_while_another_hand_does(presence, is_hand, moves, stays):
    thing = Hand(still(900, 300), left, presence, OPEN_HAND, is_hand)
    hands, left_out = assemble((range(60), Hand(gesture if moves else still(400, 300))), (range(60), thing))
    assert hands == ([{0}, {1}] if stays else [{0}])
    assert [sentence.endswith("it never moves.") for sentence in left_out] == ([] if stays else [True])


def test_what_somebody_says_is_a_hand_is_one():
    thing = Hand(still(900, 300), left, is_hand=0.1)
    box = (*thing.at(0).min(axis=0), *thing.at(0).max(axis=0))
    tracks = [(range(60), Hand(gesture)), (range(10, 50), thing)]
    assert assemble(*tracks, given=[GivenHand(20, box)]) == ([{0}, {1}], [])
    assert assemble(*tracks, given=[GivenHand(55, box)])[0] == [{0}], "it is not followed in that frame"
