"""The core's live messages: a child process whose lines a thread reads. No bpy here."""

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..backend import lifetime
from ..backend.worker import Message, clean_environment, parse_message

PATIENCE = 30.0
"""Seconds that the child may take to write its recording after it was asked to stop."""


class Feed:
    """A running `dahyf live --json`. `take` gives its new messages."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the child. Raises OSError when it cannot start."""
        self._folder = lifetime.temporary_folder()
        self._errors = Path(self._folder.name) / "errors.txt"
        try:
            with self._errors.open("wb") as errors:
                self._process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,  # never written to: it closes when Blender ends, and the core with it
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=clean_environment(os.environ),
                    **lifetime.process_group(),
                )
        except OSError:
            self._folder.cleanup()
            raise
        self._job = lifetime.bind(self._process)
        self._messages: deque[Message] = deque()
        self._reader = threading.Thread(target=self._read, name="live hands", daemon=True)
        self._reader.start()

    @property
    def is_running(self) -> bool:
        """Whether the child runs, or has said something that nobody has taken."""
        return self._process.poll() is None or self._reader.is_alive() or bool(self._messages)

    @property
    def returncode(self) -> int | None:
        """The child's exit code, or None while it runs."""
        return self._process.poll()

    def take(self) -> list[Message]:
        """The messages since the last call. Of several frames only the last one."""
        taken: list[Message] = []
        while self._messages:
            message = self._messages.popleft()
            if taken and message["type"] == taken[-1]["type"] == "frame":
                taken.pop()
            taken.append(message)
        return taken

    def stop(self) -> None:
        """Ask the child to stop. It then writes its recording."""
        if self._process.poll() is None:
            interrupt: Any = signal.SIGINT
            if sys.platform == "win32":
                interrupt = signal.CTRL_BREAK_EVENT
            self._process.send_signal(interrupt)

    def error_text(self) -> str:
        """What the child wrote to its error stream."""
        return self._errors.read_text("utf-8", "replace")

    def close(self) -> None:
        """End the child at once if it still runs, and remove its files."""
        if self._process.poll() is None:
            lifetime.end(self._process, self._job)
        self._process.wait()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._reader.join(PATIENCE)
        self._process.stdout.close()
        self._folder.cleanup()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._messages.append(parse_message(line.decode("utf-8", "replace")))


def is_frame(message: Message) -> bool:
    """Whether a message is about a frame, and has what one has."""
    return message.get("type") == "frame" and isinstance(message.get("hands"), list)
