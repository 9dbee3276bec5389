"""The torch layer is the numpy hand model with gradients."""

import numpy as np
import pytest

from dahyf_core.hand_model import load_hand_model

torch = pytest.importorskip("torch", reason="the torch layer needs the train extra")

from dahyf_core.geometry.tensors import matrix_from_axis_angle  # noqa: E402
from dahyf_core.hand_model.torch_layer import TorchHandModel  # noqa: E402


@pytest.fixture(scope="module", params=["right", "left"])
def hand(request):
    return load_hand_model("open_hand", side=request.param)


def random_hands(count: int = 5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(0, 0.8, (count, 16, 3)), rng.normal(size=(count, 10)), rng.normal(size=(count, 3))


def test_same_numbers_as_numpy_in_single_precision(hand):
    parameters = random_hands()
    expected = hand(*parameters)
    layer = TorchHandModel(hand)
    posed = layer(*(torch.as_tensor(values, dtype=torch.float32) for values in parameters))
    np.testing.assert_allclose(posed.vertices, expected.vertices, atol=1e-5)
    np.testing.assert_allclose(posed.joints, expected.joints, atol=1e-5)
    np.testing.assert_allclose(posed.rotations, expected.rotations, atol=1e-5)
    for name in hand.keypoint_sets:
        np.testing.assert_allclose(layer.keypoints(posed, name), hand.keypoints(expected, name), atol=1e-5)


def test_gradients_are_the_derivatives(hand):
    layer = TorchHandModel(hand, torch.float64)
    parameters = [torch.as_tensor(values).requires_grad_() for values in random_hands(1)]

    def keypoints(*values):
        return layer.keypoints(layer.skeleton(*values), "mediapipe")

    assert torch.autograd.gradcheck(keypoints, parameters)


def test_gradients_are_finite_in_the_flat_hand(hand):
    pose = torch.zeros(1, 16, 3, requires_grad=True)
    posed = TorchHandModel(hand)(pose, torch.zeros(1, 10), torch.zeros(1, 3))
    posed.vertices.square().sum().backward()
    assert pose.grad.isfinite().all()
    assert pose.grad.abs().sum() > 0


def test_rotation_of_a_tiny_angle_is_its_first_order():
    matrix = matrix_from_axis_angle(torch.tensor([0.0, 0.0, 1e-20], dtype=torch.float64))
    expected = torch.eye(3, dtype=torch.float64)
    expected[1, 0], expected[0, 1] = 1e-20, -1e-20
    torch.testing.assert_close(matrix, expected, rtol=0, atol=0)
