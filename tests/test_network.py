"""The parts of the network against what they stand for, and the whole in every form of its ablation."""

import dataclasses
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="training needs the [train] extra")

from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics  # noqa: E402
from dahyf_core.errors import SettingsError  # noqa: E402
from dahyf_core.geometry.tensors import matrix_from_rot6d  # noqa: E402
from dahyf_core.hand_model import load_hand_model  # noqa: E402
from dahyf_core.network import DaHyF, InverseKinematics, NetworkConfig, View, hand_rotations  # noqa: E402
from dahyf_core.network import view as views  # noqa: E402
from dahyf_core.network.joints import BINS_PER_PIXEL, HeatmapJoints, SubPixelJoints  # noqa: E402
from dahyf_core.network.kinematics import PalmFrame  # noqa: E402
from dahyf_core.network.trunk import LandmarkHeads, Trunk  # noqa: E402
from dahyf_core.runtime import create_session  # noqa: E402
from dahyf_core.shipped import asset  # noqa: E402

SMALL = NetworkConfig(channels=8, map_size=14, hidden=(32,))
CAMERA = Intrinsics(900.0, 900.0, 310.0, 250.0, 640, 480)
CROPS = Crops(
    np.array([[100.0, 380.0], [500.0, 90.0]]),
    np.array([120.0, 310.0]),
    np.array([0.4, -2.0]),
    np.array([False, True]),
    CAMERA,
)


@st.composite
def crops_of_two(draw: Callable[..., Any]) -> Crops:
    """Anywhere in a picture and beyond, of square pixels or others."""
    fx, fy = draw(st.sampled_from([(900.0, 900.0), (700.0, 560.0)]))
    corners = [[draw(st.floats(-50, 690)), draw(st.floats(-50, 530))] for _ in range(2)]
    return Crops(
        np.array(corners),
        np.array([draw(st.floats(20, 900)) for _ in range(2)]),
        np.array([draw(st.floats(-np.pi, np.pi)) for _ in range(2)]),
        np.array([draw(st.booleans()) for _ in range(2)]),
        Intrinsics(fx, fy, 310.0, 250.0, 640, 480),
    )


def view_of(crops: Crops) -> View:
    focal = np.full(len(crops), crops.intrinsics.fx)
    columns = (crops.virtual_center(), crops.side, focal)
    return View(*(torch.from_numpy(column).float() for column in columns))


def random_rotations(count: int) -> "torch.Tensor":
    return matrix_from_rot6d(torch.randn(count, 6))


def hands(count: int) -> "torch.Tensor":
    """Keypoints (N, 21, 3) of random hands."""
    model = load_hand_model()
    random = np.random.default_rng(0)
    pose = np.concatenate([random.normal(0, 1.5, (count, 1, 3)), random.normal(0, 0.2, (count, 15, 3))], axis=1)
    skeleton = model.skeleton(pose, random.normal(0, 0.5, (count, 10)), np.zeros((count, 3)))
    return torch.from_numpy(model.keypoints(skeleton, "mediapipe")).float()


@given(crops_of_two())
def test_direction_map_says_where_each_pixel_of_mirrored_and_rolled_crops_looks(crops: Crops) -> None:
    size = 7
    directions = views.global_direction_map(view_of(crops), size).numpy()
    middles = (np.arange(size) + 0.5) * PATCH_SIZE / size
    patch = np.stack(np.meshgrid(middles, middles), axis=-1).reshape(1, -1, 2).repeat(2, axis=0)
    rays = np.concatenate([crops.intrinsics.normalise(crops.to_frame(patch)), np.ones((2, size * size, 1))], axis=-1)
    seen = crops.to_virtual(rays)[..., :2]
    np.testing.assert_allclose(directions, seen.swapaxes(1, 2).reshape(2, 2, size, size), atol=1e-5)


def test_direction_map_of_an_upright_crop_is_the_printed_one() -> None:
    width, height, focal, corner, s_i, s_f = 640, 480, 800.0, np.array([350.0, 90.0]), 150.0, 56
    camera = Intrinsics(focal, focal, width / 2, height / 2, width, height)
    crops = Crops(corner[None] + s_i / 2, np.array([s_i]), np.zeros(1), np.zeros(1, bool), camera)
    directions = views.global_direction_map(view_of(crops), s_f)[0].numpy()
    sc_p, sc_o = PATCH_SIZE / s_f, s_i / PATCH_SIZE
    for column, row in ((0, 0), (55, 0), (20, 41)):
        in_patch = np.array([column, row]) * sc_p + sc_p / 2
        in_frame = in_patch * sc_o + corner - (width / 2, height / 2)
        np.testing.assert_allclose(directions[:, row, column], in_frame / focal, atol=1e-6)


def test_local_map_counts_columns_and_rows_and_knows_no_camera() -> None:
    count = torch.arange(5) / 5
    for columns, rows in views.local_direction_map(view_of(CROPS), 5):
        torch.testing.assert_close(columns, count.expand(5, 5))
        torch.testing.assert_close(rows, count[:, None].expand(5, 5))


def test_patch_encoding_is_blind_to_the_place_of_the_patch_and_frame_encoding_is_not() -> None:
    joints = torch.rand(1, 21, 2).mul(PATCH_SIZE).repeat(2, 1, 1)
    same_focal = view_of(CROPS)
    in_patch = views.positional_encoding(views.patch_coordinates(joints, same_focal))
    in_frame = views.positional_encoding(views.frame_coordinates(joints, same_focal))
    assert in_patch.shape == (2, 336)
    assert torch.equal(in_patch[0], in_patch[1])
    assert not torch.allclose(in_frame[0], in_frame[1])


def test_positional_encoding_is_the_printed_one() -> None:
    joints = torch.rand(2, 21, 2) * PATCH_SIZE
    view = view_of(CROPS)
    mu = (joints - PATCH_SIZE / 2) / view.focal[:, None, None]
    waves = [wave(2**level * torch.pi * mu) for wave in (torch.sin, torch.cos) for level in range(1, 5)]
    encoded = views.positional_encoding(views.patch_coordinates(joints, view)).unflatten(1, (21, 2, 8))
    torch.testing.assert_close(encoded, torch.stack(waves, dim=-1))


def test_full_perspective_shows_a_flat_hand_where_the_weak_camera_does() -> None:
    view = view_of(CROPS)
    weak = torch.tensor([[8.0, 0.03, -0.02], [5.0, -0.05, 0.01]])
    flat = torch.cat([torch.rand(2, 9, 2) * 0.2 - 0.1, torch.zeros(2, 9, 1)], dim=-1)
    in_patch = weak[:, None, :1] * (flat[..., :2] + weak[:, None, 1:])
    projected = views.project(flat + views.perspective_translation(weak, view)[:, None], view)
    torch.testing.assert_close(projected, (in_patch + 1) * PATCH_SIZE / 2, atol=1e-2, rtol=0)


def test_weak_perspective_camera_becomes_the_translation_that_it_stands_for() -> None:
    view = view_of(CROPS)
    translation = views.perspective_translation(torch.tensor([[8.0, 0.0, 0.0], [8.0, 0.0, 0.0]]), view)
    middle = views.project(translation[:, None], view)
    torch.testing.assert_close(middle, torch.full((2, 1, 2), PATCH_SIZE / 2), atol=1e-2, rtol=0)
    torch.testing.assert_close(translation[:, 2], 2 * view.focal / (view.side * 8))


def test_palm_frame_is_the_palms_rotation_and_forgets_size_and_place() -> None:
    model = load_hand_model()
    flat = model.keypoints(model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3))), "mediapipe")
    points = torch.from_numpy(flat).float()
    frame = PalmFrame(flat[0, [0, 5, 9, 13, 17]])
    turn = random_rotations(8)
    rotation, local = frame(3.0 * points @ turn.transpose(1, 2) + 1.0)
    torch.testing.assert_close(rotation, turn, atol=1e-4, rtol=0)
    torch.testing.assert_close(local, frame(points)[1].expand(8, 21, 3), atol=1e-4, rtol=0)


def test_a_mirrored_hand_has_no_mirrored_frame() -> None:
    model = load_hand_model()
    points = hands(4)
    kinematics = InverseKinematics(model)
    rotations, _ = hand_rotations(*kinematics(points * torch.tensor([-1.0, 1.0, 1.0])))
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(4, 16))


def test_inverse_kinematics_turns_with_the_points() -> None:
    kinematics, points, turn = InverseKinematics(load_hand_model()), hands(4), random_rotations(4)
    rotations, shape = hand_rotations(*kinematics(points))
    turned, same_shape = hand_rotations(*kinematics(points @ turn.transpose(1, 2)))
    torch.testing.assert_close(turned[:, 0], turn @ rotations[:, 0], atol=1e-4, rtol=0)
    torch.testing.assert_close(turned[:, 1:], rotations[:, 1:], atol=1e-4, rtol=0)
    torch.testing.assert_close(same_shape, shape, atol=1e-4, rtol=0)


def test_classifiers_are_taught_where_joints_are_to_a_fraction_of_a_pixel() -> None:
    head = SubPixelJoints(channels=4, size=14)
    joints = torch.rand(2, 21, 2) * 150 + 30
    exact = -((torch.arange(PATCH_SIZE * BINS_PER_PIXEL) - joints[..., None] * BINS_PER_PIXEL) / 6.0).square() / 2
    everything = torch.ones(2, 21, dtype=torch.bool)
    assert head.loss(exact, joints, everything) < 1e-6
    assert head.loss(exact, joints + 5, everything) > 0.5
    assert head.loss(exact, joints + 5, ~everything) == 0


def test_classifiers_begin_at_their_prior() -> None:
    head = SubPixelJoints(channels=4, size=14)
    head.start_from_prior()
    prior = torch.rand(2, 21, 2) * 150 + 30
    joints, _ = head(torch.randn(2, 4, 14, 14), prior)
    torch.testing.assert_close(joints, prior, atol=1e-2, rtol=0)


def test_heatmap_is_read_and_taught_in_the_same_pixels() -> None:
    head = HeatmapJoints(channels=4, size=28)
    joints = torch.rand(1, 21, 2) * 150 + 30
    logits = torch.zeros(1, 21, 28, 28, requires_grad=True)
    optimiser = torch.optim.Adam([logits], 0.3)
    for _ in range(150):
        optimiser.zero_grad()
        head.loss(logits, joints, torch.ones(1, 21, dtype=torch.bool)).backward()
        optimiser.step()
    grid = (torch.arange(28) + 0.5) * 8
    share = logits.detach().flatten(2).softmax(-1).unflatten(2, (28, 28))
    read = torch.stack([(share.sum(2) * grid).sum(-1), (share.sum(3) * grid).sum(-1)], dim=-1)
    assert (read - joints).abs().max() < 1.0


def test_trunk_is_the_landmark_network() -> None:
    patches = np.random.default_rng(0).integers(0, 256, (2, PATCH_SIZE, PATCH_SIZE, 3), dtype=np.uint8)
    points, presence, right_score, world = create_session(asset("hand_landmark.onnx"), 1).run(patches=patches)
    images = torch.from_numpy(patches).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        landmarks = LandmarkHeads()(Trunk()(images)[-1].mean(dim=(2, 3)))
    np.testing.assert_allclose(landmarks.points, points[..., :2], atol=2e-3)
    np.testing.assert_allclose(landmarks.presence.sigmoid(), presence, atol=1e-4)
    np.testing.assert_allclose(landmarks.right_score.sigmoid(), right_score, atol=1e-4)
    np.testing.assert_allclose(landmarks.world, world, atol=1e-4)


FORMS = [
    dataclasses.replace(SMALL, direction_map=direction, joints=joints, encoding=encoding)
    for direction, joints, encoding in itertools.product(
        ("none", "local", "global"), ("none", "heatmap", "simcc"), ("none", "patch", "frame")
    )
    if joints != "none" or encoding == "none"
]


@pytest.fixture(scope="module")
def pyramid() -> list["torch.Tensor"]:
    return [torch.rand(2, 40, 28, 28), torch.rand(2, 112, 14, 14), torch.rand(2, 1152, 7, 7)]


@pytest.mark.parametrize("config", FORMS, ids=lambda form: f"{form.direction_map}-{form.joints}-{form.encoding}")
def test_every_form_of_the_ablation_runs_forward_and_backward(config: NetworkConfig, pyramid: list) -> None:
    network = DaHyF(config, pretrained=False)
    prediction = network.read(pyramid, view_of(CROPS))
    assert (prediction.joints is None) == (config.joints == "none")
    assert prediction.hand.rotations.shape == (2, 16, 3, 3)
    assert prediction.translation.isfinite().all()
    (prediction.translation.sum() + prediction.hand.shape.sum()).backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.regressor.parameters())


@pytest.mark.parametrize("config", FORMS, ids=lambda form: f"{form.direction_map}-{form.joints}-{form.encoding}")
def test_the_regressor_reads_pooled_features_and_encoded_joints(config: NetworkConfig, pyramid: list) -> None:
    network = DaHyF(dataclasses.replace(config, regressor="paper"), pretrained=False).eval()
    read = []
    network.regressor.register_forward_pre_hook(lambda _, arguments: read.append(arguments[0]))
    view = view_of(CROPS)
    prediction = network.read(pyramid, view)
    parts = [network.directed(network.neck(pyramid), view).mean(dim=(2, 3))]
    if config.encoding != "none":
        coordinates = {"patch": views.patch_coordinates, "frame": views.frame_coordinates}[config.encoding]
        parts.append(views.positional_encoding(coordinates(prediction.joints, view)))
    torch.testing.assert_close(read, [torch.cat(parts, dim=1)])


def test_a_backbone_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(SettingsError, match="resnet50 needs timm") as caught:
        DaHyF(dataclasses.replace(SMALL, backbone="resnet50"))
    assert "[train,paper]" in caught.value.remedy


def test_lite_begins_as_the_inverse_kinematics_of_its_trunks_landmarks(pyramid: list) -> None:
    network = DaHyF(SMALL, pretrained=False).eval()
    assert network.landmark_heads is not None
    torch.nn.init.constant_(network.landmark_heads.points.bias, PATCH_SIZE / 2)
    prediction = network.read(pyramid, view_of(CROPS))
    assert prediction.initial is not None
    torch.testing.assert_close(prediction.hand.rotations, prediction.initial.hand.rotations)
    torch.testing.assert_close(prediction.joints, prediction.initial.landmarks.points, atol=1e-2, rtol=0)
