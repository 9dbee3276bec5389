"""Training: the same whatever happens to the process, and able to learn."""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_runner import run

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
pytest.importorskip("lightning_fabric", reason="training needs the [train] extra")
pytest.importorskip("tensorboard", reason="training needs the [train] extra")

from dataset_factory import write_freihand, write_ho3d  # noqa: E402
from labelled_noise import MODELS, MadeUpHands, learn_by_heart  # noqa: E402
from made_up_mano import made_up_mano, write_pickle  # noqa: E402
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # noqa: E402

from dahyf_core.datasets import Augmentation, FreiHand, cut_sample  # noqa: E402
from dahyf_core.errors import DatasetError, OutputError, SettingsError  # noqa: E402
from dahyf_core.geometry import axis_angle_from_matrix  # noqa: E402
from dahyf_core.geometry.tensors import similarity_aligned  # noqa: E402
from dahyf_core.hand_model import load_hand_model  # noqa: E402
from dahyf_core.metrics.tensors import cosine_agreement  # noqa: E402
from dahyf_core.network import DaHyF, NetworkConfig  # noqa: E402
from dahyf_core.network import losses as terms  # noqa: E402
from dahyf_core.network.trunk import Trunk  # noqa: E402
from dahyf_core.network.view import project  # noqa: E402
from dahyf_core.pose import DahyfNetwork  # noqa: E402
from dahyf_core.training import RunFolder, TrainingConfig, read_config, train  # noqa: E402
from dahyf_core.training.batches import PatchSource, StepBatches, WeightedSource, map_tensors, mirror_patch, stack  # noqa: E402
from dahyf_core.training.config import DataConfig, OptimiserConfig, ScheduleConfig, dump_config, parse_config  # noqa: E402
from dahyf_core.training.data import WithoutParameters  # noqa: E402
from dahyf_core.training.features import FeatureSource, write_features  # noqa: E402
from dahyf_core.training.kinematics import KinematicsConfig, teach_kinematics  # noqa: E402
from dahyf_core.training.loop import TrainingModel  # noqa: E402
from dahyf_core.training.objective import Objective, ObjectiveConfig  # noqa: E402
from dahyf_core.training.optimiser import rate_share  # noqa: E402
from dahyf_core.training.run_folder import load_weights  # noqa: E402

SMALL = NetworkConfig(channels=8, map_size=14, hidden=(64,), dropout=0.0)
JITTER = Augmentation(roll=0.2, scale=0.1, shift=0.05)


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("features")
    write_features(PatchSource(MadeUpHands(11), Augmentation()), Trunk(), folder, 1, 0, lambda done, total: None, 1)
    return folder


def config_of(features: Path, **changes: object) -> TrainingConfig:
    data = DataConfig("made_up", "features", features, count=4)
    plain = TrainingConfig(
        steps=6,
        data=(data,),
        validation=(data,),
        network=dataclasses.replace(SMALL, dropout=0.2),
        kinematics=KinematicsConfig(steps=2, batch=4),
        schedule=ScheduleConfig(warm_up=2),
        accelerator="cpu",
        threads=1,
        log_every=1,
        save_every=2,
        validate_every=6,
    )
    return dataclasses.replace(plain, **changes)


def losses_of(run: RunFolder) -> dict[int, float]:
    lines = map(json.loads, (run.path / "metrics.jsonl").read_text().splitlines())
    return {line["step"]: line["loss"] for line in lines if line["kind"] == "train"}


def ignore(*_: object) -> None: ...


def test_a_batch_depends_on_seed_and_step_alone() -> None:
    batches = StepBatches([WeightedSource(PatchSource(MadeUpHands(11), JITTER, mirror_fraction=0.5), 3)], seed=5)
    later = batches[7]
    again = StepBatches([WeightedSource(PatchSource(MadeUpHands(11), JITTER, mirror_fraction=0.5), 3)], seed=5)[7]
    torch.testing.assert_close(vars(later.labels), vars(again.labels))
    assert torch.equal(later.inputs[0], again.inputs[0])


def test_processes_share_an_epoch_between_them() -> None:
    weighted = WeightedSource(PatchSource(MadeUpHands(12), JITTER), 2)
    drawn = [
        StepBatches([weighted], 0, rank, world=3).row(0, weighted, (step * 3 + rank) * 2 + place)
        for step in range(2)
        for rank in range(3)
        for place in range(2)
    ]
    assert sorted(drawn) == list(range(12))


def test_a_patch_turned_over_shows_the_hand_where_its_labels_are() -> None:
    patch = cut_sample(MadeUpHands(11)[0], Augmentation(), np.random.default_rng(0))
    over = mirror_patch(patch)
    np.testing.assert_allclose(mirror_patch(over).joints_2d, patch.joints_2d)
    np.testing.assert_array_equal(over.image[:, ::-1], patch.image)
    batch = stack([over], np.array([False]))
    assert batch.labels.visible.all()
    assert not batch.labels.has_3d.any()
    assert not batch.labels.has_parameters.any()


def test_labels_of_left_hands_are_those_of_the_right_hand_in_the_mirror() -> None:
    patch = cut_sample(MadeUpHands(11)[1], Augmentation(), np.random.default_rng(0))
    pose = axis_angle_from_matrix(patch.rotations)
    model = MODELS["right"]
    points = model.keypoints(model.skeleton(pose[None], patch.shape[None], np.zeros((1, 3))), "mediapipe")[0]
    np.testing.assert_allclose(points - points[0], patch.joints_3d - patch.joints_3d[0], atol=1e-9)


def test_features_are_those_of_the_trunk(features: Path) -> None:
    source = FeatureSource(features)
    batch = PatchSource(MadeUpHands(11), Augmentation()).batch(np.arange(3), np.random.default_rng((0, 0)))
    with torch.inference_mode():
        maps = Trunk().early(batch.inputs[0].float() / 255)
    for stored, exact in zip(source.batch(np.arange(3), np.random.default_rng(0)).inputs, maps, strict=True):
        torch.testing.assert_close(stored, exact, atol=2e-2, rtol=2e-3)


def test_incomplete_features_are_refused(features: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no complete set"):
        FeatureSource(tmp_path)


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(features: Path, tmp_path: Path) -> None:
    config = config_of(features)
    whole = RunFolder.create(tmp_path / "whole", config)
    train(config, whole, ignore)
    broken = RunFolder.create(tmp_path / "broken", config)
    steps = iter(range(99))
    train(config, broken, ignore, stop=lambda: next(steps) == 2)
    assert max(losses_of(broken)) == 3
    broken, config = RunFolder.open(broken.path)
    train(config, broken, ignore)
    assert losses_of(broken) == losses_of(whole)
    assert whole.weights.read_bytes() == broken.weights.read_bytes()


class KilledError(Exception):
    """Ends a run where a kill would."""


def test_a_run_that_was_killed_goes_on_from_what_it_had_saved(features: Path, tmp_path: Path) -> None:
    config = config_of(features, validation=())
    whole = RunFolder.create(tmp_path / "whole", config)
    train(config, whole, ignore)
    killed = RunFolder.create(tmp_path / "killed", config)

    def kill_after_three(what: str, done: int, total: int) -> None:
        if what == "training" and done == 3:
            raise KilledError

    with pytest.raises(KilledError):
        train(config, killed, kill_after_three)
    train(config, killed, ignore)
    assert losses_of(killed) == losses_of(whole)
    assert whole.weights.read_bytes() == killed.weights.read_bytes()


def test_weights_are_the_moving_average(features: Path, tmp_path: Path) -> None:
    config = config_of(features, steps=3, save_every=1, ema=0.75, validation=())
    run = RunFolder.create(tmp_path / "run", config)
    states = []

    def read(what: str, done: int, total: int) -> None:
        if what == "training":
            states.append(torch.load(run.checkpoint, weights_only=True))

    train(config, run, read)
    name = "regressor.residual.0.weight"
    average = states[0]["learner"][f"network.{name}"]
    for state in states[1:]:
        now = state["learner"][f"network.{name}"]
        assert not torch.equal(now, average)
        average = 0.75 * average + 0.25 * now
    torch.testing.assert_close(load_weights(run.weights)[name], average)


def test_what_a_run_learned_is_written_to_capture_with_and_to_train_on_from(features: Path, tmp_path: Path) -> None:
    config = config_of(features, steps=1, validation=())
    learned = RunFolder.create(tmp_path / "run", config)
    train(config, learned, ignore)
    said = ("--name", "mine", "--licence", "CC0-1.0")
    assert run("export-onnx", learned.path, "-o", tmp_path / "lite.onnx", *said).exit_code == 0
    card = DahyfNetwork(tmp_path / "lite.onnx", threads=1).card
    assert (card.name, card.licence) == ("mine", "CC0-1.0")
    kept = load_weights(tmp_path / "lite.safetensors")
    for name, tensor in load_weights(learned.weights).items():
        torch.testing.assert_close(kept[name].to(tensor.dtype), tensor, rtol=1e-3, atol=1e-4)
    name = "regressor.residual.0.weight"
    assert kept[name].dtype == torch.float16
    onward = config_of(features, steps=1, validation=(), start=tmp_path / "lite.safetensors")
    second = RunFolder.create(tmp_path / "onward", onward)
    train(onward, second, ignore)
    assert run("export-onnx", learned.path, second.path, "-o", tmp_path / "both.onnx").exit_code == 0
    both = [load_weights(each.weights)[name] for each in (learned, second)]
    mean = load_weights(tmp_path / "both.safetensors")[name].float()
    torch.testing.assert_close(mean, sum(both) / 2, rtol=1e-3, atol=1e-4)


def test_mixed_precision_takes_the_same_course(features: Path, tmp_path: Path) -> None:
    courses = {}
    for precision in ("32-true", "bf16-mixed"):
        config = config_of(features, steps=2, precision=precision, network=SMALL, validation=())
        run = RunFolder.create(tmp_path / precision, config)
        train(config, run, ignore)
        courses[precision] = losses_of(run)
    assert courses["bf16-mixed"] != courses["32-true"]
    assert courses["bf16-mixed"] == pytest.approx(courses["32-true"], rel=0.15)


def test_the_folder_of_a_run_tells_what_ran_and_how_it_went(features: Path, tmp_path: Path) -> None:
    config = config_of(features, steps=5, seed=3)
    run = RunFolder.create(tmp_path / "run", config)
    train(config, run, ignore)
    assert json.loads(run.config_file.read_text())["seed"] == 3
    assert json.loads((run.path / "versions.json").read_text())["torch"] == torch.__version__
    lines = [json.loads(line) for line in (run.path / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "contrast" in line] == [5]  # the last fifth
    assert [line["step"] for line in lines if line["kind"] == "made_up"] == [5]
    curves = EventAccumulator(str(run.path)).Reload()
    assert {"train/loss", "made_up/pa_mm"} <= set(curves.Tags()["scalars"])
    assert [event.step for event in curves.Scalars("train/loss")] == [1, 2, 3, 4, 5]


TWO_PROCESSES = """
import sys
from pathlib import Path
from dahyf_core.training import RunFolder, train

def kill():
    raise KeyError("killed")

for name, last in (("whole", 99), ("broken", 2), ("broken", 99)):
    steps = iter(range(1, 99))
    run, config = RunFolder.open(Path(sys.argv[1]) / name)
    try:
        train(config, run, lambda *_: None, stop=lambda: next(steps) == last and kill())
    except KeyError:
        pass
"""


def test_two_processes_go_on_as_if_they_had_not_been_killed(features: Path, tmp_path: Path) -> None:
    config = config_of(features, devices=2, strategy="ddp", steps=3, save_every=1, validation=())
    runs = [RunFolder.create(tmp_path / name, config) for name in ("whole", "broken")]
    script = tmp_path / "two_processes.py"
    script.write_text(TWO_PROCESSES)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    subprocess.run([*launcher, script, tmp_path], check=True, timeout=200, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert list(losses_of(runs[0])) == [1, 2, 3]
    assert losses_of(runs[0]) == losses_of(runs[1])


def test_lite_learns_ten_pictures_by_heart(features: Path) -> None:
    torch.manual_seed(0)
    network = DaHyF(SMALL)
    model = TrainingModel(network, Objective(network, ObjectiveConfig(residual=0.0)))
    batch = FeatureSource(features).batch(np.arange(10), np.random.default_rng(0))
    rates = OptimiserConfig(rate=1e-2, trunk_rate=1e-4, kinematics_rate=3e-3)
    before, after = learn_by_heart(model, batch, rates, steps=110)
    print(before, after)
    for name in ("mpjpe_mm", "wrist_degrees", "located_px", "projected_px"):
        assert after[name] < before[name] / 3, name


def test_inverse_kinematics_learns_without_pictures() -> None:
    torch.manual_seed(0)
    network = DaHyF(SMALL, pretrained=False)
    config = KinematicsConfig(steps=60, batch=64)
    errors = [
        teach_kinematics(network.regressor.kinematics, network.hand_layer.model, config, 0, ignore) for _ in range(2)
    ]
    assert errors[1] < errors[0]


def test_what_is_not_known_does_not_count() -> None:
    labels = stack(
        [cut_sample(MadeUpHands(11)[index], Augmentation(), np.random.default_rng(0)) for index in (0, 10)],
        np.array([True, True]),
    ).labels
    assert labels.is_hand.tolist() == [True, False]
    wrong = labels.joints_3d.clone()
    wrong[1] += torch.rand(21, 3)
    assert terms.joints_3d_loss(wrong, labels) == 0
    wrong[0] += torch.rand(21, 3)
    assert terms.joints_3d_loss(wrong, labels) > 0
    assert terms.joints_3d_loss(wrong, dataclasses.replace(labels, label_weight=torch.zeros(2))) == 0


def test_size_is_divided_out() -> None:
    labels = stack([cut_sample(MadeUpHands(3)[0], Augmentation(), np.random.default_rng(0))], np.array([True])).labels
    assert terms.joints_3d_loss(2 * labels.joints_3d + 1, labels) < 1e-6
    assert terms.bone_loss(2 * labels.joints_3d, labels) < 1e-6


def test_uncertainty_weights_do_not_flee_to_infinity() -> None:
    weights = terms.UncertaintyWeights({"one": 1.0, "other": 1.0})
    losses = {"one": torch.tensor(4.0), "other": torch.tensor(0.01)}
    optimiser = torch.optim.Adam(weights.parameters(), 0.1)
    for _ in range(200):
        optimiser.zero_grad()
        weights(losses).backward()
        optimiser.step()
    learned = {name: float(parameter.exp()) for name, parameter in weights.log_variances.items()}
    assert learned == pytest.approx({"one": 4.0, "other": 0.01}, rel=0.05)


def test_contrast_counts_what_a_hand_lacks_and_what_another_patch_has() -> None:
    similarity = torch.tensor([0.7, 0.2, -0.5])
    assert terms.contrastive_loss(similarity, torch.tensor([True, False, False])) == pytest.approx((0.09 + 0.04) / 3)


def test_confidence_is_low_where_there_is_no_hand_only_after_training_says_so() -> None:
    batch = PatchSource(MadeUpHands(4), Augmentation()).batch(np.arange(4), np.random.default_rng(0))
    is_hand = batch.labels.is_hand
    view = map_tensors(lambda values: values[[0, 1, 2, 0]], batch.view)  # the patch without a hand looks like the first
    found = {}
    for contrast in (False, True):
        torch.manual_seed(0)
        pyramid = [torch.rand(4, 40, 8, 8), torch.rand(4, 112, 4, 4), torch.rand(4, 1152, 2, 2)]
        for level in pyramid:
            level[3] = level[0].lerp(level[3], 0.7)
        network = DaHyF(dataclasses.replace(SMALL, regressor="paper"), pretrained=False)
        objective = Objective(network, ObjectiveConfig(located_l1=True))
        optimiser = torch.optim.Adam([*network.parameters(), *objective.parameters()], 1e-2)
        for _ in range(80):
            optimiser.zero_grad()
            objective(network.read(pyramid, view), view, batch.labels, contrast)[0].backward()
            optimiser.step()
        prediction = network.read(pyramid, view)
        projected = project(objective.keypoints(prediction.hand, prediction.translation, batch.labels), view)
        found[contrast] = cosine_agreement(view.centred(prediction.joints), view.centred(projected))
    print(found)
    assert found[False][is_hand].min() > 0.8
    assert found[True][is_hand].min() > 0.8
    assert found[False][~is_hand] > 0.5
    assert found[True][~is_hand] < 0.5


@pytest.mark.parametrize("reader", ["freihand", "ho3d"])
def test_pose_shape_and_skin_are_learned_with_the_users_mano(reader: str, tmp_path: Path) -> None:
    mano = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano()))
    if reader == "freihand":
        write_freihand(tmp_path / "set", mano)
    else:
        write_ho3d(tmp_path / "set", mano, ".png")
    data = DataConfig("hands", reader, tmp_path / "set", count=3)
    config = config_of(tmp_path, data=(data,), validation=(data,), steps=1, validate_every=1)
    config = dataclasses.replace(config, objective=ObjectiveConfig(vertices=True))
    for hand_model in (None, tmp_path / "MANO_RIGHT.pkl"):
        run = RunFolder.create(tmp_path / str(bool(hand_model)), dataclasses.replace(config, hand_model=hand_model))
        train(RunFolder.open(run.path)[1], run, ignore)
        trained, measured = map(json.loads, (run.path / "metrics.jsonl").read_text().splitlines())
        for term in ("rotations", "shape", "vertices"):
            assert (trained[term] > 0) == bool(hand_model)
        assert ("pa_vertices_mm" in measured) == bool(hand_model)
        assert measured["pa_mm"] > 0


def test_the_skin_that_is_learned_is_the_one_that_freihand_publishes(tmp_path: Path) -> None:
    mano = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano()))
    hands = write_freihand(tmp_path / "set", mano)
    network = DaHyF(SMALL, pretrained=False, hand_model=mano)
    source = PatchSource(FreiHand(tmp_path / "set", mano=mano), Augmentation())
    labels = source.batch(np.arange(3), np.random.default_rng(0)).labels
    skin = Objective(network, ObjectiveConfig()).skin(labels)
    published = torch.from_numpy(np.stack([hand.vertices for hand in hands])).float()
    torch.testing.assert_close(similarity_aligned(skin, published), published, atol=1e-4, rtol=0)


def test_poses_of_the_open_hand_do_not_teach_another_hand() -> None:
    sample = WithoutParameters(MadeUpHands(2))[0]
    assert np.isnan(sample.pose).all()
    assert np.isnan(sample.shape).all()
    np.testing.assert_array_equal(sample.joints_3d, MadeUpHands(2)[0].joints_3d)


def test_schedules() -> None:
    paper = ScheduleConfig(kind="step")
    assert [rate_share(paper, step, 500) for step in (0, 249, 250, 499)] == [1.0, 1.0, 0.1, 0.1]
    smooth = [rate_share(ScheduleConfig(warm_up=10), step, 100) for step in range(100)]
    assert smooth[0] < 0.2 < 0.9 < max(smooth)
    assert smooth[-1] < 0.06


def test_configurations_are_read_and_faults_named(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('steps = 3\n[network]\njoints = "heatmap"\n[[data]]\nname = "a"\nreader = "features"\npath = "x"\n')
    config = read_config(file)
    assert (config.network.joints, config.data[0].path) == ("heatmap", Path("x"))
    file.write_text("steps = 3\nstepps = 4\ndata = []\n")
    with pytest.raises(SettingsError, match="stepps"):
        read_config(file)
    file.write_text("steps = ")
    with pytest.raises(SettingsError, match="TOML"):
        read_config(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_config(tmp_path / "absent.toml")


def test_old_keys_are_renamed_with_a_warning(tmp_path: Path) -> None:
    head = 'steps = 3\n[[data]]\nname = "a"\nreader = "features"\npath = "x"\n'
    file = tmp_path / "config.toml"
    file.write_text(head + "trust = 0.5\nturned_over = 0.25\nahead = 2\n[objective]\nbeginning = false\n")
    with pytest.warns(UserWarning, match="now called") as told:
        config = read_config(file)
    data = config.data[0]
    assert (data.label_weight, data.mirror_fraction, data.cached_variants) == (0.5, 0.25, 2)
    assert not config.objective.initial_terms
    words = " ".join(str(each.message) for each in told)
    assert len(told) == 4
    assert all(new in words for new in ("label_weight", "mirror_fraction", "cached_variants", "initial_terms"))

    old = dump_config(config).replace("label_weight", "trust").replace("initial_terms", "beginning")
    with pytest.warns(UserWarning, match="now called label_weight"):
        assert parse_config(old) == config

    file.write_text(head + "trust = 0.5\nlabel_weight = 0.5\n")
    with pytest.raises(SettingsError, match="trust"):
        read_config(file)


def test_terms_and_features_of_older_files_are_read(features: Path, tmp_path: Path) -> None:
    weights = terms.UncertaintyWeights({"initial_joints_3d": 2.0, "shape": 1.0})
    state = {"log_variances.first_joints_3d": torch.tensor(5.0), "log_variances.shape": torch.tensor(6.0)}
    weights.load_state_dict(state)
    assert float(weights.log_variances["initial_joints_3d"]) == 5.0

    folder = tmp_path / "features"
    shutil.copytree(features, folder)
    with np.load(folder / "labels.npz") as file:
        columns = {"trust" if name == "label_weight" else name: file[name] for name in file.files}
    np.savez(folder / "labels.npz", **columns)
    rows, random = np.arange(3), np.random.default_rng(0)
    old, new = (FeatureSource(path).batch(rows, random).labels for path in (folder, features))
    torch.testing.assert_close(old.label_weight, new.label_weight)


def test_a_run_is_not_overwritten(features: Path, tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", config_of(features))
    assert RunFolder.open(tmp_path / "run")[1] == config_of(features)
    with pytest.raises(OutputError, match="holds a run"):
        RunFolder.create(tmp_path / "run", config_of(features))


def test_the_command_goes_on_with_a_run(features: Path, tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "run", config_of(features, steps=2))
    result = run("train", "--resume", tmp_path / "run")
    assert result.exit_code == 0, result
    assert (tmp_path / "run" / "weights.safetensors").is_file()
    assert result.of_type("status")[-1]["text"].startswith("Trained to step 2")


def test_the_commands_seed_takes_the_place_of_the_configurations(features: Path, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        "steps = 1\nseed = 3\naccelerator = 'cpu'\n[kinematics]\nsteps = 1\nbatch = 4\n"
        "[network]\nchannels = 8\nmap_size = 14\nhidden = [8]\n"
        f"[[data]]\nname = 'hands'\nreader = 'features'\npath = '{features.as_posix()}'\ncount = 2\n"
    )
    assert run("train", tmp_path / "a.toml", "-o", tmp_path / "run", "--seed", 7).exit_code == 0
    assert RunFolder.open(tmp_path / "run")[1].seed == 7


def test_the_command_names_what_is_no_run(tmp_path: Path) -> None:
    result = run("train", "--resume", tmp_path)
    assert result.exit_code == SettingsError.exit_code
    assert str(tmp_path) in result.error["text"]
