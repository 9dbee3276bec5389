"""Live hands: the same as a capture's, smoothed without looking ahead."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rendered_hands import RATE, hand_picture

import dahyf_core
from dahyf_core.streaming import OneEuro, Stream

WIDTH, HEIGHT = 640, 360


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream(WIDTH, HEIGHT, max_hands=1)


def test_a_hand_is_followed_from_frame_to_frame(stream):
    seen = [stream.look(hand_picture(index, WIDTH, HEIGHT), float(index / RATE)) for index in range(8)]
    assert all(len(hands) == 1 for hands in seen)
    assert len({hands[0].track for hands in seen}) == 1
    hand = seen[-1][0]
    assert hand.side == "right"
    assert hand.confidence > 0.8
    assert hand.pose.shape == (16, 3)
    assert hand.joints_3d.shape == (21, 3)
    joints = np.array([hands[0].joints_3d for hands in seen])
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(axis=1)
    assert steps.max() < 0.03
    assert stream.look(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), 1.0) == []


def test_it_is_part_of_the_package_front():
    assert dahyf_core.Stream is Stream


def test_a_still_value_stays_and_a_first_one_comes_back():
    smooth = OneEuro(1.0, 0.5)
    for frame in range(5):
        np.testing.assert_allclose(smooth([[1.0, 2.0]], frame / 30), [[1.0, 2.0]])


def test_noise_is_reduced_and_fast_motion_hardly_lags():
    random = np.random.default_rng(0)
    times = np.arange(120) / 30
    noisy, smooth = random.normal(0, 0.01, (120, 3)), OneEuro(1.0, 1.0)
    calm = np.array([smooth(value, time) for value, time in zip(noisy, times, strict=True)])
    assert calm[30:].std() < 0.5 * noisy[30:].std()
    assert lag(speed=10.0) < 0.3 * lag(speed=0.1)


def lag(speed: float) -> float:
    """Seconds by which the filter is behind something that moves evenly."""
    smooth = OneEuro(1.0, 1.0)
    behind = [speed * time - smooth([speed * time], time)[0] for time in np.arange(120) / 30]
    return behind[-1] / speed


@given(st.floats(0.1, 10), st.floats(0, 10), st.floats(0.01, 1), st.floats(-5, 5))
def test_the_answer_lies_between_the_old_value_and_the_new(still, gain, elapsed, value):
    smooth = OneEuro(still, gain)
    smooth([0.0], 0.0)
    answer = smooth([value], elapsed)[0]
    assert min(0.0, value) <= answer <= max(0.0, value)
