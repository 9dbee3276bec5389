"""The configuration of a training run, read from TOML and stored in the run's folder."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import from_json

from dahyf_core.datasets import Augmentation, Split
from dahyf_core.deprecation import with_new_names
from dahyf_core.errors import SettingsError
from dahyf_core.network import NetworkConfig
from dahyf_core.training.kinematics import KinematicsConfig
from dahyf_core.training.objective import ObjectiveConfig

Precision = Literal["auto", "32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True)
class DataConfig:
    """One data set. reader: by name, see `training.data`. split: the part of it that is read, where it has parts.
    count: patches of it in each batch of each process.

    label_weight: of its 3D labels. mirror_fraction: the share of patches that are shown as the hand of the other side.
    limit: how many samples are used, spread evenly; 0 for all. cached_variants: how often each sample is cut and seen
    by the early part of the trunk, which then stands still, before training; 0 to cut patches anew in each step.
    amplitudes: a folder of photographs whose Fourier amplitudes are mixed into half of the patches, up to the share
    amplitude. hidden_joints: whether joints that are hidden, but whose place is known, count in the picture too.
    label_fade: share of the steps until which label_weight falls to nothing; 0 if it stays.
    """

    name: str
    reader: str
    path: Path
    split: Split = "train"
    count: int = 0
    label_weight: float = 1.0
    mirror_fraction: float = 0.0
    limit: int = 0
    cached_variants: int = 0
    hidden_joints: bool = False
    label_fade: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    amplitudes: Path | None = None
    amplitude: float = 0.5


@dataclass(frozen=True)
class OptimiserConfig:
    """Adam, and how its rates go. Rates are for the whole network where it is not `lite`.

    trunk_rate: of `lite`'s trunk behind the features, 0 if that stands still like its early part and its heads; of
    `lite2`'s blocks behind its plain convolutions, which learn at the full rate.
    kinematics_rate: of its inverse kinematics. weights_rate: of the log variances of eq. 11. clip: greatest norm of the
    gradient.
    """

    rate: float = 5e-4
    trunk_rate: float = 3e-5
    kinematics_rate: float = 1e-4
    weights_rate: float = 1e-2
    weight_decay: float = 0.0
    clip: float = 1.0


@dataclass(frozen=True)
class ScheduleConfig:
    """step: the paper's, a tenfold drop after half of the steps. cosine: warm up, then fall to a twentieth.

    contrast_from: the share of the steps from which L_c counts; the paper's is 0.8.
    """

    kind: Literal["step", "cosine"] = "cosine"
    warm_up: int = 200
    contrast_from: float = 0.8


@dataclass(frozen=True)
class TrainingConfig:
    """One run. start: weights (.safetensors) to go on from, instead of the backbone's own. hand_model: the user's
    MANO_RIGHT file, whose hand the network then has instead of the open hand; readers read MANO's pose and shape.

    ema: decay of the moving average of weights, which is what is measured and exported. precision: "auto" is
    "bf16-mixed" on a GPU. On CPUs, bfloat16 is slower than "32-true" for depthwise convolutions, also with AMX.
    """

    steps: int
    data: tuple[DataConfig, ...]
    validation: tuple[DataConfig, ...] = ()
    network: NetworkConfig = field(default_factory=NetworkConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    kinematics: KinematicsConfig = field(default_factory=KinematicsConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    start: Path | None = None
    hand_model: Path | None = None
    seed: int = 0
    ema: float = 0.999
    precision: Precision = "32-true"
    accelerator: str = "auto"
    devices: int = 1
    strategy: str = "auto"
    workers: int = 0
    threads: int = 0
    log_every: int = 20
    save_every: int = 500
    validate_every: int = 1000


DATA_NAMES: Final = {"trust": "label_weight", "turned_over": "mirror_fraction", "ahead": "cached_variants"}
OBJECTIVE_NAMES: Final = {"beginning": "initial_terms"}
"""Keys that were renamed, and what they are called now."""

_STRICT = TypeAdapter(with_config(ConfigDict(extra="forbid"))(TrainingConfig))


def read_config(path: Path) -> TrainingConfig:
    """A configuration from TOML. Raises SettingsError if the file is missing, not TOML, or has invalid values."""
    remedy = "docs/training.md lists the fields of a configuration."
    try:
        return _validated(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise SettingsError(f"The configuration {path} cannot be read: {error.strerror}.", remedy) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The configuration {path} is not TOML: {error}.", remedy) from error
    except ValidationError as error:
        raise SettingsError(f"The configuration {path} is not understood: {_first_fault(error)}.", remedy) from error


def parse_config(text: str) -> TrainingConfig:
    """A configuration from the JSON that `dump_config` writes."""
    return _validated(from_json(text))


def _validated(content: Any) -> TrainingConfig:
    """A configuration of plain values; old keys are renamed with a warning."""
    if isinstance(content, dict):
        content = dict(content)
        for name in ("data", "validation"):
            if isinstance(tables := content.get(name), list):
                content[name] = [_renamed(table, DATA_NAMES) for table in tables]
        if "objective" in content:
            content["objective"] = _renamed(content["objective"], OBJECTIVE_NAMES)
    return _STRICT.validate_python(content)


def _renamed(table: Any, names: Mapping[str, str]) -> Any:
    return with_new_names(table, names, " in training configurations") if isinstance(table, dict) else table


def dump_config(config: TrainingConfig) -> str:
    """A configuration as JSON."""
    return _STRICT.dump_json(config, indent=2).decode()


def _first_fault(error: ValidationError) -> str:
    fault = error.errors()[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
