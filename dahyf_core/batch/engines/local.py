"""Clips in processes of this machine, which share its cores."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from dahyf_core.batch.engines.engine import Resources, Tell, usable_cores
from dahyf_core.batch.engines.worker import Process
from dahyf_core.batch.results import Result


class LocalEngine:
    """One process a clip, and as many at once as there are cores: docs/batch.md has the measurement."""

    def __init__(self, resources: Resources) -> None:
        self.slots = resources.processes or max(1, usable_cores() // max(1, resources.threads))
        self._blender = resources.blender
        self._running: set[Process] = set()
        self._lock = Lock()

    def run(self, files: Sequence[Path], tell: Tell, threads: int) -> list[Result]:
        """As of `Engine`."""
        process = Process(files, threads, self._blender)
        with self._lock:
            self._running.add(process)
        try:
            return process.results(tell)
        finally:
            with self._lock:
                self._running.discard(process)

    def stop(self) -> None:
        """As of `Engine`."""
        with self._lock:
            for process in self._running:
                with suppress(OSError, ValueError):
                    process.interrupt()
