"""`lite2`: its plain convolutions, what it reads at joints, hands lifted from depths, and its file."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
pytest.importorskip("lightning_fabric", reason="training needs the [train] extra")

from cli_runner import run  # noqa: E402
from dataset_factory import write_freihand  # noqa: E402
from labelled_noise import MadeUpHands  # noqa: E402
from made_up_mano import made_up_mano, write_pickle  # noqa: E402

from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics, cut_patches  # noqa: E402
from dahyf_core.datasets import Augmentation  # noqa: E402
from dahyf_core.errors import ModelFileError, SettingsError  # noqa: E402
from dahyf_core.hand_model import load_hand_model, load_hand_models  # noqa: E402
from dahyf_core.network import DaHyF, NetworkConfig, View  # noqa: E402
from dahyf_core.network.export import Exported, export, fused  # noqa: E402
from dahyf_core.network.fast_trunk import PICTURE, FastTrunk, PlainConv, distillation_loss, fuse  # noqa: E402
from dahyf_core.network.readings import (  # noqa: E402
    DEEPEST,
    DEPTH_BINS,
    DensePoints,
    JointReadings,
    joint_blend,
    likelihood_loss,
    sampled,
)
from dahyf_core.network.regressor import LiftedRegressor  # noqa: E402
from dahyf_core.pose import card_metadata  # noqa: E402
from dahyf_core.pose.dahyf import DahyfNetwork  # noqa: E402
from dahyf_core.pose.shipped import network_estimator  # noqa: E402
from dahyf_core.training import RunFolder, TrainingConfig, train  # noqa: E402
from dahyf_core.training.batches import Batch, PatchSource, StepBatches, WeightedSource  # noqa: E402
from dahyf_core.training.config import DataConfig  # noqa: E402
from dahyf_core.training.data import DataOpener  # noqa: E402
from dahyf_core.training.features import FeatureSource  # noqa: E402
from dahyf_core.training.kinematics import KinematicsConfig, sample_hands  # noqa: E402
from dahyf_core.training.loop import LossModule, TrainingModel  # noqa: E402
from dahyf_core.training.objective import Objective, ObjectiveConfig  # noqa: E402
from dahyf_core.training.run_folder import load_weights, save_weights  # noqa: E402

LITE2 = NetworkConfig(
    "lite2", regressor="lifted", channels=16, map_size=10, hidden=(32,), dropout=0.0, depth=True, dense=True
)
VIEW = View(torch.tensor([[10.0, 20.0], [300.0, -50.0]]), torch.tensor([200.0, 150.0]), torch.tensor([800.0, 700.0]))
CAMERA = Intrinsics(700.0, 700.0, 320.0, 240.0, 640, 480)
CROPS = Crops(np.array([[260.0, 200.0]]), np.array([180.0]), np.zeros(1), np.zeros(1, bool), CAMERA)


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Three hands and a patch without one."""
    return PatchSource(MadeUpHands(4), Augmentation(), size=PICTURE).batch(np.arange(4), np.random.default_rng(0))


@pytest.fixture(scope="module")
def network() -> DaHyF:
    torch.manual_seed(0)
    network = DaHyF(LITE2, pretrained=False).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.normal_(module.running_mean, 0.0, 0.1)
    return network


@pytest.fixture(scope="module")
def exported(network: DaHyF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("network") / "lite2.onnx"
    export(network, path, card_metadata("lite2", hand_model="mano", patch_size=PICTURE))
    return path


def random_pyramid() -> list["torch.Tensor"]:
    return [torch.rand(2, 40, 20, 20), torch.rand(2, 112, 10, 10), torch.rand(2, 1152, 5, 5)]


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(3, 8, 2), (8, 8, 1), (4, 6, 1)])
def test_parallel_branches_are_one_convolution(inputs: int, outputs: int, stride: int) -> None:
    torch.manual_seed(0)
    conv = PlainConv(inputs, outputs, stride)
    for _ in range(3):
        conv(torch.randn(4, inputs, 12, 12) * 3 + 1)
    images = torch.randn(2, inputs, 12, 12)
    single = conv.eval().fused()
    assert len([module for module in single if isinstance(module, torch.nn.Conv2d)]) == 1
    torch.testing.assert_close(single(images), conv(images), atol=1e-4, rtol=1e-4)


def test_the_trunk_halves_three_to_five_times_and_its_fused_copy_is_the_same() -> None:
    torch.manual_seed(0)
    trunk = FastTrunk(pretrained=False).eval()
    with torch.inference_mode():
        larger = trunk(torch.rand(1, 3, PATCH_SIZE, PATCH_SIZE))
        images = torch.rand(1, 3, PICTURE, PICTURE)
        pyramid = trunk(images)
        for level, same in zip(pyramid, fuse(trunk)(images), strict=True):
            torch.testing.assert_close(same, level, atol=1e-4, rtol=1e-3)
    assert [tuple(level.shape[1:]) for level in pyramid] == [(40, 20, 20), (112, 10, 10), (1152, 5, 5)]
    assert [level.shape for level in larger] == [level.shape for level in pyramid]


def test_distillation_is_0_for_the_same_features_and_1_for_their_mean() -> None:
    torch.manual_seed(0)
    taught = [torch.randn(2, 4, 28, 28), torch.randn(2, 8, 14, 14), torch.randn(2, 16, 7, 7)]
    assert distillation_loss(taught, taught) == 0
    means = [level.mean().expand_as(level) for level in taught]
    assert float(distillation_loss(means, taught)) == pytest.approx(1.0, rel=0.1)


def test_tokens_are_the_features_where_joints_are() -> None:
    columns = torch.arange(10.0).expand(10, 10)
    features = torch.stack([columns, columns.T])[None]
    middles = torch.tensor([[[3.5, 7.5], [9.5, 0.5]]]) * PATCH_SIZE / 10
    torch.testing.assert_close(sampled(features, middles)[0], torch.tensor([[3.0, 7.0], [9.0, 0.0]]))


def test_depths_are_taught_to_a_fraction_of_a_bin() -> None:
    depths = torch.rand(2, 21) * 3 - 1.5
    place = (depths / DEEPEST + 1) / 2 * (DEPTH_BINS - 1)
    exact = -(torch.arange(DEPTH_BINS) - place[..., None]).square() / 2
    both = torch.ones(2)
    assert JointReadings.depth_loss(exact, depths, both) < 1e-6
    assert JointReadings.depth_loss(exact, depths + 0.2, both) > 0.5
    assert JointReadings.depth_loss(exact, depths + 0.2, torch.zeros(2)) == 0
    assert JointReadings.depth_loss(exact, torch.full((2, 21), 9.0), both) == 0


def test_the_likeliest_sigma_is_the_size_of_errors() -> None:
    error = 0.05 * torch.randn(4, 500, 2, generator=torch.Generator().manual_seed(0))
    known = torch.ones(4, 500, dtype=torch.bool)
    sizes = [0.02, 0.035, 0.05, 0.07, 0.12]
    losses = [float(likelihood_loss(error, torch.full((4, 500), size).log(), known)) for size in sizes]
    assert int(np.argmin(losses)) == 2
    assert likelihood_loss(error, torch.zeros(4, 500), ~known) == 0


def test_dense_points_begin_amid_the_joints_that_they_belong_to() -> None:
    joints, points = torch.rand(21, 3) * 0.2, torch.rand(128, 3) * 0.2
    points[:21] = joints
    head = DensePoints(8, joint_blend(joints, points))
    located = torch.rand(2, 21, 2) * PATCH_SIZE
    found = head(torch.rand(2, 8), located, torch.zeros(2, 21))
    assert (found[..., :2] >= located.amin(dim=1, keepdim=True) - 1e-3).all()
    assert (found[..., :2] <= located.amax(dim=1, keepdim=True) + 1e-3).all()
    assert (head.blend[:21].argmax(dim=1) == torch.arange(21)).all()


def test_true_directions_and_depths_are_lifted_to_the_true_hand(batch: Batch) -> None:
    labels, hands = batch.labels, batch.labels.is_hand
    lifted = LiftedRegressor(8, (8,), 0.0, load_hand_model()).lift(batch.view.rays(labels.joints_2d), labels.depth)
    palm = (labels.joints_3d[:, 9] - labels.joints_3d[:, 0]).norm(dim=-1)
    relative = (labels.joints_3d - labels.joints_3d[:, :1]) / palm[:, None, None]
    assert ((lifted - lifted[:, :1]) - relative)[hands].norm(dim=-1).max() < 0.05
    torch.testing.assert_close((lifted / lifted[..., 2:])[hands][..., :2], batch.view.rays(labels.joints_2d)[hands])


def test_rotations_read_depths_and_no_other_networks_3d_points(network: DaHyF) -> None:
    pyramid = random_pyramid()
    assert network.landmark_heads is not None
    assert network.readings is not None
    before = network.read(pyramid, VIEW)
    with torch.no_grad():
        network.landmark_heads.world.bias.add_(torch.rand(63))
        other_points = network.read(pyramid, VIEW)
        network.readings.depth.bias.add_(torch.rand(DEPTH_BINS))
        other_depths = network.read(pyramid, VIEW)
    assert torch.equal(before.hand.rotations, other_points.hand.rotations)
    assert not torch.allclose(before.hand.rotations, other_depths.hand.rotations, atol=1e-4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"depth": False}, "needs depths"),
        ({"joints": "none"}, "at located joints"),
        ({"backbone": "lite"}, "lite2 alone"),
    ],
)
def test_parts_that_do_not_go_together_are_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        DaHyF(dataclasses.replace(LITE2, **changes), pretrained=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"direction_map": "none", "encoding": "none"},
        {"direction_map": "local", "encoding": "patch"},
        {"joints": "heatmap", "dense": False},
        {"regressor": "paper"},
        {"regressor": "paper", "joints": "none", "encoding": "none", "depth": False, "dense": False},
    ],
)
def test_parts_of_the_paper_are_switched_in_lite2_too(changes: dict[str, object]) -> None:
    network = DaHyF(dataclasses.replace(LITE2, **changes), pretrained=False)
    prediction = network.read(random_pyramid(), VIEW)
    assert prediction.hand.rotations.isfinite().all()
    assert prediction.translation.isfinite().all()
    assert (prediction.dense is not None) == network.config.dense


def test_every_part_learns(batch: Batch) -> None:
    torch.manual_seed(0)
    network = DaHyF(LITE2, pretrained=False)
    torch.nn.init.normal_(network.regressor.residual[-1].weight, std=0.05)  # at 0 it lets nothing through
    for layer in (network.dense.points, network.joint_head.columns, network.joint_head.rows):
        torch.nn.init.normal_(layer.weight, std=0.05)
    labels = dataclasses.replace(
        batch.labels,
        joint_visible=torch.randint(0, 2, (4, 21)).float(),
        dense_2d=torch.rand(4, 128, 2) * PATCH_SIZE,
        dense_known=batch.labels.is_hand[:, None].expand(4, 128),
    )
    prediction = network(batch.inputs[0] / 255, batch.view)
    total, found = Objective(network, ObjectiveConfig())(prediction, batch.view, labels, contrast=True)
    total.backward()
    assert {"depth", "visibility", "dense", "place_sigma", "depth_sigma", "contrast"} <= set(found)
    learned = {name: parameter.grad for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert not [name for name, gradient in learned.items() if gradient is None or not gradient.any()]


def test_the_landmark_network_teaches_the_trunk(batch: Batch) -> None:
    network = DaHyF(dataclasses.replace(LITE2, dense=False), pretrained=False)
    module = LossModule(TrainingModel(network, Objective(network, ObjectiveConfig(distillation=True))))
    assert not any("teacher" in name for name in module.state_dict())
    loss, found = module(lambda: batch, contrast=False)
    assert found["distillation"] > 0
    loss.backward()
    assert network.backbone.stem[0].square.weight.grad.any()


def test_its_file_has_every_output_by_name_and_takes_small_patches(network: DaHyF, exported: Path) -> None:
    runner = DahyfNetwork(exported, threads=1)
    assert (runner.card.patch_size, runner.card.hand_model) == (PICTURE, "mano")
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    patches = cut_patches(image, CROPS, PICTURE)
    views = torch.tensor([[*CROPS.virtual_center()[0], 180.0, 700.0]]).float()
    whole = Exported(fused(network))
    assert whole.further == ("agreement", "depth", "visibility", "log_sigma", "dense")
    with torch.inference_mode():
        outputs = whole(torch.from_numpy(patches), views)
    found = runner.run(patches, CROPS)
    np.testing.assert_allclose(found.joints, outputs[0], atol=0.1)
    np.testing.assert_allclose(found.rot6d, outputs[3], atol=1e-2)


def test_a_network_of_mano_asks_for_mano(exported: Path) -> None:
    with pytest.raises(SettingsError, match="trained with the hand model mano") as caught:
        network_estimator(load_hand_models(), 1, exported)
    assert "--hand-model" in caught.value.remedy


def test_a_network_of_the_paper_has_a_file_too_and_unknown_outputs_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = NetworkConfig("lite2", regressor="paper", channels=16, map_size=10, hidden=(32,), encoding="patch")
    network = DaHyF(config, pretrained=False)
    export(network, tmp_path / "paper.onnx", card_metadata("paper", patch_size=PICTURE))
    estimator = network_estimator(load_hand_models(), 1, tmp_path / "paper.onnx")
    found = estimator.observe(np.zeros((480, 640, 3), np.uint8), CROPS)
    assert found.joints_2d.shape == (1, 21, 2)
    assert 0 <= found.presence[0] <= 1
    monkeypatch.setattr("dahyf_core.pose.network_card.OUTPUTS", ("joints", "others"))
    with pytest.raises(ModelFileError, match="not a DaHyF network"):
        DahyfNetwork(tmp_path / "paper.onnx", threads=1)


@pytest.fixture
def with_teacher(tmp_path: Path) -> TrainingConfig:
    """A configuration for two steps on a made-up FreiHAND, with the landmark network as teacher."""
    mano = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano()))
    write_freihand(tmp_path / "set", mano)
    data = DataConfig("hands", "freihand", tmp_path / "set", count=3, amplitudes=tmp_path / "set", label_fade=0.5)
    return TrainingConfig(
        steps=2,
        data=(data,),
        validation=(dataclasses.replace(data, limit=2),),
        network=LITE2,
        objective=ObjectiveConfig(distillation=True),
        kinematics=KinematicsConfig(steps=2, batch=4, wide=0.5),
        precision="auto",
        accelerator="cpu",
        threads=1,
        log_every=1,
    )


def test_a_run_is_trained_after_a_teacher_and_exported(with_teacher: TrainingConfig, tmp_path: Path) -> None:
    config = with_teacher
    trunk = RunFolder.create(tmp_path / "trunk", config)
    train(config, trunk, lambda *_: None)
    terms = json.loads((trunk.path / "metrics.jsonl").read_text().splitlines()[0])
    assert terms["distillation"] > 0
    onward = dataclasses.replace(config, objective=ObjectiveConfig(), start=trunk.weights, steps=1)
    main = RunFolder.create(tmp_path / "main", onward)
    train(onward, main, lambda *_: None)
    measured = json.loads((main.path / "metrics.jsonl").read_text().splitlines()[-1])
    assert {"pa_mm", "located_px", "depth_palms", "initial_pa_mm"} <= set(measured)
    assert run("export-onnx", main.path, "-o", tmp_path / "mine.onnx").exit_code == 0
    assert DahyfNetwork(tmp_path / "mine.onnx", threads=1).card.patch_size == PICTURE


def test_features_of_plain_convolutions_are_computed_ahead_and_these_stand_still(
    network: DaHyF, with_teacher: TrainingConfig, tmp_path: Path
) -> None:
    start = tmp_path / "start.safetensors"
    save_weights(network.state_dict(), start)
    data = dataclasses.replace(with_teacher.data[0], cached_variants=2)
    config = dataclasses.replace(
        with_teacher, objective=ObjectiveConfig(), data=(data,), validation=(data,), start=start, ema=0.0
    )
    folder = RunFolder.create(tmp_path / "run", config)
    train(config, folder, lambda *_: None)
    source = DataOpener.of(config, folder, lambda *_: None).source(dataclasses.replace(data, cached_variants=0))
    pictures = source.batch(np.arange(4), np.random.default_rng((config.seed, 0))).inputs[0]
    ahead = FeatureSource(folder.features(data.name)).batch(np.arange(4), np.random.default_rng(0)).inputs
    with torch.inference_mode():
        for stored, exact in zip(ahead, network.backbone.early(pictures.float() / 255), strict=True):
            torch.testing.assert_close(stored, exact, atol=2e-2, rtol=5e-3)
    before, after = network.state_dict(), load_weights(folder.weights)
    still = [name for name in before if name.startswith(("backbone.stem", "backbone.middle"))]
    assert all(torch.equal(before[name], after[name]) for name in still)
    learned = [name for name in before if name.startswith("backbone.last") and name.endswith("weight")]
    assert learned
    assert not any(torch.equal(before[name], after[name]) for name in learned)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({}, "have learned nothing yet"), ({"objective": ObjectiveConfig(distillation=True)}, "may stand still")],
)
def test_features_are_not_computed_ahead_of_a_trunk_that_has_to_learn(
    with_teacher: TrainingConfig, tmp_path: Path, changes: dict[str, ObjectiveConfig], reason: str
) -> None:
    data = dataclasses.replace(with_teacher.data[0], cached_variants=1)
    config = dataclasses.replace(with_teacher, **{"objective": ObjectiveConfig(), "data": (data,), **changes})
    with pytest.raises(SettingsError, match=reason):
        train(config, RunFolder.create(tmp_path / "run", config), lambda *_: None)


def test_patches_of_another_size_show_the_same_square() -> None:
    crops = Crops(np.array([[320.0, 240.0]]), np.array([300.0]), np.array([0.5]), np.array([True]), CAMERA)
    slopes = np.stack(np.broadcast_arrays(np.arange(640) / 3, np.arange(480)[:, None] / 3, 100), axis=-1)
    image = slopes.astype(np.uint8)
    whole, small = cut_patches(image, crops)[0], cut_patches(image, crops, 112)[0]
    halved = whole.astype(float).reshape(112, 2, 112, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small).max() <= 1.5


def test_weights_of_labels_fade() -> None:
    source = PatchSource(MadeUpHands(6), Augmentation(), size=32)
    batches = StepBatches([WeightedSource(source, 2, 0.4, label_fade=0.5)], seed=0, steps=8)
    weights = [float(batches[step].labels.label_weight[0]) for step in (0, 2, 4, 7)]
    assert weights == pytest.approx([0.4, 0.2, 0.0, 0.0])


def test_last_joints_of_wide_hands_bend_apart_from_the_middle_ones(network: DaHyF) -> None:
    ties = []
    for wide in (0.0, 1.0):
        config, random = KinematicsConfig(batch=400, wide=wide), torch.Generator().manual_seed(0)
        rotations, *_ = sample_hands(network.hand_layer, config, random)
        cosines = (rotations[:, 2:4].diagonal(dim1=2, dim2=3).sum(dim=-1) - 1) / 2
        ties.append(float(torch.corrcoef(cosines.clamp(-1, 1).acos().T)[0, 1]))
    assert ties[1] < ties[0] - 0.2
