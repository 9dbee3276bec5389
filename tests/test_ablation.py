"""The ablation: rows that differ where they should, runs that are not done twice, results that hold every seed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
pytest.importorskip("lightning_fabric", reason="training needs the [train] extra")
pytest.importorskip("tensorboard", reason="training needs the [train] extra")

from cli_runner import run  # noqa: E402
from dataset_factory import write_freihand  # noqa: E402
from labelled_noise import MadeUpHands  # noqa: E402
from made_up_mano import made_up_mano, write_pickle  # noqa: E402

from dahyf_core.ablation import ROWS, Study, select_rows, with_backbone, write_results  # noqa: E402
from dahyf_core.ablation.scores import binned  # noqa: E402
from dahyf_core.datasets import Augmentation, FreiHand  # noqa: E402
from dahyf_core.errors import SettingsError  # noqa: E402
from dahyf_core.hand_model import load_hand_model  # noqa: E402
from dahyf_core.network import DaHyF, NetworkConfig  # noqa: E402
from dahyf_core.network.regressor import PaperRegressor  # noqa: E402
from dahyf_core.network.trunk import Trunk  # noqa: E402
from dahyf_core.training import RunFolder, TrainingConfig  # noqa: E402
from dahyf_core.training.batches import PatchSource  # noqa: E402
from dahyf_core.training.config import DataConfig, OptimiserConfig, ScheduleConfig, dump_config  # noqa: E402
from dahyf_core.training.features import write_features  # noqa: E402
from dahyf_core.training.objective import Objective, ObjectiveConfig  # noqa: E402
from dahyf_core.training.optimiser import create_optimiser  # noqa: E402
from dahyf_core.training.run_folder import load_weights  # noqa: E402

SMALL = NetworkConfig(channels=8, map_size=14, hidden=(32,), dropout=0.0, regressor="paper")
CHOSEN = select_rows(["baseline", "simcc"])


def write_recipe(path: Path, features: Path) -> None:
    """A file that says: one step of the small network."""
    path.write_text(
        "steps = 1\n[network]\nchannels = 8\nmap_size = 14\nhidden = [8]\nregressor = 'paper'\n"
        + "".join(
            f"[[{kind}]]\nname = 'hands'\nreader = 'features'\npath = '{features.as_posix()}'\ncount = 2\n"
            for kind in ("data", "validation")
        )
    )


def quiet(stage: str, done: int, total: int) -> None: ...


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> TrainingConfig:
    folder = tmp_path_factory.mktemp("features")
    write_features(PatchSource(MadeUpHands(8), Augmentation()), Trunk(), folder, 1, 0, lambda done, total: None, 1)
    hands = DataConfig("hands", "features", folder, count=4)
    return TrainingConfig(
        steps=3,
        data=(hands,),
        validation=(hands, replace(hands, name="wide")),
        network=SMALL,
        optimiser=OptimiserConfig(trunk_rate=0.0),
        schedule=ScheduleConfig(warm_up=1),
        accelerator="cpu",
        threads=1,
    )


def test_a_study_scores_every_row_with_every_seed(recipe, tmp_path):
    found = Study(tmp_path / "study", recipe).run(CHOSEN, (1, 2), quiet)
    assert [(facts["row"], facts["seed"]) for facts in found] == [
        ("baseline", 1),
        ("simcc", 1),
        ("baseline", 2),
        ("simcc", 2),
    ]
    assert all(np.isfinite(facts["scores"]["pa_mm"]) for facts in found)
    assert "located_px" not in found[0]["scores"]
    assert "located_px" in found[1]["scores"]
    assert found[0]["scores"] != found[2]["scores"]


def test_what_is_done_is_read_and_what_was_stopped_goes_on_as_if_unbroken(recipe, tmp_path):
    whole = Study(tmp_path / "whole", recipe).run(CHOSEN, (1,), quiet)
    asked = iter([False, False, True, True, True])
    broken = Study(tmp_path / "broken", recipe)
    assert len(broken.run(CHOSEN, (1,), quiet, lambda: next(asked, True))) < len(whole)
    assert broken.run(CHOSEN, (1,), quiet) == whole
    stages = []
    assert broken.run(CHOSEN, (1,), lambda stage, done, total: stages.append(stage)) == whole
    assert not stages


def test_results_hold_every_seed_and_means_with_spreads(recipe, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the [report] extra")
    found = Study(tmp_path / "study", recipe).run(CHOSEN, (1, 2), quiet)
    write_results(found, recipe, tmp_path / "results")
    document = json.loads((tmp_path / "results" / "results.json").read_text())
    assert document["runs"] == found
    assert str(tmp_path.parent) not in json.dumps(document)
    lines = (tmp_path / "results" / "table.md").read_text().splitlines()
    assert len(lines) == 2 + len(CHOSEN)
    values = [facts["scores"]["pa_mm"] for facts in found if facts["row"] == "simcc"]
    assert f"{np.mean(values):.2f} ± {np.std(values, ddof=1):.2f}" in lines[-1]
    assert (tmp_path / "results" / "wrist.png").stat().st_size > 1000


def test_the_command_runs_a_recipe(recipe, tmp_path):
    write_recipe(tmp_path / "a.toml", recipe.data[0].path)
    result = run("ablate", tmp_path / "a.toml", "-o", tmp_path / "s", "--seeds", 1, "--rows", "gdm")
    assert result.exit_code == 0
    assert "1 of 1 runs" in result.of_type("status")[-1]["text"]
    refused = run("ablate", tmp_path / "a.toml", "-o", tmp_path / "s", "--rows", "best")
    assert refused.error["exit_code"] == SettingsError.exit_code
    assert (tmp_path / "s" / "table.md").exists()


def test_the_command_writes_its_results_elsewhere(recipe, tmp_path):
    write_recipe(tmp_path / "a.toml", recipe.data[0].path)
    command = ("ablate", tmp_path / "a.toml", "-o", tmp_path / "s", "--seeds", 1, "--rows", "gdm")
    assert run(*command, "--results", tmp_path / "docs").exit_code == 0
    assert {"results.json", "table.md"} <= {file.name for file in (tmp_path / "docs").iterdir()}
    assert not (tmp_path / "s" / "table.md").exists()


def test_the_command_takes_another_backbone(recipe, tmp_path, monkeypatch):
    asked = []

    def create(name: str, *_: object) -> None:
        asked.append(name)
        raise SettingsError("There are no weights.", "Get them.")

    monkeypatch.setattr("dahyf_core.network.backbone.create_in_timm", create)
    write_recipe(tmp_path / "a.toml", recipe.data[0].path)
    command = ("ablate", tmp_path / "a.toml", "-o", tmp_path / "s", "--seeds", 1, "--rows", "gdm")
    assert run(*command, "--backbone", "resnet50").error["text"] == "There are no weights."
    assert asked == ["resnet50"]
    assert "vgg" in run(*command, "--backbone", "vgg").error["text"]


def test_the_same_command_takes_other_hands_and_refuses_to_mix_them_into_a_study(recipe, tmp_path):
    mano = load_hand_model(write_pickle(tmp_path / "MANO_RIGHT.pkl", made_up_mano()))
    write_freihand(tmp_path / "freihand", mano)
    write_freihand(tmp_path / "freihand", mano, "evaluation")
    write_recipe(tmp_path / "a.toml", recipe.data[0].path)
    command = ("ablate", tmp_path / "a.toml", "-o", tmp_path / "s", "--seeds", 1, "--rows", "simcc")
    other = ("--data", "freihand", "--path", tmp_path / "freihand")
    assert run(*command, *other).exit_code == 0
    scores = json.loads((tmp_path / "s" / "results.json").read_text())["runs"][0]["scores"]
    assert scores["located_px"] == pytest.approx(located_px(tmp_path / "s" / "simcc-1", tmp_path / "freihand"))
    assert run(*command).error["exit_code"] == SettingsError.exit_code
    assert run(*command, "--data", "freihand").error["exit_code"] == SettingsError.exit_code


def located_px(folder: Path, freihand: Path) -> float:
    """How far a run's weights locate the joints of the evaluation set from where they are."""
    run, config = RunFolder.open(folder)
    network = DaHyF(config.network, pretrained=False)
    network.load_state_dict(load_weights(run.weights))
    source = PatchSource(FreiHand(freihand, "evaluation"), Augmentation())
    batch = source.batch(np.arange(3), np.random.default_rng(0))
    with torch.inference_mode():
        joints = network.eval()(batch.inputs[0] / 255, batch.view).joints
    return float((joints - batch.labels.joints_2d).norm(dim=-1).mean())


def test_another_backbone_sees_patches_that_are_cut_anew(recipe):
    ahead = replace(recipe, data=(replace(recipe.data[0], cached_variants=2),))
    changed = with_backbone(ahead, "resnet50")
    assert changed.network.backbone == "resnet50"
    assert changed.data[0].cached_variants == 0
    assert with_backbone(ahead, "lite") == ahead


def test_rows_are_the_papers_and_each_differs_from_all_others(recipe):
    configs = [dump_config(row.applied(recipe, 1)) for row in ROWS]
    assert len(set(configs)) == len(ROWS) == 9
    with pytest.raises(SettingsError, match="no row"):
        select_rows(["best"])


def test_a_recipe_without_hands_to_score_is_refused(recipe, tmp_path):
    with pytest.raises(SettingsError, match="validation"):
        Study(tmp_path, replace(recipe, validation=()))


def test_lite_with_the_papers_regressor_has_no_landmark_heads_and_a_trunk_that_may_stand_still():
    network = DaHyF(SMALL, pretrained=False)
    assert isinstance(network.regressor, PaperRegressor)
    assert network.landmark_heads is None
    create_optimiser(network, Objective(network, ObjectiveConfig()), OptimiserConfig(trunk_rate=0.0))
    assert not any(parameter.requires_grad for parameter in network.backbone.parameters())
    create_optimiser(DaHyF(SMALL, pretrained=False), Objective(network, ObjectiveConfig()), OptimiserConfig())


def test_errors_are_averaged_between_edges():
    angles, errors = np.array([1.0, 2.0, 7.0]), np.array([10.0, 20.0, 5.0])
    assert list(binned(angles, errors, np.array([0.0, 5.0, 10.0, 15.0]))) == [15.0, 5.0, None]
