"""The annotator: what goes in as keypoints of a posed hand comes out as its parameters."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dahyf_core.camera import Intrinsics
from dahyf_core.fitting import FitResult, FitSettings, FitTargets, fit
from dahyf_core.fitting.problem import Problem
from dahyf_core.fitting.targets import Observations
from dahyf_core.fitting.unknowns import Unknowns
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, load_hand_model

CAMERA = Intrinsics(900.0, 900.0, 630.0, 370.0, 1280, 720)
EXACT = FitSettings(shape="fixed", pose_prior=1e-3, iterations=40, tolerance=1e-6)
"""Settings for points without noise, of a hand whose shape is known."""


@pytest.fixture(scope="module")
def model() -> HandModel:
    return load_hand_model()


class Hands:
    """Random hands before CAMERA, with fingers between the mean of the prior and a likely bend."""

    def __init__(self, model: HandModel, count: int, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        prior = model.pose_prior
        bends = random.multivariate_normal(prior.mean, 0.5 * np.linalg.inv(prior.precision), count)
        bends = np.clip(bends, *model.joint_limits.T).reshape(count, 15, 3)
        root = Rotation.random(count, random_state=random).as_rotvec()
        self.pose = np.concatenate([root[:, None], bends], axis=1)
        self.shape = random.normal(0, 0.7, 10)
        self.translation = random.uniform((-0.2, -0.1, 0.4), (0.2, 0.1, 0.8), (count, 3))
        shapes = np.tile(self.shape, (count, 1))
        self.points = model.keypoints(model.skeleton(self.pose, shapes, self.translation), "mediapipe")
        self.pixels = CAMERA.project(self.points)


def joint_errors_mm(result: FitResult, hands: Hands) -> np.ndarray:
    """(N, 21), with the wrists laid on each other."""
    found, true = (points - points[:, :1] for points in (result.keypoints, hands.points))
    return 1000 * np.linalg.norm(found - true, axis=-1)


def root_errors_degrees(pose: np.ndarray, true_pose: np.ndarray) -> np.ndarray:
    return np.degrees(angle_between(matrix_from_axis_angle(pose[:, 0]), matrix_from_axis_angle(true_pose[:, 0])))


@pytest.mark.parametrize("placement", ["free", "camera"])
@pytest.mark.parametrize("shape", ["free", "fixed"])
def test_gradient_is_that_of_the_cost(model: HandModel, placement: str, shape: str) -> None:
    hands = Hands(model, 4)
    targets = FitTargets(CAMERA, hands.pixels + 3.0, hands.points + 0.004, placement=placement)  # type: ignore[arg-type]
    problem = Problem(model, Observations.of(targets), FitSettings(shape=shape))  # type: ignore[arg-type]
    origin, scale = np.full((4, 3), 0.02), np.full(4, 1.2)
    unknowns = Unknowns(hands.pose, np.full((4, 10), 0.3), hands.translation, origin, scale)
    _, gradient = problem.linearise(unknowns)
    steps = 1e-6 * np.eye(problem.size)
    ahead, behind = (
        np.stack([problem.cost(unknowns.moved(np.tile(sign * step, (4, 1)))) for step in steps], axis=1)
        for sign in (1, -1)
    )
    np.testing.assert_allclose(gradient, (ahead - behind) / 4e-6, rtol=1e-4, atol=1e-4 * np.abs(gradient).max())


def test_round_trip_from_image_and_world_points(model: HandModel) -> None:
    hands = Hands(model, 64)
    world = 1.1 * (hands.points - hands.points.mean(axis=1, keepdims=True))
    result = fit(model, FitTargets(CAMERA, hands.pixels, world, sigma_3d=0.005), EXACT, hands.shape)
    assert np.percentile(joint_errors_mm(result, hands), 99) < 1.0
    assert np.percentile(root_errors_degrees(result.pose, hands.pose), 95) < 1.5
    assert np.median(np.linalg.norm(result.translation - hands.translation, axis=1)) < 0.003


def test_round_trip_from_points_in_the_camera_frame(model: HandModel) -> None:
    hands = Hands(model, 32)
    settings = replace(EXACT, shape="free", shape_prior=1e-2)
    result = fit(model, FitTargets(points_3d=hands.points, sigma_3d=0.003, placement="camera"), settings)
    errors = 1000 * np.linalg.norm(result.keypoints - hands.points, axis=-1)
    assert np.percentile(errors, 99) < 1.0


def test_round_trip_from_image_points_alone(model: HandModel) -> None:
    hands = Hands(model, 32)
    result = fit(model, FitTargets(CAMERA, hands.pixels, sigma_2d=1.0), replace(EXACT, pose_prior=0.1), hands.shape)
    assert np.median(joint_errors_mm(result, hands)) < 3.0
    assert np.median(root_errors_degrees(result.pose, hands.pose)) < 5.0


def test_shared_shape_is_one_shape_nearer_to_the_truth_than_the_mean_hand(model: HandModel) -> None:
    hands = Hands(model, 24)
    targets = FitTargets(CAMERA, hands.pixels, hands.points, sigma_2d=1.0, sigma_3d=0.002, placement="camera")
    result = fit(model, targets, FitSettings(shape="shared", pose_prior=1e-2, shape_prior=1e-2))
    assert np.ptp(result.shape, axis=0).max() == 0.0
    rest, mean, true = (model.rest(shape).joints for shape in (result.shape[0], np.zeros(10), hands.shape))
    assert np.linalg.norm(rest - true) < 0.5 * np.linalg.norm(mean - true)


def test_outliers_lose_their_pull(model: HandModel) -> None:
    hands = Hands(model, 48)
    world = hands.points - hands.points.mean(axis=1, keepdims=True)
    spoiled_pixels, spoiled_world = hands.pixels.copy(), world.copy()
    for row, joint in enumerate(np.random.default_rng(1).integers(1, 21, len(world))):
        spoiled_pixels[row, joint] += (90.0, -60.0)
        spoiled_world[row, joint] += (0.05, 0.05, -0.05)
    result = fit(model, FitTargets(CAMERA, spoiled_pixels, spoiled_world), FitSettings(shape="fixed"), hands.shape)
    clean = fit(model, FitTargets(CAMERA, hands.pixels, world), FitSettings(shape="fixed"), hands.shape)
    assert np.median(joint_errors_mm(result, hands)) < np.median(joint_errors_mm(clean, hands)) + 1.0
    assert np.percentile(root_errors_degrees(result.pose, clean.pose), 90) < 5.0


def test_points_that_are_nan_or_without_weight_are_left_out(model: HandModel) -> None:
    hands = Hands(model, 16)
    missing = [3, 7, 8, 18]
    targets = FitTargets(CAMERA, hands.pixels.copy(), hands.points - hands.translation[:, None])
    targets.points_2d[:, missing] = np.nan  # type: ignore[index]
    targets.points_3d[:, missing] = np.nan  # type: ignore[index]
    unweighted = np.where(np.isin(np.arange(21), missing), np.inf, 1.0)
    spoiled = replace(
        targets,
        points_2d=np.where(np.isinf(unweighted)[:, None], 1e4, hands.pixels),
        points_3d=np.where(np.isinf(unweighted)[:, None], 50.0, targets.points_3d),
        sigma_2d=3.0 * unweighted,
        sigma_3d=0.01 * unweighted,
    )
    settings = FitSettings(shape="fixed")
    by_nan, by_weight = (fit(model, given, settings, hands.shape) for given in (targets, spoiled))
    np.testing.assert_allclose(by_nan.keypoints, by_weight.keypoints, atol=1e-9)
    seen = np.setdiff1d(np.arange(21), missing)
    assert np.median(joint_errors_mm(by_nan, hands)[:, seen]) < 5.0


def test_fit_is_equivariant_to_mirroring(model: HandModel) -> None:
    hands = Hands(model, 16)
    world = hands.points - hands.translation[:, None]
    mirror = np.array([-1.0, 1.0, 1.0])
    left = model.mirrored()
    width = 2 * CAMERA.cx
    right = fit(model, FitTargets(CAMERA, hands.pixels, world))
    mirrored = fit(left, FitTargets(CAMERA, np.array([width, 0]) - hands.pixels * (1, -1), world * mirror))
    np.testing.assert_allclose(mirrored.pose, right.pose * -mirror, atol=1e-6)
    np.testing.assert_allclose(mirrored.translation, right.translation * mirror, atol=1e-6)


def test_fit_is_equivariant_to_rolling_the_camera(model: HandModel) -> None:
    hands = Hands(model, 16)
    world = hands.points - hands.translation[:, None]
    roll = Rotation.from_rotvec((0.0, 0.0, 1.0)).as_matrix()
    centre = np.array([CAMERA.cx, CAMERA.cy])
    rolled_pixels = (hands.pixels - centre) @ roll[:2, :2].T + centre
    still = fit(model, FitTargets(CAMERA, hands.pixels, world))
    rolled = fit(model, FitTargets(CAMERA, rolled_pixels, world @ roll.T))
    np.testing.assert_allclose(rolled.keypoints, still.keypoints @ roll.T, atol=1e-4)


def test_a_hand_that_adds_mean_pose_gets_the_same_hand_in_its_own_numbers(model: HandModel) -> None:
    hands = Hands(model, 8)
    targets = FitTargets(CAMERA, hands.pixels, hands.points - hands.translation[:, None])
    mean_pose = np.linspace(-0.2, 0.3, 45)
    other = replace(model, mean_pose=mean_pose, flat_hand_mean=False)
    flat, offset = fit(model, targets), fit(other, targets)
    np.testing.assert_allclose(offset.keypoints, flat.keypoints, atol=1e-9)
    np.testing.assert_allclose(offset.pose[:, 1:].reshape(-1, 45) + mean_pose, flat.pose[:, 1:].reshape(-1, 45))


def test_result_does_not_depend_on_the_batches(model: HandModel) -> None:
    hands = Hands(model, 11)
    targets = FitTargets(CAMERA, hands.pixels, hands.points - hands.translation[:, None])
    whole, parts = fit(model, targets, FitSettings()), fit(model, targets, FitSettings(batch=4))
    np.testing.assert_allclose(parts.pose, whole.pose, atol=1e-8)


def test_no_hands_give_an_empty_result(model: HandModel) -> None:
    result = fit(model, FitTargets(CAMERA, np.zeros((0, 21, 2)), np.zeros((0, 21, 3))))
    assert result.pose.shape == (0, 16, 3)
    assert result.keypoints.shape == (0, 21, 3)


def test_targets_need_points_and_a_camera() -> None:
    with pytest.raises(ValueError, match="points_2d"):
        FitTargets(CAMERA)
    with pytest.raises(ValueError, match="intrinsics"):
        FitTargets(points_2d=np.zeros((1, 21, 2)))
