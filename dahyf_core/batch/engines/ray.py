"""Clips as tasks of a Ray cluster."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import ray

from dahyf_core.batch.engines.engine import Resources, Tell
from dahyf_core.batch.engines.worker import do, lost, results_of
from dahyf_core.batch.results import Result
from dahyf_core.errors import ExitCode, detail

AT_ONCE = 256
"""Tasks that Ray is given at once; it runs as many as its nodes have room for."""
RETRIES = 3
"""Times that Ray itself starts a task again whose worker or node was lost."""


class RayEngine:
    """A task a clip, on any node that has the cores and the share of a GPU.

    Without the option `address`, RAY_ADDRESS names the cluster, or Ray starts one on this machine. Nodes share the
    folders of footage and outputs, and have this program.
    """

    def __init__(self, resources: Resources) -> None:
        self.slots = resources.processes or AT_ONCE
        self._blender = resources.blender
        self._running: set[Any] = set()
        self._lock = Lock()
        if not ray.is_initialized():
            ray.init(log_to_driver=False, include_dashboard=False, **resources.options)
        self._do = ray.remote(do).options(
            num_cpus=max(1, resources.threads), num_gpus=resources.gpus, max_retries=RETRIES
        )

    def run(self, files: Sequence[Path], tell: Tell, threads: int) -> list[Result]:
        """As of `Engine`."""
        task = self._do.remote([str(path) for path in files], threads, self._blender)
        with self._lock:
            self._running.add(task)
        try:
            return results_of(ray.get(task))
        except ray.exceptions.RayError as error:
            text = f"Ray has lost the clip: {detail(error)}."
            return lost(files, text, "Run the same command again.", ExitCode.UNEXPECTED)
        finally:
            with self._lock:
                self._running.discard(task)

    def stop(self) -> None:
        """As of `Engine`."""
        with self._lock:
            for task in self._running:
                with suppress(Exception):
                    ray.cancel(task)
