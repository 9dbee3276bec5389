"""Recipes: networks whose training takes several stages, each a command of `dahyf`, run one after the other."""

import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dahyf_core.errors import SettingsError

REMEDY = "docs/training.md shows a recipe."


@dataclass(frozen=True)
class Stage:
    """One command of `dahyf`. makes: the file that it leaves, relative to the recipe's output folder, or None."""

    command: tuple[str, ...]
    makes: Path | None = None

    @property
    def title(self) -> str:
        """The command as one would type it."""
        return " ".join(("dahyf", *self.command))

    def run(self, folder: Path) -> str:
        """Run the stage in a folder, unless what it makes is there; a training that was begun goes on.

        Returns the outcome in a few words. Raises SettingsError where the command fails.
        """
        if self.makes is not None and (folder / self.makes).exists():
            return "done before"
        folder.mkdir(parents=True, exist_ok=True)
        finished = subprocess.run([sys.executable, "-m", "dahyf_core", *self._resuming(folder)], cwd=folder)
        if finished.returncode:
            raise SettingsError(
                f"{self.title} failed with exit code {finished.returncode}.", "Its own error message says why."
            )
        return "done"

    def _resuming(self, folder: Path) -> Sequence[str]:
        """The command, or for a training whose folder is there the one that goes on with it."""
        if self.command[0] == "train" and "-o" in self.command:
            run = self.command[self.command.index("-o") + 1]
            if (folder / run / "config.json").exists():
                return ("train", "--resume", run)
        return self.command


def is_recipe(path: Path) -> bool:
    """Whether a file is a recipe of stages, not the configuration of one training. False where it cannot be read."""
    try:
        return "stage" in tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def read_recipe(path: Path, values: Sequence[str]) -> list[Stage]:
    """The stages of a recipe. values: NAME=VALUE, what {NAME} stands for; {recipes} is the recipe's own folder.

    Raises SettingsError for a stage that is no list of words, and for a name without a value.
    """
    known = {"recipes": str(path.parent.resolve())}
    for value in values:
        name, given, text = value.partition("=")
        if not given:
            raise SettingsError(f"--set {value} gives no value.", "Write --set NAME=VALUE.")
        known[name] = str(Path(text).resolve()) if Path(text).exists() else text
    return [_parse(path, stage, known) for stage in tomllib.loads(path.read_text(encoding="utf-8"))["stage"]]


def _parse(path: Path, stage: Any, known: dict[str, str]) -> Stage:
    command = stage.get("command") if isinstance(stage, dict) else None
    if not isinstance(command, list) or not command or not all(isinstance(word, str) for word in command):
        raise SettingsError(f"A stage of {path} has no command, or its command is not a list of words.", REMEDY)
    try:
        words = tuple(word.format_map(known) for word in command)
        makes = Path(stage["makes"].format_map(known)) if "makes" in stage else None
    except KeyError as error:
        raise SettingsError(
            f"The recipe {path} needs a value for {error.args[0]}.", f"Add --set {error.args[0]}=VALUE."
        ) from error
    except ValueError as error:
        raise SettingsError(f"A word of a stage of {path} is not understood: {error}.", REMEDY) from error
    return Stage(words, makes)
