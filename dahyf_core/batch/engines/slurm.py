"""Clips as jobs of Slurm, which submitit submits and watches."""

import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import submitit

from dahyf_core.batch.engines.engine import Resources, Tell
from dahyf_core.batch.engines.worker import do, lost, results_of
from dahyf_core.batch.results import Result
from dahyf_core.errors import ExitCode, detail

AT_ONCE = 256
"""Jobs that are submitted and not done; Slurm has its own limit of those that run."""
MINUTES = 24 * 60


class SlurmEngine:
    """A job a clip. Options go to submitit: timeout_min, slurm_partition, slurm_account, mem_gb, ...

    Jobs are pickled into the batch's folder, in .dahyf/jobs. Where Slurm is missing, submitit runs them on this
    machine.
    """

    def __init__(self, resources: Resources) -> None:
        self.slots = resources.processes or AT_ONCE
        self._blender = resources.blender
        self._jobs: set[Any] = set()
        self._lock = Lock()
        self._executor = submitit.AutoExecutor(resources.folder / ".dahyf" / "jobs")
        if self._executor.cluster == "local":
            warnings.warn("Slurm is not on this machine; submitit runs the jobs here.", stacklevel=2)
        options = {"timeout_min": MINUTES, "name": "dahyf", **resources.options}
        self._executor.update_parameters(
            cpus_per_task=max(1, resources.threads), gpus_per_node=-int(-resources.gpus // 1), **options
        )

    def run(self, files: Sequence[Path], tell: Tell, threads: int) -> list[Result]:
        """As of `Engine`."""
        with self._lock:
            job = self._executor.submit(do, [str(path) for path in files], threads, self._blender)
            self._jobs.add(job)
        try:
            return results_of(job.result())
        except Exception as error:  # submitit has an error of its own for each way in which a job is lost
            text = f"The job {job.job_id} was lost: {detail(error)}."
            return lost(files, text, "Run the same command again.", ExitCode.UNEXPECTED)
        finally:
            with self._lock:
                self._jobs.discard(job)

    def stop(self) -> None:
        """As of `Engine`."""
        with self._lock:
            for job in self._jobs:
                with suppress(Exception):
                    job.cancel()
