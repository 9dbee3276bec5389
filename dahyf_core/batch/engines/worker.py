"""One clip's `dahyf task` as a process, on whatever machine."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from dahyf_core.batch.results import Result, failed
from dahyf_core.batch.tasks import read_task
from dahyf_core.errors import ExitCode, detail

KILLED = 128
"""Added to the number of a signal, as shells do."""
LAST_BYTES = 4_000


class Process:
    """A running `dahyf task`. It ends when this process does, as it watches its standard input."""

    def __init__(self, files: Sequence[Path], threads: int, blender: str | None) -> None:
        self._files = files
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the results
        options = ["--threads", str(threads), *(["--blender", blender] if blender else [])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "dahyf_core", "--exit-with-stdin", "task", *map(str, files), "--json", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )

    def interrupt(self) -> None:
        """Ask it to keep what is done, and to end."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def results(self, tell: Callable[[dict[str, Any]], None]) -> list[Result]:
        """Wait for its end. Returns a result for each task."""
        results: list[Result] = []
        last: dict[str, Any] = {}
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = _parsed(line)
            if message.get("type") == "task":
                results.append(msgspec.convert(message, Result))
            elif message:
                tell(message)
            last = message or last
        code = self._process.wait()
        self._process.stdout.close()
        self.interrupt()
        with self._errors:
            self._errors.seek(max(0, self._errors.seek(0, 2) - LAST_BYTES))
            said = self._errors.read().decode("utf-8", "replace")
        return results + unfinished(self._files[len(results) :], code, last, said)


def do(files: Sequence[str], threads: int, blender: str | None) -> list[dict[str, Any]]:
    """Do the tasks in files on this machine; returns their results in JSON's types. An interruption is passed on."""
    process = Process([Path(file) for file in files], threads, blender)
    try:
        return [msgspec.to_builtins(result) for result in process.results(lambda message: None)]
    except BaseException:
        process.interrupt()
        raise


def results_of(done: Sequence[dict[str, Any]]) -> list[Result]:
    """What `do` returned, on whatever machine."""
    return msgspec.convert(done, list[Result])


def unfinished(files: Sequence[Path], code: int, last: dict[str, Any], said: str) -> list[Result]:
    """Results of tasks about which their process said nothing before it ended.

    code: its exit code, negative for a signal. last: its last message. said: what it wrote to standard error.
    """
    if not files:
        return []
    if last.get("type") == "error":
        text, remedy, code = str(last["text"]), str(last["remedy"]), int(last["exit_code"])
    elif code == ExitCode.INTERRUPTED:
        text, remedy = "The work was interrupted.", "Run the same command again."
    else:
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        lines = said.strip().splitlines()
        words = f": {detail(ValueError(lines[-1]))}" if lines else ""
        text, remedy = f"The process of the task {how}{words}.", "Run the same command again."
        code = KILLED - code if code < 0 else code or ExitCode.UNEXPECTED
    return lost(files, text, remedy, code)


def lost(files: Sequence[Path], text: str, remedy: str, code: int) -> list[Result]:
    """Failed results of tasks whose worker is gone, or has not come to them."""
    tasks = [read_task(path) for path in files]
    return [failed(task.stage, task.output, (text, remedy, code)) for task in tasks]


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) and "type" in message else {}
