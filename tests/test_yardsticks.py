"""The yardsticks' numbers on cases whose answer is known."""

import json
import sys

import numpy as np
import pytest
from cli_runner import run
from dataset_factory import write_picture
from scipy.spatial.transform import Rotation

from dahyf_core.camera import Lens
from dahyf_core.datasets import Sample
from dahyf_core.evaluation.yardsticks import equivariance, jitter, stereo
from dahyf_core.evaluation.yardsticks.rows import Teller, markdown
from dahyf_core.evaluation.yardsticks.systems import MODELS, Motion
from dahyf_core.metrics import (
    palm_rotation,
)
from dahyf_core.pose import HandEstimates

SIDES = ("right", "left")


def some_joints(count=4, seed=0):
    return np.random.default_rng(seed).normal(size=(count, 21, 3))


def some_turns(count=4, seed=1):
    return Rotation.random(count, rng=np.random.default_rng(seed)).as_matrix()


def flat_joints(side):
    model = MODELS[side]
    return model.keypoints(model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3))), "mediapipe")[0]


@pytest.mark.parametrize("side", SIDES)
def test_palm_rotation_is_the_wrists(side):
    model, turns = MODELS[side], some_turns()
    pose = np.zeros((4, 16, 3))
    pose[:, 0] = Rotation.from_matrix(turns).as_rotvec()
    joints = model.keypoints(model.skeleton(pose, np.zeros((4, 10)), np.ones((4, 3))), "mediapipe")
    np.testing.assert_allclose(palm_rotation(joints, flat_joints(side)), turns, atol=1e-9)


def test_rows_leave_out_what_is_missing():
    row = Teller("stereo", "one").spread("error", "mm", np.array([1.0, np.nan, 3.0]))
    assert (row.count, row.mean, row.median) == (2, 2, 2)
    nothing = Teller("stereo", "two").spread("error", "mm", np.array([np.nan]))
    assert nothing.count == 0
    assert json.loads(json.dumps(nothing.to_json()))["mean"] is None
    line = markdown([row, nothing], ["one", "two"]).splitlines()[-1]
    assert line.startswith("| error | mm | 2 [1, 3] / 2 / 2.8 (n 2) |")


def test_two_views_of_one_hand_agree():
    turns = list(some_turns(2))
    joints, wrist = some_joints(5), some_turns(5)
    views = [Motion(turn @ wrist, size * joints @ turn.T + 9) for turn, size in zip(turns, (1.0, 2.0), strict=True)]
    rows = {row.measure: row for row in stereo.disagreement(Teller("stereo", "one"), views, turns)}
    assert len(rows) == 4
    for row in rows.values():
        np.testing.assert_allclose(row.values, 0, atol=1e-5)
    to_points = stereo.distance_to_points(Teller("stereo", "one"), views, turns, joints, np.arange(3))
    for row in to_points:
        assert row.count == 6
        np.testing.assert_allclose(row.values, 0, atol=1e-9)


def test_flips_are_steps_of_the_wrist_in_neighbouring_frames():
    angles = np.radians([0, 10, 100, np.nan, 0])
    wrist = np.full((5, 3, 3), np.nan)
    seen = np.isfinite(angles)
    wrist[seen] = Rotation.from_rotvec(angles[seen, None] * (0, 0, 1)).as_matrix()
    motion = Motion(wrist, np.where(seen[:, None, None], 0.0, np.nan) * np.ones((5, 21, 3)))
    np.testing.assert_allclose(jitter.wrist_steps(motion), [10, 90, np.nan, np.nan], atol=1e-6)


@pytest.mark.parametrize("name", equivariance.CHANGES)
def test_a_changed_picture_shows_the_hand_where_it_should_be(name):
    """The true hand, moved along, projects to the moved joints, and follows perfectly."""
    change = equivariance.CHANGES[name]
    picture = np.zeros((120, 160, 3), np.uint8)
    camera = Lens(focal_px=200).intrinsics(160, 120)
    model, pose = MODELS["right"], np.zeros((1, 16, 3))
    pose[:, 0] = (0.2, 0.3, 1.4)
    middle = model.keypoints(model.skeleton(pose, np.zeros((1, 10)), np.zeros((1, 3)))).mean(axis=1)
    before = estimates(model, pose, np.array([0.01, 0.01, 0.6]) - middle, camera)
    joints = before.joints_2d[0]
    tip = np.round(joints[8]).astype(int)
    picture[tip[1] - 1 : tip[1] + 2, tip[0] - 1 : tip[0] + 2] = 255
    sample = Sample(picture, camera, "one", "right", joints_2d=joints)

    shown, new_camera, moved = equivariance.changed(sample, change)
    moved_3d = before.joints_3d[0] @ change.turn_3d.T
    np.testing.assert_allclose(new_camera.project(moved_3d), moved, atol=1e-9)
    assert (moved >= 0).all()
    assert (moved < shown.shape[1::-1]).all()
    bright = np.argwhere(shown[..., 0] > 100)[:, ::-1]
    np.testing.assert_allclose(bright.mean(axis=0), moved[8], atol=1.5)

    new_pose = pose.copy()
    wrist = change.turn_3d @ Rotation.from_rotvec(pose[0, 0]).as_matrix()
    if change.mirrors:
        model, wrist = MODELS["left"], wrist @ np.diag((-1, 1, 1))
    new_pose[0, 0] = Rotation.from_matrix(wrist).as_rotvec()
    after = estimates(model, new_pose, before.translation @ change.turn_3d.T, new_camera)
    np.testing.assert_allclose(equivariance.distances(before, after, change), 0, atol=1e-4)
    assert equivariance.keeps_side("right", model.side, change)


def estimates(model, pose, translation, camera):
    joints = model.keypoints(model.skeleton(pose, np.zeros((1, 10)), translation), "mediapipe")
    pixels = camera.project(joints)
    return HandEstimates(pose, np.zeros((1, 10)), translation, pixels, pixels, joints, np.ones(1))


@pytest.fixture
def data(tmp_path):
    """A folder with two pictures without hands, and no clips."""
    (tmp_path / "data" / "clips").mkdir(parents=True)
    for number in range(2):
        write_picture(tmp_path / "data" / "backgrounds" / f"{number}.png", 90)
    return tmp_path / "data"


def test_the_command_measures_one_yardstick_of_one_network(shipped_network, data, tmp_path):
    options = ("--only", "false_hands", "--no-baseline", "--model", shipped_network, "--threads", 2)
    done = run("yardsticks", data, "-o", tmp_path / "numbers.json", *options, "--plots", tmp_path / "plots")
    assert done.exit_code == 0, done.messages
    rows = json.loads((tmp_path / "numbers.json").read_text())
    assert {(row["yardstick"], row["system"]) for row in rows} == {("false_hands", "dahyf_lite")}
    assert (tmp_path / "plots").is_dir()
    refused = run("yardsticks", data, "-o", tmp_path / "numbers.json", "--only", "beauty")
    assert "false_hands" in refused.error["remedy"]


def test_yardsticks_say_what_they_need_and_name_what_is_not_there(shipped_network, data, tmp_path):
    command = ("yardsticks", data, "-o", tmp_path / "numbers.json", "--no-baseline")
    (warning,) = run(*command, "--only", "synthetic").of_type("warning")
    assert "it needs --synthetic" in warning["text"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert str(empty) in run(*command, "--only", "synthetic", "--synthetic", empty).error["text"]
    labels = tmp_path / "labels.npz"
    assert labels.name in run(*command, "--only", "photographs", "--labels", labels).error["text"]


def test_a_mediapipe_that_cannot_be_run_is_named(shipped_network, data, tmp_path):
    command = ("yardsticks", data, "-o", tmp_path / "numbers.json", "--no-baseline", "--only", "false_hands")
    assert "MediaPipe Hands stopped" in run(*command, "--mediapipe", sys.executable).error["text"]
    assert "nothing" in run(*command, "--mediapipe", tmp_path / "nothing").error["text"]
