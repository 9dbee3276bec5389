"""What every engine does."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, cast

from dahyf_core.batch.results import Result
from dahyf_core.errors import SettingsError, detail

Message = dict[str, Any]
Tell = Callable[[Message], None]


@dataclass(frozen=True)
class Resources:
    """What one clip gets. processes: clips at once, 0 for one a core. threads: CPU threads of each network, 0 for the
    engine's choice. gpus: share of a GPU, on engines that lend them. blender: the command of --blender. folder: of the
    batch's outputs. options: the engine's own."""

    processes: int = 0
    threads: int = 0
    gpus: float = 0.0
    blender: str | None = None
    folder: Path = Path()
    options: Mapping[str, str | int] = field(default_factory=dict)


class Engine(Protocol):
    """Runs `dahyf task` for one clip after the other. slots: clips that it takes at once."""

    slots: int

    def run(self, files: Sequence[Path], tell: Tell, threads: int) -> list[Result]:
        """Do the tasks in files, in their order; returns a result for each, whatever happens to its worker.

        tell: gets the messages of `--json` as they come, where the engine passes them on. It is called by many threads.
        """

    def stop(self) -> None:
        """Ask everything that runs to keep what is done, and to end."""


ENGINES: Final = {"local": "LocalEngine", "ray": "RayEngine", "slurm": "SlurmEngine"}
"""Classes in the modules of the same names, which are made from `Resources`; the extra of an engine has its name."""


def create_engine(name: str, resources: Resources) -> Engine:
    """The engine of that name. Raises SettingsError without its packages, or for options that it does not have."""
    try:
        module = import_module(f"dahyf_core.batch.engines.{name}")
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The engine {name} needs the package {error.name}, which is not installed.",
            f"Install its extra: pip install 'dahyf-hands[{name}]'.",
        ) from error
    try:
        return cast(Engine, getattr(module, ENGINES[name])(resources))
    except (ConnectionError, NameError, TypeError, ValueError, RuntimeError) as error:
        raise SettingsError(
            f"The engine {name} does not start: {detail(error)}.", "Check --engine-set, and that its cluster is there."
        ) from error


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
