"""The exported network: the same numbers as torch's, in a file small enough to ship, for any number of hands."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
onnx = pytest.importorskip("onnx", reason="export needs the [train] extra")

import onnxruntime as ort  # noqa: E402

from dahyf_core.camera import Crops, Intrinsics  # noqa: E402
from dahyf_core.geometry import matrix_from_axis_angle  # noqa: E402
from dahyf_core.hand_model import load_hand_model  # noqa: E402
from dahyf_core.network import DaHyF, NetworkConfig, View  # noqa: E402
from dahyf_core.network.export import Exported, export, round_to_half  # noqa: E402
from dahyf_core.network.trunk import Trunk  # noqa: E402
from dahyf_core.pose.dahyf import DahyfEstimator, DahyfNetwork  # noqa: E402
from dahyf_core.runtime import CPU  # noqa: E402

LIMIT_MB = 16
CAMERA = Intrinsics(700.0, 700.0, 320.0, 240.0, 640, 480)


@pytest.fixture(scope="module")
def network() -> DaHyF:
    torch.manual_seed(0)
    network = DaHyF(NetworkConfig()).eval()
    for parameter in network.regressor.parameters():
        torch.nn.init.normal_(parameter, std=0.01)
    round_to_half(network)
    return network


@pytest.fixture(scope="module")
def exported(network: DaHyF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "lite.onnx"
    export(network, path)
    return path


def crops(count: int, mirrored: bool = False) -> Crops:
    middle = np.tile([[260.0, 200.0]], (count, 1)) + np.arange(count)[:, None] * 20
    return Crops(middle, np.full(count, 180.0), np.full(count, 0.3), np.full(count, mirrored), CAMERA)


def test_hands_that_are_not_where_their_joints_are_have_less_presence(network: DaHyF) -> None:
    patches = torch.randint(0, 256, (4, 224, 224, 3), dtype=torch.uint8)
    view = View(torch.zeros(4, 2), torch.full((4,), 180.0), torch.full((4,), 700.0))
    with torch.inference_mode():
        guess = network(patches.permute(0, 3, 1, 2).float() / 255, view)
        presence = Exported(network)(patches, torch.cat([view.center, view.side[:, None], view.focal[:, None]], dim=1))[
            1
        ]
    assert (presence < guess.presence.sigmoid()).all()


def test_onnx_runtime_and_torch_agree_for_any_number_of_patches(network: DaHyF, exported: Path) -> None:
    runner = DahyfNetwork(exported, threads=1)
    patches = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    views = torch.from_numpy(np.column_stack([crops(3).virtual_center(), [180.0] * 3, [700.0] * 3])).float()
    with torch.inference_mode():
        expected = [output.numpy() for output in Exported(network).eval()(torch.from_numpy(patches), views)]
    for count in (0, 1, 3):
        found = dict(vars(runner.run(patches[:count], crops(count))))
        np.testing.assert_array_equal(found.pop("is_hand"), np.ones(count), err_msg="of a network without that head")
        for values, wanted, (name, tolerance) in zip(
            found.values(), expected, [(name, 224 if name == "joints" else 1) for name in found], strict=True
        ):
            np.testing.assert_allclose(values, wanted[:count], atol=1e-4 * tolerance, err_msg=name)


def test_padding_becomes_a_part_of_convolutions(exported: Path, tmp_path: Path) -> None:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    ort.InferenceSession(exported, options, providers=[CPU])
    kinds = {node.op_type for node in onnx.load(tmp_path / "optimised.onnx").graph.node}
    assert "Conv" in kinds
    assert "Pad" not in kinds


def test_file_is_small_enough_to_ship(exported: Path) -> None:
    assert exported.stat().st_size < LIMIT_MB * 1e6


def test_half_precision_keeps_the_trunk_as_it_was() -> None:
    trunk = Trunk()
    before = {name: parameter.clone() for name, parameter in trunk.named_parameters()}
    round_to_half(trunk)
    assert all(torch.equal(parameter, before[name]) for name, parameter in trunk.named_parameters())


def test_estimator_gives_poses_that_project_to_their_joints_in_either_hand(exported: Path) -> None:
    models = {"right": load_hand_model(), "left": load_hand_model(side="left")}
    estimator = DahyfEstimator(DahyfNetwork(exported, threads=1), models)
    image = np.random.default_rng(1).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    for side in ("right", "left"):
        observations = estimator.observe(image, crops(2, mirrored=side == "left"))
        found = estimator.solve(observations, side)
        model = models[side]
        posed = model.skeleton(found.pose, found.shape, found.translation)
        np.testing.assert_allclose(model.keypoints(posed, "mediapipe"), found.joints_3d, atol=1e-6)
        np.testing.assert_allclose(CAMERA.project(found.joints_3d), found.joints_2d_projected, atol=1e-3)
        other = estimator.solve(observations, "left" if side == "right" else "right")
        assert (other.confidence == 0).all()


def test_a_picture_in_a_mirror_gives_the_hand_in_a_mirror(exported: Path) -> None:
    models = {"right": load_hand_model(), "left": load_hand_model(side="left")}
    estimator = DahyfEstimator(DahyfNetwork(exported, threads=1), models)
    camera = Intrinsics(700.0, 700.0, 319.5, 240.0, 640, 480)
    image = np.random.default_rng(2).integers(0, 256, (48, 64, 3), dtype=np.uint8).repeat(10, axis=0).repeat(10, axis=1)
    right = Crops(np.array([[260.0, 200.0]]), np.array([180.0]), np.array([0.3]), np.array([False]), camera)
    left = Crops(np.array([[639 - 260.0, 200.0]]), np.array([180.0]), np.array([0.3]), np.array([True]), camera)
    here = estimator.solve(estimator.observe(image, right), "right")
    there = estimator.solve(estimator.observe(np.ascontiguousarray(image[:, ::-1]), left), "left")
    np.testing.assert_allclose(there.joints_3d, here.joints_3d * (-1, 1, 1), atol=1e-4)
    flip = np.diag((-1.0, 1.0, 1.0))
    np.testing.assert_allclose(
        matrix_from_axis_angle(there.pose), flip @ matrix_from_axis_angle(here.pose) @ flip, atol=1e-4
    )


def test_patches_of_different_cameras_run_together_as_alone(exported: Path) -> None:
    runner = DahyfNetwork(exported, threads=1)
    patches = np.random.default_rng(0).integers(0, 256, (3, 224, 224, 3), dtype=np.uint8)
    near, far = crops(1), replace(crops(2), intrinsics=replace(CAMERA, fx=2000.0, fy=2000.0))
    together = runner.run(patches, near, far)
    np.testing.assert_allclose(together.rot6d[:1], runner.run(patches[:1], near).rot6d, atol=1e-4)
    np.testing.assert_allclose(together.rot6d[1:], runner.run(patches[1:], far).rot6d, atol=1e-4)


def test_view_reaches_the_network(network: DaHyF) -> None:
    images = torch.rand(1, 3, 224, 224)
    here = network(images, View(torch.tensor([[0.0, 0.0]]), torch.tensor([180.0]), torch.tensor([700.0])))
    there = network(images, View(torch.tensor([[500.0, 0.0]]), torch.tensor([180.0]), torch.tensor([700.0])))
    assert not torch.allclose(here.hand.rotations[:, 0], there.hand.rotations[:, 0])
