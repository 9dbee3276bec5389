"""Gate and smoothing: filters, filling, spikes, and whole hands."""

from dataclasses import replace

import numpy as np
import pytest
from capture_factory import default_intrinsics, make_motion, make_raw_hand
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import make_smoothing_spline
from scipy.spatial.transform import Rotation

from dahyf_core.cleaning import CleaningSettings, State, ThresholdOverride, clean
from dahyf_core.cleaning.filling import plan_filling
from dahyf_core.cleaning.gate import judge_jumps
from dahyf_core.cleaning.shape import clip_shape
from dahyf_core.cleaning.smoothing import find_runs, smooth, smooth_rotations
from dahyf_core.errors import SettingsError
from dahyf_core.geometry import (
    angle_between,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    quaternion_from_axis_angle,
)
from dahyf_core.hand_model import load_hand_model

INTRINSICS = default_intrinsics()
NO_SMOOTHING = {"wrist_position_hz": 0, "wrist_depth_hz": 0, "wrist_rotation_hz": 0, "finger_hz": 0}


@pytest.fixture(scope="module")
def model():
    return load_hand_model()


def gain(before, after, times, hertz):
    """Complex gain of a sine, from the middle half of the clip."""
    middle = slice(len(times) // 4, -len(times) // 4)
    wave = np.exp(-2j * np.pi * hertz * times)[middle]
    return (after[middle] * wave).sum() / (before[middle] * wave).sum()


def uneven_times(rng, frames=900, rate=60.0, dropped=0.3):
    """Times of a camera that jitters by a fifth of a frame and drops frames."""
    times = (np.arange(frames) + rng.uniform(-0.2, 0.2, frames)) / rate
    return times[rng.random(frames) > dropped]


# Filters


@pytest.mark.parametrize("rate", [24, 30, 60, 120])
@pytest.mark.parametrize("cutoff", [1.0, 3.0, 6.0])
def test_the_cutoff_is_where_the_settings_say(rate, cutoff):
    times = np.arange(0, 20, 1 / rate)
    for hertz, expected in ((cutoff / 4, 0.998), (cutoff / 2, 0.975), (cutoff, np.sqrt(0.5))):
        wave = np.sin(2 * np.pi * hertz * times + 0.4)
        response = gain(wave, smooth(wave[:, None], times, cutoff)[:, 0], times, hertz)
        assert abs(response) == pytest.approx(expected, abs=0.01)
        assert np.angle(response) == pytest.approx(0, abs=1e-3)


def test_noise_far_above_the_cutoff_is_gone():
    times = np.arange(0, 10, 1 / 60)
    wave = np.sin(2 * np.pi * 20 * times)
    assert abs(gain(wave, smooth(wave[:, None], times, 4.0)[:, 0], times, 20)) < 0.01


def test_cutoff_and_phase_hold_at_uneven_times():
    times = uneven_times(np.random.default_rng(1))
    wave = np.sin(2 * np.pi * 3 * times)
    smoothed = smooth(wave[:, None], times, 3.0)[:, 0]
    columns = np.stack([np.sin(2 * np.pi * 3 * times), np.cos(2 * np.pi * 3 * times)], axis=1)
    in_phase, out_of_phase = np.linalg.lstsq(columns, smoothed)[0]
    assert in_phase == pytest.approx(np.sqrt(0.5), abs=0.02)
    assert out_of_phase == pytest.approx(0, abs=0.02)


def test_a_pulse_spreads_evenly_to_both_sides():
    times = np.arange(101) / 30
    pulse = np.zeros((101, 1))
    pulse[50] = 1
    smoothed = smooth(pulse, times, 4.0)
    np.testing.assert_allclose(smoothed, smoothed[::-1], atol=1e-12)
    assert smoothed.argmax() == 50


@given(st.integers(5, 60), st.floats(0.1, 50), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_steady_motion_passes_unchanged_to_the_very_ends(frames, cutoff, seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.005, 0.1, frames))
    line = rng.normal(size=3) + times[:, None] * rng.normal(size=3)
    np.testing.assert_allclose(smooth(line, times, cutoff), line, atol=1e-6)


@given(st.integers(5, 200), st.floats(0.5, 100), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_the_filter_is_the_smoothing_spline(frames, cutoff, seed):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.005, 0.1, frames))
    values = rng.normal(size=(frames, 3, 2))
    stiffness = (np.sqrt(2) - 1) / (2 * np.pi * cutoff) ** 4
    spline = make_smoothing_spline(times, values, np.gradient(times) * [0.5, *[1] * (frames - 2), 0.5], stiffness)
    np.testing.assert_allclose(smooth(values, times, cutoff), spline(times), atol=1e-9)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_short_runs_stay_as_they_are(frames):
    values = np.random.default_rng(0).normal(size=(frames, 3))
    np.testing.assert_array_equal(smooth(values, np.arange(frames) / 30, 1.0), values)
    np.testing.assert_array_equal(smooth_rotations(values, np.arange(frames) / 30, 1.0), values)


def test_zero_hertz_is_off():
    values = np.random.default_rng(0).normal(size=(50, 3))
    times = np.arange(50) / 30
    np.testing.assert_array_equal(smooth(values, times, 0), values)
    np.testing.assert_array_equal(smooth_rotations(values, times, 0), values)


def test_rotations_have_the_same_cutoff():
    times = np.arange(0, 10, 1 / 30)
    axis = np.array([0.6, 0.0, 0.8])
    base = matrix_from_axis_angle([0.5, -2.0, 0.3])
    angle = 0.5 * np.sin(2 * np.pi * 4 * times)
    raw = axis_angle_from_matrix(base @ matrix_from_axis_angle(angle[:, None] * axis))
    relative = base.T @ matrix_from_axis_angle(smooth_rotations(raw, times, 4.0))
    response = gain(angle, axis_angle_from_matrix(relative) @ axis, times, 4)
    assert abs(response) == pytest.approx(np.sqrt(0.5), abs=0.01)
    assert np.angle(response) == pytest.approx(0, abs=1e-3)


def test_rotations_pass_through_half_turns_without_a_jolt():
    times = np.arange(90) / 30
    angle = 2 * np.pi * times
    raw = axis_angle_from_matrix(matrix_from_axis_angle(angle[:, None] * [0.0, 1.0, 0.0]))
    smoothed = matrix_from_axis_angle(smooth_rotations(raw, times, 5.0))
    steps = angle_between(smoothed[:-1], smoothed[1:])
    np.testing.assert_allclose(steps[5:-5], 2 * np.pi / 30, rtol=1e-3)


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_smoothing_does_not_depend_on_the_camera(turn, seed):
    times = np.arange(30) / 30
    noise = np.random.default_rng(seed).normal(size=(30, 3)) * 0.2
    camera = matrix_from_axis_angle(turn)
    here = matrix_from_axis_angle(smooth_rotations(noise, times, 4.0))
    turned = axis_angle_from_matrix(camera @ matrix_from_axis_angle(noise))
    there = matrix_from_axis_angle(smooth_rotations(turned, times, 4.0))
    np.testing.assert_allclose(camera @ here, there, atol=1e-8)


def test_runs_end_at_open_frames_and_at_jumps_in_time():
    filled = np.array([0, 1, 1, 0, 1, 1, 1, 0], dtype=bool)
    times = np.array([0, 1, 2, 3, 4, 5, 90, 91]) / 30
    assert find_runs(filled, times) == [slice(1, 3), slice(4, 6), slice(6, 7)]
    assert find_runs(np.zeros(3, dtype=bool), np.arange(3.0)) == []


# Filling


def plan(pattern, lost, rate=10.0, **kwargs):
    """`pattern`: one letter a frame: c confident, u unconfident, - unseen."""
    letters = np.array(list(pattern))
    times = np.arange(len(letters)) / rate
    return plan_filling(letters != "-", letters == "c", times, CleaningSettings(lost=lost, **kwargs))


def states(plan_of_frames):
    return "".join("-ori"[state] for state in plan_of_frames.state)


def test_hold_replaces_what_was_seen_without_confidence():
    held = plan("u-cu-uucu", "hold")
    assert states(held) == "--or-rror"
    values = held.vectors(np.arange(9.0)[:, None])[:, 0]
    np.testing.assert_array_equal(values, [np.nan, np.nan, 2, 2, np.nan, 2, 2, 7, 7])


def test_interpolate_bridges_short_gaps_only():
    bridged = plan("u-cu-cuuuuuc-", "interpolate", max_gap_seconds=0.5)
    assert states(bridged) == "--oiio-----o-"
    np.testing.assert_allclose(bridged.vectors(np.arange(13.0)[:, None] ** 2)[2:6, 0], [4, 11, 18, 25])


def test_open_leaves_lost_frames_without_values():
    assert states(plan("cu-c", "open")) == "o--o"


def test_interpolation_follows_the_time_stamps():
    times = np.array([0.0, 0.1, 0.4])
    confident = np.array([True, False, True])
    bridged = plan_filling(confident, confident, times, CleaningSettings())
    assert bridged.vectors(np.array([[0.0], [0.0], [4.0]]))[1, 0] == pytest.approx(1.0)


def test_rotations_are_interpolated_on_the_shortest_arc():
    bridged = plan("cu-c", "interpolate")
    pose = np.full((4, 2, 3), np.nan)
    pose[0] = [[0, 0, 3.0], [0.2, 0, 0]]
    pose[3] = [[0, 0, -3.0], [0.5, 0, 0]]
    filled = matrix_from_axis_angle(bridged.rotations(pose))
    np.testing.assert_allclose(angle_between(filled[:-1, 0], filled[1:, 0]), (2 * np.pi - 6) / 3)
    np.testing.assert_allclose(angle_between(filled[:-1, 1], filled[1:, 1]), 0.1)


# Spikes


def wave_pose(rate, hertz=0.5, seconds=2.0, degrees=30.0):
    times = np.arange(0, seconds, 1 / rate)
    pose = np.zeros((len(times), 16, 3))
    pose[:, :, 2] = np.radians(degrees) * np.sin(2 * np.pi * hertz * times)[:, None]
    return pose, times


def spikes(pose, times, seconds=0.25):
    return np.flatnonzero(~judge_jumps(pose, times, np.ones(len(times), dtype=bool), seconds).believed).tolist()


@pytest.mark.parametrize("bone", [0, 7])
@pytest.mark.parametrize("frames", [[20], [20, 21, 22], [20, 25], [20, 22, 24, 26]])
def test_jumps_and_returns_are_spikes(bone, frames):
    pose, times = wave_pose(30)
    pose[frames, bone, 0] += np.radians(100)
    assert spikes(pose, times) == frames


def test_different_errors_in_a_row_are_one_spike():
    pose, times = wave_pose(30)
    pose[20, 0, 0], pose[21, 0, 1], pose[22, 3, 0] = 2.0, -2.0, 1.5
    assert spikes(pose, times) == [20, 21, 22]


def test_a_change_that_stays_is_no_spike():
    pose, times = wave_pose(30)
    pose[30:, 0, 0] += np.radians(100)
    assert spikes(pose, times) == []


@pytest.mark.parametrize("frames", [[0], [0, 1, 2], [58, 59]])
def test_hands_that_jump_as_they_come_or_go_are_believed_later_or_earlier(frames):
    pose, times = wave_pose(30)
    pose, times = pose[:60], times[:60]
    pose[frames, 0, 0] += np.radians(100)
    assert spikes(pose, times) == frames


def test_wild_starts_after_a_loss_are_spikes():
    pose, times = wave_pose(30)
    pose[30:33, 0, 0] += np.radians(100)
    seen = np.ones(len(times), dtype=bool)
    seen[10:30] = False
    assert np.flatnonzero(seen & ~judge_jumps(pose, times, seen, 0.25).believed).tolist() == [30, 31, 32]


def test_spike_removal_can_be_switched_off():
    pose, times = wave_pose(30)
    pose[20, 0, 0] += 2.0
    assert spikes(pose, times, seconds=0) == []


def test_fast_cameras_show_smaller_jumps():
    pose, times = wave_pose(120)
    pose[20, 4, 0] += np.radians(40)
    assert spikes(pose, times) == [20]


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_fast_tapping_is_no_spike(rate):
    pose, times = wave_pose(rate, hertz=5.0, degrees=45.0)
    assert spikes(pose, times) == []


def turning(rate, runs):
    """Runs of frames, at most twelve, each turned by at least 120 degrees against every other one."""
    apart = Rotation.create_group("T").as_rotvec()
    pose = np.zeros((sum(runs), 16, 3))
    for number, rows in enumerate(np.split(np.arange(len(pose)), np.cumsum(runs)[:-1])):
        pose[rows, 0] = apart[number]
    return pose, np.arange(len(pose)) / rate


@pytest.mark.parametrize("runs", [[1, 4, 1, 2, 60], [3, 3, 3, 3, 60], [1, 1, 1, 1, 1, 1, 1, 60], [7, 60]])
@pytest.mark.parametrize("backwards", [False, True])
def test_a_fast_start_or_end_is_not_taken_run_by_run(runs, backwards):
    pose, times = turning(30, runs[::-1] if backwards else runs)
    trust = judge_jumps(pose, times, np.ones(len(times), dtype=bool), 0.25)
    lost = np.flatnonzero(~trust.believed)
    assert len(lost) / 30 <= 0.125
    kept_short = sum(runs[:-1]) - len(lost)
    assert trust.doubtful.sum() == kept_short
    assert not trust.doubtful[: 60 if backwards else 0].any()


def test_of_two_runs_the_longer_is_believed():
    pose, times = turning(30, [7, 1])
    assert spikes(pose, times) == [7]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=12), st.integers(0, 2**32 - 1), st.sampled_from([24, 30, 60]))
@settings(max_examples=60, deadline=None)
def test_no_start_or_end_loses_more_than_a_spike_and_no_appearance_all(runs, seed, rate):
    rng = np.random.default_rng(seed)
    pose = np.repeat(rng.normal(size=(len(runs), 16, 3)), runs, axis=0)
    times = np.arange(len(pose)) / rate + 0.4 * np.cumsum(rng.random(len(pose)) < 0.05)
    trust = judge_jumps(pose, times, np.ones(len(pose), dtype=bool), 0.25)
    assert not (trust.doubtful & ~trust.believed).any()
    for rows in np.split(np.arange(len(pose)), np.flatnonzero(np.diff(times) > 0.25) + 1):
        believed = rows[trust.believed[rows]]
        assert times[believed[0]] - times[rows[0]] <= 0.25
        assert times[rows[-1]] - times[believed[-1]] <= 0.25
        assert (np.diff(times[believed]) <= 0.25 + 1e-9).all()


def test_frames_in_doubt_are_keyed_and_flagged(model):
    raw, times = moving_hand(model)
    sudden = replace(raw, pose=raw.pose.copy())
    sudden.pose[:7, 0] += [0, 2.0, 0]
    cleaned = clean(sudden, times, CleaningSettings(), model, INTRINSICS)
    assert (cleaned.state == State.OBSERVED).all()
    assert (cleaned.confidence[:7] < CleaningSettings().threshold).all()
    np.testing.assert_allclose(cleaned.confidence[7:], raw.confidence[7:])


# Shape


def test_shape_ignores_outliers_and_doubt():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=10)
    shapes = truth + rng.normal(size=(300, 10)) * 0.05
    confidence = rng.uniform(0.6, 1.0, 300)
    shapes[:20] += 8.0
    shapes[60:260] -= 3.0
    confidence[60:260] = 0.01
    np.testing.assert_allclose(clip_shape(shapes, confidence), truth, atol=0.05)


def test_shape_of_nothing_is_the_mean_hand():
    np.testing.assert_array_equal(clip_shape(np.zeros((0, 10)), np.zeros(0)), np.zeros(10))


# Stillness

RADIUS = 0.003


def resting_hand(model, seconds=2.0, path=(0.2, 0.0, 0.0), millimetres=0.5):
    """A hand that trembles, but rests from 1 s on for some seconds, before and after which it moves along `path`."""
    times = np.arange(int(30 * (seconds + 2))) / 30
    pose, translation = make_motion("right", np.zeros_like(times))
    travelled = np.clip(times - 1, None, 0) + np.clip(times - 1 - seconds, 0, None)
    translation += travelled[:, None] * path
    translation += 1e-3 * millimetres * np.random.default_rng(0).normal(size=translation.shape)
    return make_raw_hand(model, pose, translation, INTRINSICS), times


def speed(values, times):
    """(T - 1,) of the fastest joint, m/s."""
    return np.linalg.norm(np.diff(values, axis=0), axis=-1).max(axis=-1) / np.diff(times)


def test_a_resting_hand_is_held_and_a_moving_one_is_not(model):
    raw, times = resting_hand(model)
    locked, free = (
        clean(raw, times, CleaningSettings(stillness=stillness), model, INTRINSICS) for stillness in (RADIUS, 0)
    )
    resting = (times > 1.25) & (times < 2.75)
    assert speed(free.joints_3d[resting], times[resting]).mean() > 1e-3
    np.testing.assert_allclose(speed(locked.joints_3d[resting], times[resting]), 0, atol=1e-9)
    moving = (times < 0.9) | (times > 3.1)
    np.testing.assert_array_equal(locked.pose[moving], free.pose[moving])
    np.testing.assert_array_equal(locked.translation[moving], free.translation[moving])
    assert np.linalg.norm(locked.joints_3d - free.joints_3d, axis=-1).max() < 2.5 * RADIUS


def test_a_hand_comes_to_rest_and_leaves_without_a_jolt(model):
    raw, times = resting_hand(model)
    locked = clean(raw, times, CleaningSettings(stillness=RADIUS), model, INTRINSICS)
    assert speed(locked.joints_3d, times).max() < 0.25


def test_a_hand_that_rests_throughout_does_not_move_at_all(model):
    raw, times = resting_hand(model, path=(0.0, 0.0, 0.0))
    locked = clean(raw, times, CleaningSettings(stillness=RADIUS), model, INTRINSICS)
    np.testing.assert_allclose(locked.joints_3d - locked.joints_3d[0], 0, atol=1e-9)


@pytest.mark.parametrize("path", [(0.05, 0.0, 0.0), (0.0, 0.0, 0.2)])
def test_slow_motion_is_no_rest_and_neither_is_motion_in_depth(model, path):
    raw, times = resting_hand(model, seconds=0.0, path=path, millimetres=0.0)
    locked, free = (
        clean(raw, times, CleaningSettings(stillness=stillness), model, INTRINSICS) for stillness in (RADIUS, 0)
    )
    np.testing.assert_array_equal(locked.joints_3d, free.joints_3d)


def test_a_moving_finger_keeps_the_hand_free(model):
    raw, times = resting_hand(model, path=(0.0, 0.0, 0.0), millimetres=0.0)
    pose = raw.pose.copy()
    pose[:, 1, 2] = 0.5 * np.sin(2 * np.pi * times)
    locked = clean(replace(raw, pose=pose), times, CleaningSettings(stillness=RADIUS), model, INTRINSICS)
    assert speed(locked.joints_3d, times).mean() > 0.05


def test_open_gaps_end_a_rest(model):
    raw, times = resting_hand(model, path=(0.0, 0.0, 0.0))
    hidden = replace(raw, confidence=raw.confidence.copy())
    hidden.confidence[50:80] = 0.1
    hidden.joints_2d[80:] += 20
    locked = clean(hidden, times, CleaningSettings(stillness=RADIUS), model, INTRINSICS)
    first, second = locked.translation[:50], locked.translation[80:]
    for part in (first, second):
        np.testing.assert_allclose(part, part[:1].repeat(len(part), axis=0), atol=1e-12)
    assert np.linalg.norm(first[0] - second[0]) > 0.005


# Whole hands


def moving_hand(model, frames=90, rate=30.0, **kwargs):
    times = np.arange(frames) / rate
    pose, translation = make_motion("right", times)
    return make_raw_hand(model, pose, translation, INTRINSICS, **kwargs), times


def noisy(raw, seed=0, degrees=4.0, pixels=3.0):
    rng = np.random.default_rng(seed)
    return replace(
        raw,
        pose=raw.pose + np.radians(degrees) * rng.normal(size=raw.pose.shape),
        joints_2d=raw.joints_2d + pixels * rng.normal(size=(len(raw.pose), 1, 2)),
    )


def acceleration(values, times):
    """Root mean square of the second derivative of (T, ...) along time."""
    return np.sqrt(np.mean((np.diff(values, n=2, axis=0) / np.diff(times).mean() ** 2) ** 2))


def test_a_perfect_hand_stays_as_it_is(model):
    raw, times = moving_hand(model)
    cleaned = clean(raw, times, CleaningSettings(), model, INTRINSICS)
    assert (cleaned.state == State.OBSERVED).all()
    angles = angle_between(matrix_from_axis_angle(raw.pose), matrix_from_axis_angle(cleaned.pose))
    assert np.degrees(angles).max() < 1.0
    assert np.linalg.norm(cleaned.translation - raw.translation, axis=1).max() < 0.002
    assert np.abs(cleaned.joints_2d - raw.joints_2d)[5:-5].max() < 2.0


def test_without_smoothing_confident_frames_keep_their_raw_values(model):
    raw, times = moving_hand(model)
    cleaned = clean(raw, times, CleaningSettings(**NO_SMOOTHING), model, INTRINSICS)
    np.testing.assert_allclose(matrix_from_axis_angle(cleaned.pose), matrix_from_axis_angle(raw.pose), atol=1e-12)
    np.testing.assert_allclose(cleaned.translation, raw.translation, atol=1e-9)
    np.testing.assert_allclose(cleaned.joints_2d, raw.joints_2d, atol=1e-6)


def test_jitter_falls_and_truth_comes_nearer(model):
    raw, times = moving_hand(model, frames=150)
    shaky = noisy(raw)
    cleaned = clean(shaky, times, CleaningSettings(), model, INTRINSICS)
    unsmoothed = clean(shaky, times, CleaningSettings(**NO_SMOOTHING), model, INTRINSICS)
    assert acceleration(cleaned.joints_3d, times) < 0.25 * acceleration(unsmoothed.joints_3d, times)
    truth = model.keypoints(model.skeleton(raw.pose, raw.shape, raw.translation), "mediapipe")
    error, error_before = (np.linalg.norm(hand.joints_3d - truth, axis=-1).mean() for hand in (cleaned, unsmoothed))
    assert error < 0.75 * error_before


@pytest.mark.parametrize("rate", [24.0, 30.0, 60.0])
def test_finger_tapping_at_3_hz_keeps_its_height(model, rate):
    times = np.arange(0, 4, 1 / rate)
    pose, translation = make_motion("right", np.zeros_like(times))
    pose[:, 1, 2] = np.radians(30) * np.sin(2 * np.pi * 3 * times)
    raw = make_raw_hand(model, pose, translation, INTRINSICS)
    cleaned = clean(raw, times, CleaningSettings(), model, INTRINSICS)
    response = gain(pose[:, 1, 2], cleaned.pose[:, 1, 2], times, 3)
    assert abs(response) > 0.9
    assert np.angle(response) == pytest.approx(0, abs=0.01)


def test_size_is_not_mistaken_for_motion(model):
    """Estimates of one still hand that take it now for small and near, now for large and far."""
    rng = np.random.default_rng(0)
    raw, times = moving_hand(model)
    sizes = np.zeros((90, 10))
    sizes[:, 0] = rng.normal(size=90)
    guessed = replace(raw, shape=sizes, translation=raw.translation * (1 + 0.1 * sizes[:, :1]))
    cleaned = clean(guessed, times, CleaningSettings(), model, INTRINSICS)
    assert np.abs(cleaned.shape).max() < 0.4
    assert np.linalg.norm(cleaned.joints_2d - raw.joints_2d, axis=-1).mean() < 1.0


def test_heavy_smoothing_of_depth_keeps_the_hand_on_the_footage(model):
    raw, times = moving_hand(model)
    nodding = replace(raw, joints_2d=raw.joints_2d.copy())
    wrist = raw.joints_2d[:, :1]
    breathing = 1 + 0.1 * np.sin(2 * np.pi * 6 * times)[:, None, None]
    nodding.joints_2d[:] = wrist + (raw.joints_2d - wrist) * breathing
    settings = CleaningSettings(**(NO_SMOOTHING | {"wrist_depth_hz": 0.5}))
    cleaned = clean(nodding, times, settings, model, INTRINSICS)
    unsmoothed = clean(nodding, times, CleaningSettings(**NO_SMOOTHING), model, INTRINSICS)
    wrist, wrist_before = (hand.translation[:, :2] / hand.translation[:, 2:] for hand in (cleaned, unsmoothed))
    assert acceleration(cleaned.translation[:, 2], times) < 0.1 * acceleration(unsmoothed.translation[:, 2], times)
    assert np.abs(wrist - wrist_before).max() * INTRINSICS.fx < 3.0


def test_a_spike_leaves_no_trace(model):
    raw, times = moving_hand(model)
    flipped = replace(raw, pose=raw.pose.copy())
    flipped.pose[40:42, 0] = axis_angle_from_matrix(
        matrix_from_axis_angle(raw.pose[40:42, 0]) @ matrix_from_axis_angle([0, 2.5, 0])
    )
    cleaned = clean(flipped, times, CleaningSettings(), model, INTRINSICS)
    assert np.flatnonzero(cleaned.state == State.INTERPOLATED).tolist() == [40, 41]
    angles = angle_between(matrix_from_axis_angle(raw.pose), matrix_from_axis_angle(cleaned.pose))
    assert np.degrees(angles).max() < 2.0


def test_lost_frames_are_held_or_bridged_or_open(model):
    raw, times = moving_hand(model, unconfident=range(30, 35), unseen=range(60, 64))
    wild = replace(raw, pose=raw.pose.copy(), joints_2d=raw.joints_2d.copy())
    wild.pose[30:35] = 1.0
    wild.joints_2d[30:35] = 100.0
    off = {"threshold": 0.5, **NO_SMOOTHING}
    held = clean(wild, times, CleaningSettings(lost="hold", **off), model, INTRINSICS)
    bridged = clean(wild, times, CleaningSettings(lost="interpolate", **off), model, INTRINSICS)
    opened = clean(wild, times, CleaningSettings(lost="open", **off), model, INTRINSICS)
    np.testing.assert_array_equal(held.state[28:36], [1, 1, 2, 2, 2, 2, 2, 1])
    np.testing.assert_allclose(held.joints_3d[30:35], np.repeat(held.joints_3d[29:30], 5, axis=0), atol=1e-12)
    assert (held.state[60:64] == State.MISSING).all()
    assert (bridged.state[[*range(30, 35), *range(60, 64)]] == State.INTERPOLATED).all()
    assert np.linalg.norm(bridged.translation - raw.translation, axis=1)[:60].max() < 0.01
    assert (opened.state[[*range(30, 35), *range(60, 64)]] == State.MISSING).all()
    for hand in (held, bridged, opened):
        present = hand.state != State.MISSING
        for values in (hand.pose, hand.translation, hand.joints_2d, hand.joints_3d):
            assert np.isfinite(values[present]).all()
            assert np.isnan(values[~present]).all()
    np.testing.assert_array_equal(held.confidence[60:64], 0)


def test_smoothing_does_not_reach_across_open_gaps(model):
    raw, times = moving_hand(model, unseen=range(40, 70))
    other_end = replace(raw, pose=raw.pose.copy())
    other_end.pose[70:] += 0.3
    first, second = (clean(hand, times, CleaningSettings(), model, INTRINSICS) for hand in (raw, other_end))
    np.testing.assert_array_equal(first.pose[:40], second.pose[:40])


def test_wrist_rotation_only_keeps_the_wrist_in_one_place(model):
    raw, times = moving_hand(model, unseen=range(20, 50))
    free, fixed = (
        clean(raw, times, CleaningSettings(wrist_rotation_only=only), model, INTRINSICS) for only in (False, True)
    )
    present = fixed.state != State.MISSING
    np.testing.assert_array_equal(fixed.state, free.state)
    np.testing.assert_array_equal(fixed.pose, free.pose)
    np.testing.assert_allclose(fixed.translation[present].std(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(fixed.translation[0], np.nanmedian(free.translation, axis=0), atol=1e-9)
    assert np.isnan(fixed.translation[~present]).all()


def test_floors_replace_the_threshold_in_their_range(model):
    raw, times = moving_hand(model, frames=40, unconfident=range(10, 20))
    threshold_overrides = (ThresholdOverride(112, 115, 0.05), ThresholdOverride(130, 132, 0.99))
    cleaned = clean(
        raw,
        times,
        CleaningSettings(lost="open", threshold_overrides=threshold_overrides),
        model,
        INTRINSICS,
        frame=np.arange(100, 140),
    )
    lost = np.flatnonzero(cleaned.state == State.MISSING)
    assert lost.tolist() == [10, 11, 16, 17, 18, 19, 30, 31, 32]


def test_the_last_of_overlapping_floors_counts():
    threshold_overrides = (ThresholdOverride(0, 9, 0.2), ThresholdOverride(5, 5, 0.9))
    thresholds = CleaningSettings(threshold=0.5, threshold_overrides=threshold_overrides).thresholds(np.arange(4, 12))
    assert thresholds.tolist() == [0.2, 0.9, 0.2, 0.2, 0.2, 0.2, 0.5, 0.5]


@pytest.mark.parametrize("lost", ["hold", "interpolate", "open"])
def test_a_hand_without_confidence_is_missing_throughout(model, lost):
    raw, times = moving_hand(model, frames=10, unconfident=range(10))
    settings = CleaningSettings(lost=lost, stillness=RADIUS, wrist_rotation_only=True)
    cleaned = clean(raw, times, settings, model, INTRINSICS)
    assert (cleaned.state == State.MISSING).all()
    assert np.isfinite(cleaned.shape).all()


@pytest.mark.parametrize("unseen", [[], [0]])
def test_a_still_is_a_clip_of_one_frame(model, unseen):
    raw, times = moving_hand(model, frames=1, unseen=unseen)
    cleaned = clean(raw, times, CleaningSettings(), model, INTRINSICS)
    assert cleaned.state.tolist() == [State.MISSING if unseen else State.OBSERVED]


def test_cleaning_treats_both_hands_alike():
    right, left = load_hand_model(), load_hand_model(side="left")
    times = np.arange(40) / 30
    results = []
    for model in (right, left):
        pose, translation = make_motion("right", times)
        if model is left:
            pose, translation = pose * (1, -1, -1), translation * (-1, 1, 1)
        raw = make_raw_hand(model, pose, translation, INTRINSICS)
        results.append(clean(raw, times, CleaningSettings(), model, INTRINSICS))
    np.testing.assert_allclose(results[1].joints_3d, results[0].joints_3d * (-1, 1, 1), atol=1e-9)


def test_quaternions_of_the_result_are_continuous(model):
    raw, times = moving_hand(model)
    cleaned = clean(noisy(raw), times, CleaningSettings(), model, INTRINSICS)
    quaternions = quaternion_from_axis_angle(cleaned.pose)
    assert np.abs((quaternions[1:] * quaternions[:-1]).sum(axis=-1)).min() > 0.9


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": -0.1},
        {"threshold": 1.5},
        {"finger_hz": -1},
        {"finger_hz": float("nan")},
        {"lost": "guess"},
        {"stillness": -0.001},
        {"threshold_overrides": (ThresholdOverride(0, 9, 1.5),)},
        {"threshold_overrides": (ThresholdOverride(0, 9, float("nan")),)},
        {"threshold_overrides": (ThresholdOverride(9, 0, 0.5),)},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(SettingsError):
        CleaningSettings(**wrong)
