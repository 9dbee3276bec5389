"""The trained estimator's way from what the network says to poses, with a network that knows."""

from dataclasses import replace

import numpy as np
import pytest
from oracle_network import MODELS, OracleNetwork, TrueHand, grey_picture

from dahyf_core.camera import Crops, Intrinsics, upright_crops
from dahyf_core.errors import SettingsError
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.hand_model import Side
from dahyf_core.pose import DahyfEstimator, HandObservations, create_estimator

CAMERA = Intrinsics(800.0, 800.0, 320.0, 240.0, 640, 480)
OTHER_CAMERA = Intrinsics(500.0, 500.0, 200.0, 300.0, 400, 600)


def look(side: Side, count: int) -> tuple[TrueHand, DahyfEstimator, HandObservations]:
    """A hand, and what is seen of it in some patches of different size."""
    hand = TrueHand(side, CAMERA, turn=20)
    estimator = DahyfEstimator(OracleNetwork([[hand]]), MODELS)
    crop = upright_crops(hand.joints_2d[None], np.array([side == "left"]), CAMERA)
    crops = Crops.concatenate([crop] * count)
    crops = Crops(crops.center, crops.side * np.linspace(1, 1.2, count), crops.roll, crops.mirrored, CAMERA)
    return hand, estimator, estimator.observe(grey_picture(0, CAMERA), crops)


def off(pose, hand: TrueHand) -> float:
    """Largest angle to the true pose, radians."""
    return float(angle_between(*map(matrix_from_axis_angle, (pose, hand.pose))).max())


@pytest.mark.parametrize("side", ["right", "left"])
def test_opposite_errors_of_two_views_cancel(side):
    hand, estimator, seen = look(side, 2)
    turns = matrix_from_axis_angle([[0.2, -0.1, 0.15], [-0.2, 0.1, -0.15]])
    columns = seen.payload[:, :96].reshape(2, 32, 3) @ np.swapaxes(turns, 1, 2)
    payload = np.concatenate([columns.reshape(2, 96), seen.payload[:, 96:] + np.array([[0.5], [-0.5]])], axis=1)
    shifted = seen.joints_2d + np.array([[[4.0, -3.0]], [[-4.0, 3.0]]])
    views = replace(seen, joints_2d=shifted, presence=np.array([0.9, 0.7]), payload=payload.astype(np.float32))
    assert off(estimator.solve(views, side).pose[0], hand) > 0.2
    merged = estimator.merge(views, side)
    assert len(merged) == 1
    assert off(merged.pose[0], hand) < 1e-3
    np.testing.assert_allclose(merged.shape, 0, atol=1e-6)
    np.testing.assert_allclose(merged.joints_2d[0], hand.joints_2d, atol=1e-3)
    np.testing.assert_allclose(merged.translation[0], hand.translation, atol=1e-3)
    assert merged.confidence[0] == pytest.approx(0.8, abs=1e-3)


def test_one_view_merges_to_what_it_solves_to():
    _, estimator, seen = look("right", 1)
    merged, solved = estimator.merge(seen, "right"), estimator.solve(seen, "right")
    for name, values in vars(solved).items():
        np.testing.assert_allclose(getattr(merged, name), values, atol=1e-9, err_msg=name)


def test_pictures_of_different_cameras_are_seen_together_as_alone():
    cameras = CAMERA, OTHER_CAMERA
    hands = [TrueHand("right", camera) for camera in cameras]
    estimator = DahyfEstimator(OracleNetwork([[hand] for hand in hands]), MODELS)
    pictures = [
        (grey_picture(number, hand.camera), upright_crops(hand.joints_2d[None], np.array([False]), hand.camera))
        for number, hand in enumerate(hands)
    ]
    pictures.insert(1, (pictures[0][0], Crops.empty(CAMERA)))
    together = estimator.observe_all(pictures)
    assert [len(seen) for seen in together] == [1, 0, 1]
    for seen, (image, crops) in zip(together, pictures, strict=True):
        np.testing.assert_array_equal(seen.joints_2d, estimator.observe(image, crops).joints_2d)
        assert seen.crops is crops


def test_there_is_no_estimator_of_another_name():
    with pytest.raises(SettingsError, match="'guess'"):
        create_estimator("guess", MODELS)
