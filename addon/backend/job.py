"""The running job: a child process, its progress, and a callback for its end. Only one job runs at a time.

It holds no references to Blender's data, since another file may be opened while the child runs.
"""

import atexit
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import bpy

from . import notices
from .worker import POLL_SECONDS, Message, Worker

SECONDS_BETWEEN_LOOKS: Final = 0.5
"""Seconds between two calls of a job's own `progress`, which may look at many files."""


@dataclass(frozen=True)
class Ending:
    """How a child ended: its exit code, messages, error stream, seconds, and whether it was asked to stop."""

    code: int
    messages: list[Message]
    errors: str
    seconds: float
    cancelled: bool


Finished = Callable[[Ending], None]
Progress = Callable[[Sequence[str]], tuple[float, str]]


@dataclass
class Job:
    """A running child. `section` is the part of the panel that shows it; `finished` is called with its Ending.

    progress: for a child that reports no progress: from its lines so far to a fraction, 0 to 1, and a text.
    share: where this child's part of the progress bar starts and ends, 0 to 1, if several children follow each other.
    """

    title: str
    section: str
    worker: Worker
    finished: Finished
    progress: Progress | None = None
    share: tuple[float, float] = (0.0, 1.0)
    text: str = ""
    pace: str = ""
    done: int = 0
    total: int = 0
    fraction: float = 0.0
    cancelling: bool = False
    messages: list[Message] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    looked: float = 0.0


_current: Job | None = None


def is_running(section: str = "") -> bool:
    """Whether a child runs, for this section or for any."""
    return _current is not None and section in ("", _current.section)


def obstacle() -> str | None:
    """Why no child can start now, or None."""
    return f"Wait until this is done: {_current.title}" if _current else None


def start(
    title: str,
    command: list[str],
    finished: Finished,
    section: str = "capture",
    variables: Mapping[str, str] = MappingProxyType({}),
    progress: Progress | None = None,
    share: tuple[float, float] = (0.0, 1.0),
) -> None:
    """Start a child; only one runs at a time. Raises OSError when it cannot start."""
    global _current
    if _current is not None:
        raise RuntimeError("another job is running")
    worker = Worker(command, variables)
    _current = Job(title, section, worker, finished, progress, share, text=title, fraction=share[0])
    atexit.register(stop)


def tick() -> bool:
    """Read the child's new messages, and call `finished` when it has ended. True while it runs."""
    global _current
    job = _current
    if job is None:
        return False
    code = job.worker.returncode
    for message in job.worker.poll():
        job.messages.append(message)
        show(job, message)
    if code is None:
        look(job)
        return True
    errors = job.worker.error_text()
    job.worker.close()
    _current = None
    job.finished(Ending(code, job.messages, errors, time.monotonic() - job.started, job.cancelling))
    return is_running()


def show(job: Job, message: Message) -> None:
    """Take a message's progress or text over into what the panel shows."""
    if job.cancelling or job.progress is not None:
        return
    if message["type"] == "progress" and message.get("total"):
        job.done, job.total = message["done"], message["total"]
        job.fraction = between(job.share, job.done / job.total)
        job.pace = pace(message)
        job.text = f"{job.done} of {job.total} frames"
    elif message["type"] in ("status", "warning"):
        job.pace = ""
        job.text = str(message.get("text", ""))


def look(job: Job) -> None:
    """Call the job's own `progress`, at most once in LOOK_SECONDS."""
    if job.progress is None or job.cancelling or time.monotonic() - job.looked < SECONDS_BETWEEN_LOOKS:
        return
    fraction, job.text = job.progress([str(message.get("text", "")) for message in job.messages])
    job.fraction = max(job.fraction, between(job.share, fraction))
    job.looked = time.monotonic()


def between(share: tuple[float, float], fraction: float) -> float:
    """The whole bar's progress, 0 to 1, when the part `share` of it has this fraction."""
    return share[0] + (share[1] - share[0]) * fraction


def pace(message: Message) -> str:
    """`55 frames/s, 0:04 left`, or the parts of it that are known."""
    parts = []
    if message.get("rate"):
        parts.append(f"{message['rate']:.0f} frames/s")
    if message.get("eta") is not None:
        minutes, seconds = divmod(round(message["eta"]), 60)
        parts.append(f"{minutes}:{seconds:02d} left")
    return ", ".join(parts)


def progress_of(section: str) -> tuple[float, str, str] | None:
    """A section's running work: progress, 0 to 1, text and pace. None where nothing runs."""
    if _current is None or _current.section != section:
        return None
    return _current.fraction, _current.text, _current.pace


def cancel() -> None:
    """Ask the child to stop. It keeps finished work."""
    if _current is not None and not _current.cancelling:
        _current.cancelling = True
        _current.text, _current.pace = "Stopping", ""
        _current.worker.cancel()


def stop(*_: object) -> None:
    """End the child at once: the add-on is disabled, another file is loaded, or Blender quits."""
    global _current
    if _current is not None:
        _current.worker.close()
        _current = None


def wait() -> None:
    """Sleep for one polling interval, where no window polls."""
    time.sleep(POLL_SECONDS)


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def _stop_before_load(*_: object) -> None:
    interrupted = _current
    stop()
    notices.clear_all()
    if interrupted is not None:
        text = f"{interrupted.title} was stopped because another file was opened."
        notices.put(interrupted.section, notices.Notice(notices.WARNING, text))


def register() -> None:
    """Watch for another file being loaded, which ends the child."""
    bpy.app.handlers.load_pre.append(_stop_before_load)


def unregister() -> None:
    """Stop watching, and end the child."""
    bpy.app.handlers.load_pre.remove(_stop_before_load)
    stop()
    notices.clear_all()
