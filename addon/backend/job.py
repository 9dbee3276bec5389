"""The one piece of long work that runs at a time: a child process, its progress, and who is told when it ends.

Holds no references to Blender's data: the file may be reloaded while the child works.
"""

import atexit
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import bpy

from .worker import POLL_SECONDS, Message, Worker

Finished = Callable[[int, list[Message], str], None]


REMEDIES: Final = {
    1: ("dahyf_hands.check_environment",),
    5: ("dahyf_hands.set_up_environment",),
    6: ("dahyf_hands.import_capture",),
}
"""Operators that may help, by the core's exit code."""


@dataclass
class Job:
    """A running child. `finished` gets its exit code, all its messages and its error stream."""

    title: str
    worker: Worker
    finished: Finished
    text: str = ""
    pace: str = ""
    fraction: float = 0.0
    cancelling: bool = False
    messages: list[Message] = field(default_factory=list)


_current: Job | None = None
failure: Message | None = None


def is_running() -> bool:
    """Whether a child works."""
    return _current is not None


def obstacle() -> str | None:
    """Why no child can start now, or None."""
    return f"Wait for the other work: {_current.title}" if _current else None


def start(title: str, command: list[str], finished: Finished) -> None:
    """Start a child; only one runs at a time. Raises OSError when it cannot start."""
    global _current
    if _current is not None:
        raise RuntimeError("another job is running")
    _current = Job(title, Worker(command), finished, text=title)
    atexit.register(stop)


def tick() -> bool:
    """Read what the child has said; when it has ended, tell who waits for it. True while it runs."""
    global _current
    job = _current
    if job is None:
        return False
    code = job.worker.returncode
    for message in job.worker.poll():
        job.messages.append(message)
        show(job, message)
    if code is None:
        return True
    errors = job.worker.error_text()
    job.worker.close()
    _current = None
    job.finished(code, job.messages, errors)
    return is_running()


def show(job: Job, message: Message) -> None:
    """Let the panel tell what a message says."""
    if message["type"] == "progress" and message.get("total"):
        job.fraction = message["done"] / message["total"]
        job.pace = pace(message)
        job.text = f"{str(message.get('stage', '')).capitalize()}: {message['done']} of {message['total']} frames"
    elif message["type"] in ("status", "warning"):
        job.pace = ""
        job.text = str(message.get("text", ""))


def pace(message: Message) -> str:
    """`55 frames/s, 0:04 left`, as far as it is known."""
    parts = []
    if message.get("rate"):
        parts.append(f"{message['rate']:.0f} frames/s")
    if message.get("eta") is not None:
        minutes, seconds = divmod(round(message["eta"]), 60)
        parts.append(f"{minutes}:{seconds:02d} left")
    return ", ".join(parts)


def cancel() -> None:
    """Ask the child to stop; it keeps what is done."""
    if _current is not None and not _current.cancelling:
        _current.cancelling = True
        _current.text = "Stopping"
        _current.worker.cancel()


def stop(*_: object) -> None:
    """End the child at once: the add-on goes, another file is loaded, or Blender ends."""
    global _current
    if _current is not None:
        _current.worker.close()
        _current = None


def wait() -> None:
    """Let the child work for a moment, where no window polls."""
    time.sleep(POLL_SECONDS)


def keep_failure(message: Message) -> None:
    """Keep an error so that the panel can go on showing it."""
    global failure
    failure = message


def clear_failure() -> None:
    """Forget the last error."""
    global failure
    failure = None


def remedies(message: Message) -> tuple[str, ...]:
    """The operators that may mend what an error says."""
    if "operators" in message:
        return message["operators"]
    return REMEDIES.get(message.get("exit_code", 0), ())


def draw_progress(layout: bpy.types.UILayout) -> str:
    """A progress bar and a Cancel button. Returns what is being done, in words, for below."""
    if _current is None:
        return ""
    row = layout.row(align=True)
    row.progress(factor=_current.fraction, type="BAR", text=_current.pace)
    row.operator("dahyf_hands.cancel", text="", icon="CANCEL")
    return _current.text


@bpy.app.handlers.persistent
def _stop_before_load(*_: object) -> None:
    stop()


def register() -> None:
    """End the child when another file is loaded."""
    bpy.app.handlers.load_pre.append(_stop_before_load)


def unregister() -> None:
    """End the child with the add-on."""
    bpy.app.handlers.load_pre.remove(_stop_before_load)
    stop()
