"""Recipes of several stages."""

from pathlib import Path

import pytest
from cli_runner import run

pytest.importorskip("lightning_fabric", reason="training needs the [train] extra")

from dahyf_core.errors import SettingsError
from dahyf_core.training.recipe import is_recipe, read_recipe

ROOT = Path(__file__).parent.parent


def written(folder: Path, *stages: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text("\n".join(f"[[stage]]\n{stage}" for stage in stages), "utf-8")
    return path


def test_stages_run_in_order_and_what_is_made_is_not_made_again(tmp_path: Path) -> None:
    pictures = ROOT / "samples"
    info = f'command = ["info", "{pictures}/one_hand.mp4"]'
    recipe = written(tmp_path, info, f'{info}\nmakes = "there.txt"')
    work = tmp_path / "work"
    work.mkdir()
    (work / "there.txt").touch()
    stages = read_recipe(recipe, [])
    assert [stage.run(work) for stage in stages] == ["done", "done before"]


def test_a_stage_that_fails_ends_the_recipe(tmp_path: Path) -> None:
    recipe = written(tmp_path, 'command = ["info", "missing.mp4"]', 'command = ["check"]')
    result = run("train", recipe, "-o", tmp_path / "work")
    assert result.exit_code == SettingsError.exit_code
    assert "dahyf info missing.mp4 failed with exit code 3" in result.error["text"]


def test_values_stand_for_their_names(tmp_path: Path) -> None:
    recipe = written(tmp_path, 'command = ["annotate", "{photographs}", "{recipes}/x"]')
    (stage,) = read_recipe(recipe, [f"photographs={tmp_path}"])
    assert stage.command == ("annotate", str(tmp_path), f"{tmp_path}/x")
    with pytest.raises(SettingsError, match=r"needs a value for photographs.*--set photographs=VALUE"):
        read_recipe(recipe, [])


def test_the_command_takes_values(tmp_path: Path) -> None:
    recipe = written(tmp_path, 'command = ["info", "{clip}"]')
    command = ("train", recipe, "-o", tmp_path / "work")
    assert "needs a value for clip" in run(*command).error["text"]
    done = run(*command, "--set", f"clip={ROOT / 'samples' / 'one_hand.mp4'}")
    assert done.exit_code == 0
    assert "info" in done.of_type("status")[-1]["text"]


@pytest.mark.parametrize("stage", ['command = "check"', "command = []", "command = [1]", 'makes = "x"'])
def test_a_stage_without_a_command_is_refused(tmp_path: Path, stage: str) -> None:
    with pytest.raises(SettingsError, match="no command"):
        read_recipe(written(tmp_path, stage), [])


def test_a_training_that_was_begun_goes_on(tmp_path: Path) -> None:
    (stage,) = read_recipe(written(tmp_path, 'command = ["train", "first.toml", "-o", "first"]'), [])
    assert stage._resuming(tmp_path) == ("train", "first.toml", "-o", "first")
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "config.json").touch()
    assert stage._resuming(tmp_path) == ("train", "--resume", "first")


def test_the_recipe_that_ships_is_one() -> None:
    shipped = ROOT / "recipes" / "lite.toml"
    assert is_recipe(shipped)
    assert not is_recipe(ROOT / "recipes" / "first.toml")
    stages = read_recipe(shipped, ["photographs=photographs"])
    configurations = [word for stage in stages for word in stage.command if word.endswith(".toml")]
    assert configurations
    assert all(Path(path).is_file() for path in configurations)
