"""The folder of a run: configuration, versions, metrics, checkpoint and weights.

config.json  versions.json  metrics.jsonl  kinematics.safetensors  features/  last.ckpt  weights.safetensors
"""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from safetensors.torch import load_file, save
from torch import Tensor

from dahyf_core import __version__
from dahyf_core.capture import replacing
from dahyf_core.errors import OutputError, SettingsError
from dahyf_core.training.config import TrainingConfig, dump_config, parse_config

PACKAGES = ("torch", "lightning-fabric", "numpy", "opencv-python-headless", "onnxruntime", "timm")


@dataclass(frozen=True)
class RunFolder:
    """Paths below the folder of a run."""

    path: Path

    @classmethod
    def create(cls, path: Path, config: TrainingConfig) -> "RunFolder":
        """A new run. Raises OutputError when there is one already."""
        run = cls(path)
        if run.config_file.exists():
            raise OutputError(f"{path} already holds a run.", "Resume it with --resume, or give another folder.")
        path.mkdir(parents=True, exist_ok=True)
        _write_text(run.config_file, dump_config(config))
        _write_text(path / "versions.json", json.dumps(versions(), indent=2))
        return run

    @classmethod
    def open(cls, path: Path) -> tuple["RunFolder", TrainingConfig]:
        """A run that was begun, and its configuration. Raises SettingsError when there is none."""
        run = cls(path)
        remedy = "Give the folder that `dahyf train` made."
        try:
            return run, parse_config(run.config_file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"{path} is not the folder of a run: {error.strerror}.", remedy) from error
        except ValueError as error:
            raise SettingsError(f"The configuration in {path} is damaged: {error}.", remedy) from error

    @property
    def config_file(self) -> Path:
        return self.path / "config.json"

    @property
    def checkpoint(self) -> Path:
        return self.path / "last.ckpt"

    @property
    def initial_kinematics(self) -> Path:
        """Weights of inverse kinematics before the first image."""
        return self.path / "kinematics.safetensors"

    @property
    def weights(self) -> Path:
        return self.path / "weights.safetensors"

    def features(self, name: str) -> Path:
        """Folder of the features of a data set that are computed ahead."""
        return self.path / "features" / name

    def note(self, step: int, kind: str, values: Mapping[str, float]) -> None:
        """Add a line to metrics.jsonl. Raises OSError when the disk is full."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "kind": kind, **values}) + "\n")


def versions() -> dict[str, str]:
    """Versions of the packages that ran a run."""
    found = {"dahyf": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "absent"
    return found


def save_weights(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write a .safetensors file, whole or not at all."""
    with replacing(path) as stream:
        stream.write(save({name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}))


def load_weights(path: Path) -> dict[str, Tensor]:
    """Read what `save_weights` wrote. Raises SettingsError when the file is missing or something else."""
    try:
        return load_file(path)
    except Exception as error:  # safetensors raises its own type, which it does not export
        raise SettingsError(
            f"The weights {path} cannot be read: {error}.", "Give a .safetensors file of a run."
        ) from error


def _write_text(path: Path, text: str) -> None:
    with replacing(path) as stream:
        stream.write(text.encode())
