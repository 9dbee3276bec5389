"""The first estimator: from observations to poses, and how it settles doubts."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.geometry import PALM, angle_between, matrix_from_axis_angle, viewing_rotation
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.pose import HandObservations, LandmarkEstimator
from dahyf_core.pose.baseline import LandmarkNetwork
from dahyf_core.pose.orientation import find_leaps, most_continuous, reverse_tilt

CAMERA = Intrinsics(1000.0, 1000.0, 640.0, 360.0, 1280, 720)


@pytest.fixture(scope="module")
def estimator() -> LandmarkEstimator:
    return LandmarkEstimator(LandmarkNetwork(), {"right": load_hand_model(), "left": load_hand_model(side="left")})


def turning_hand(model: HandModel, count: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Poses (N, 16, 3) and translations (N, 3) of a hand that turns and moves smoothly before CAMERA, palm tilted."""
    time = np.linspace(0, 1, count)
    upright = Rotation.from_matrix([[0, 0, -1], [1, 0, 0], [0, -1, 0]])  # fingers up, back of the hand to the camera
    if model.side == "left":
        upright = Rotation.from_matrix([[0, 0, -1], [-1, 0, 0], [0, 1, 0]])
    turns = Rotation.from_euler("xy", np.stack([0.8 + 0.3 * time, 0.4 * time], axis=1))
    pose = np.tile(model.pose_prior.mean.reshape(15, 3), (count, 1, 1))
    pose = np.concatenate([(turns * upright).as_rotvec()[:, None], pose], axis=1)
    translation = np.stack([0.1 - 0.2 * time, 0.05 * time, 0.6 + 0.1 * time], axis=1)
    return pose, translation


def sighted(model: HandModel, pose: np.ndarray, translation: np.ndarray) -> tuple[HandObservations, np.ndarray]:
    """What a faultless network would see of the mean hand, and the true keypoints."""
    count = len(pose)
    points = model.keypoints(model.skeleton(pose, np.zeros((count, 10)), translation), "mediapipe")
    pixels = CAMERA.project(points)
    center = (pixels.min(axis=1) + pixels.max(axis=1)) / 2
    crops = Crops(center, np.full(count, 300.0), np.zeros(count), np.full(count, model.side == "left"), CAMERA)
    centred = points - points.mean(axis=1, keepdims=True)
    world = (centred @ viewing_rotation(crops.view_rays())).reshape(count, 63).astype(np.float32)
    right_score = np.full(count, float(model.side == "right"))
    return HandObservations(crops, pixels, np.ones(count), right_score, world, np.ones(count)), points


@pytest.mark.parametrize("side", ["right", "left"])
def test_solve_finds_the_pose_of_either_hand(estimator: LandmarkEstimator, side: Side) -> None:
    model = estimator.hand_models[side]
    pose, translation = turning_hand(model)
    observations, points = sighted(model, pose, translation)
    estimates = estimator.solve(observations, side)
    errors = np.degrees(angle_between(matrix_from_axis_angle(estimates.pose[:, 0]), matrix_from_axis_angle(pose[:, 0])))
    assert errors.max() < 2.0
    assert np.linalg.norm(estimates.joints_3d - points, axis=-1).max() < 0.01
    assert np.linalg.norm(estimates.joints_2d_projected - observations.joints_2d, axis=-1).max() < 3.0
    assert estimates.confidence.min() > 0.95
    assert np.ptp(estimates.shape, axis=0).max() == 0.0


def test_solve_corrects_frames_in_which_the_tilt_was_seen_the_wrong_way(estimator: LandmarkEstimator) -> None:
    model = estimator.hand_models["right"]
    pose, translation = turning_hand(model)
    observations, _ = sighted(model, pose, translation)
    world = observations.payload.reshape(-1, 21, 3).copy()
    spoiled = [0, 7, 8, 9, 15, 23]
    world[spoiled] = reverse_tilt(world[spoiled])[0]
    estimates = estimator.solve(replace(observations, payload=world.reshape(-1, 63)), "right")
    errors = np.degrees(angle_between(matrix_from_axis_angle(estimates.pose[:, 0]), matrix_from_axis_angle(pose[:, 0])))
    assert errors.max() < 5.0


def test_solve_of_nothing_is_nothing(estimator: LandmarkEstimator) -> None:
    model = estimator.hand_models["right"]
    observations, _ = sighted(model, *turning_hand(model, 2))
    assert len(estimator.solve(observations[:0], "right")) == 0


def test_a_mirrored_patch_of_mirrored_footage_is_seen_as_the_mirror_image(estimator: LandmarkEstimator) -> None:
    image = np.random.default_rng(0).integers(0, 255, (720, 1281, 3), dtype=np.uint8)
    camera = replace(CAMERA, width=1281)
    crops = Crops(np.array([[500.0, 300.0]]), np.array([200.0]), np.array([0.7]), np.array([False]), camera)
    mirrored = replace(crops, center=np.array([[780.0, 300.0]]), mirrored=np.array([True]))
    seen, seen_mirrored = estimator.observe(image, crops), estimator.observe(image[:, ::-1], mirrored)
    np.testing.assert_allclose(seen_mirrored.joints_2d, (1280, 0) - seen.joints_2d * (1, -1), atol=0.05)
    np.testing.assert_allclose(
        seen_mirrored.payload.reshape(21, 3), seen.payload.reshape(21, 3) * (-1, 1, 1), atol=1e-4
    )
    np.testing.assert_allclose(seen_mirrored.right_score, 1 - seen.right_score, atol=1e-3)


def test_no_patches_are_seen_as_nothing(estimator: LandmarkEstimator) -> None:
    observations = estimator.observe(np.zeros((72, 128, 3), np.uint8), Crops.empty(CAMERA))
    assert len(observations) == 0
    assert observations.joints_2d.shape == (0, 21, 2)


def test_reversed_tilt_is_a_rotation_that_hardly_moves_the_palm_in_the_picture(estimator: LandmarkEstimator) -> None:
    model = estimator.hand_models["right"]
    pose, _ = turning_hand(model)
    points = model.keypoints(model.skeleton(pose, np.zeros((len(pose), 10)), np.zeros((len(pose), 3))), "mediapipe")
    turned, angle = reverse_tilt(points)
    np.testing.assert_allclose(
        np.linalg.norm(turned[:, 3] - turned[:, 17], axis=-1), np.linalg.norm(points[:, 3] - points[:, 17], axis=-1)
    )
    before, after = (hand[:, PALM] - hand[:, PALM].mean(axis=1, keepdims=True) for hand in (points, turned))
    np.testing.assert_allclose(after[..., :2], before[..., :2], atol=0.01)
    assert np.abs(after[..., 2] + before[..., 2]).max() < 0.01
    assert angle.min() > np.radians(60)


def test_most_continuous_prefers_the_sequence_to_the_single_picture() -> None:
    steady = Rotation.from_rotvec(np.linspace((0, 0, 0), (0, 0.5, 0), 9)).as_matrix()
    turned = steady @ Rotation.from_rotvec((1.5, 0, 0)).as_matrix()
    costs = np.tile([10.0, 40.0], (9, 1))
    costs[4] = 40.0, 10.0
    costs[6, 1] = np.inf
    chosen = most_continuous(costs, np.stack([steady, turned], axis=1))
    assert chosen.tolist() == [0] * 9


def test_most_continuous_follows_lasting_evidence() -> None:
    rotations = np.stack([np.tile(np.eye(3), (40, 1, 1)), np.tile(np.diag([1.0, -1, -1]), (40, 1, 1))], axis=1)
    costs = np.tile([10.0, 60.0], (40, 1))
    costs[20:] = 60.0, 10.0
    assert most_continuous(costs, rotations).tolist() == [0] * 20 + [1] * 20


def test_leaps_are_found_on_both_of_their_sides() -> None:
    angles = np.radians([0, 5, 10, 90, 15, 20])
    rotations = Rotation.from_rotvec(angles[:, None] * (0, 1, 0)).as_matrix()
    assert find_leaps(rotations).tolist() == [2, 3, 4]
    assert find_leaps(rotations[:1]).tolist() == []
