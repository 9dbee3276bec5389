"""The core as a child process that reports one JSON object a line. No bpy here.

The child writes to a log file that is read as it grows: this works alike on every system, needs no thread, and leaves a
record for the report when something fails.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..shared.errors import ExitCode
from . import lifetime

Message = dict[str, Any]

POLL_SECONDS = 0.1


class Worker:
    """One running child. `poll` gives its new messages, `cancel` asks it to keep what is done and stop."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str] = MappingProxyType({})) -> None:
        """Start `command` (program and arguments, never through a shell) with these additional environment variables.

        Raises OSError when it cannot start.
        """
        self._folder = lifetime.temporary_folder()
        self._output = Path(self._folder.name) / "output.jsonl"
        self._errors = Path(self._folder.name) / "errors.txt"
        try:
            with self._output.open("wb") as output, self._errors.open("wb") as errors:
                self._process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,  # never written to: it closes when Blender ends, and the core with it
                    stdout=output,
                    stderr=errors,
                    env=clean_environment(os.environ) | dict(variables),
                    **lifetime.process_group(),
                )
        except OSError:
            self._folder.cleanup()
            raise
        self._job = lifetime.bind(self._process)
        self._read_to = 0

    def poll(self) -> list[Message]:
        """Messages since the last call. A line that is not JSON arrives as a status text."""
        ended = self.returncode is not None
        with self._output.open("rb") as stream:
            stream.seek(self._read_to)
            new = stream.read()
        complete = new if ended else new[: new.rfind(b"\n") + 1]
        self._read_to += len(complete)
        return [parse_message(line) for line in complete.decode("utf-8", "replace").splitlines() if line.strip()]

    @property
    def returncode(self) -> int | None:
        """Exit code of the child, or None while it runs."""
        return self._process.poll()

    def error_text(self) -> str:
        """What the child wrote to its error stream."""
        return self._errors.read_text("utf-8", "replace")

    def cancel(self) -> None:
        """Ask the child to stop. It keeps finished work, and the same command continues from there."""
        if self.returncode is None:
            if sys.platform == "win32":
                interrupt = signal.CTRL_BREAK_EVENT
            else:
                interrupt = signal.SIGINT
            self._process.send_signal(interrupt)

    def close(self) -> None:
        """End the child at once if it still runs, and remove its log."""
        if self.returncode is None:
            lifetime.end(self._process, self._job)
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._folder.cleanup()


def parse_message(line: str) -> Message:
    """One line of the protocol. Any other line becomes a status message, so that nothing is lost."""
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    return message if isinstance(message, dict) and "type" in message else {"type": "status", "text": line.strip()}


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables without those that point to Blender's own Python modules, and with telemetry off.

    They also make the core end when its standard input closes.
    """
    return {key: value for key, value in environment.items() if not key.startswith("PYTHON")} | {
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "DAHYF_EXIT_WITH_STDIN": "1",
    }


def failure(code: int, messages: Sequence[Message], errors: str) -> Message:
    """The error message of a failed child: its own, or one made from the last line of its error stream."""
    for message in reversed(messages):
        if message["type"] == "error":
            return message
    words = [line.strip(" │") for line in errors.splitlines() if any(map(str.isalnum, line))]
    last = words[-1] if words else "it gave no reason."
    return {
        "type": "error",
        "text": f"The core ended with exit code {code}: {last}",
        "remedy": "Press Check in the add-on's preferences.",
        "exit_code": code,
    }


def run_blocking(command: Sequence[str], on_message: Callable[[Message], None]) -> tuple[int, Message]:
    """Run a child to its end, and pass on every message as it comes. Returns exit code and final `done` or `error`.

    A Ctrl-C is passed on to the child, which then stops cleanly.
    """
    worker = Worker(command)
    seen: list[Message] = []
    before = take_interrupts()
    try:
        running = True
        while running:
            try:
                running = worker.returncode is None
                for message in worker.poll():
                    seen.append(message)
                    on_message(message)
                if running:
                    time.sleep(POLL_SECONDS)
            except KeyboardInterrupt:
                worker.cancel()
        code = worker.returncode or 0
        done = next((message for message in reversed(seen) if message["type"] == "done"), None)
        if code == 0 and done is not None:  # a Blender writes lines of its own after it
            return code, done
        code = code or ExitCode.UNEXPECTED
        return code, failure(code, seen, worker.error_text())
    finally:
        worker.close()
        if before is not None:
            signal.signal(signal.SIGINT, before)


def take_interrupts() -> Any:
    """Make Ctrl-C raise KeyboardInterrupt, which Blender in background mode suppresses.

    Returns Python's previous handler. None if there was none, or outside the main thread, where none can be set.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return before
