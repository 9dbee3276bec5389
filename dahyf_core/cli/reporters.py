"""Messages of a running command: a progress bar for people, short lines for logs, JSON lines for programs."""

import json
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from dahyf_core.cli.streams import printable

JSON_INTERVAL = 0.1  # s between two progress messages
LINE_INTERVAL = 5.0
CLIP_INTERVAL = 1.0

Clock = Callable[[], float]


@dataclass(frozen=True)
class Outcome:
    """Result of a finished command: hands and frames in the file `output`, and the seconds that it took."""

    output: Path
    hands: int
    frames: int
    seconds: float

    def __str__(self) -> str:
        return f"Wrote {self.output}: {counted(self.hands, 'hand')}, {counted(self.frames, 'frame')}."


class Reporter(ABC):
    """Receiver of a command's messages. As a context manager it restores the terminal at the end."""

    @abstractmethod
    def status(self, text: str) -> None:
        """Report what the command does now."""

    @abstractmethod
    def progress(self, stage: str, done: int, total: int) -> None:
        """Report how many of a stage's frames are done. This is cheap enough to call for each frame."""

    @abstractmethod
    def warning(self, text: str) -> None:
        """Report a problem that does not stop the work."""

    @abstractmethod
    def error(self, reason: str, remedy: str, exit_code: int) -> None:
        """Report why the command failed, and what to do."""

    @abstractmethod
    def done(self, outcome: Outcome) -> None:
        """Report where the result is."""

    def clip_progress(self, clip: str, stage: str, done: int, total: int) -> None:
        """Report how many frames of a clip's stage are done, one of several clips at once."""
        return None

    def clip_ended(self, clip: str) -> None:
        """Report that no more progress of a clip comes."""
        return None

    def profile(self, stages: Mapping[str, float], beside: Mapping[str, float]) -> None:
        """Report the seconds of each stage, and of other threads that ran beside them."""
        total = sum(stages.values())
        for name, seconds in stages.items():
            self.status(f"{name:20} {seconds:8.3f} s {100 * seconds / total:5.1f} %")
        self.status(f"{'together':20} {total:8.3f} s")
        for name, seconds in beside.items():
            self.status(f"{name:20} {seconds:8.3f} s in another thread, at the same time")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class Pace:
    """Frames per second and seconds left of a stage, at most once in `interval` seconds and at its end.

    Frames done before the first report, by an earlier run, do not count.
    """

    def __init__(self, interval: float, clock: Clock = time.monotonic) -> None:
        self._interval = interval
        self._clock = clock
        self._stage: str | None = None

    def due(self, stage: str, done: int, total: int) -> bool:
        """Record a stage's progress. True if a message about it is due."""
        now = self._clock()
        if stage != self._stage:
            self._stage, self._first, self._start, self._last = stage, done, now, -float("inf")
        self.elapsed, self._new, self._left = now - self._start, done - self._first, total - done
        if now - self._last < self._interval and done < total:
            return False
        self._last = now
        return True

    @property
    def rate(self) -> float | None:
        """Frames per second so far, None before the first."""
        return self._new / self.elapsed if self._new and self.elapsed else None

    @property
    def eta(self) -> float | None:
        """Seconds until the stage ends, None before the first frame."""
        return self._left / self.rate if self.rate else None


class JsonReporter(Reporter):
    """One JSON object per line, each flushed."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._pace = Pace(JSON_INTERVAL, clock)
        self._paces: dict[str, Pace] = {}

    def status(self, text: str) -> None:
        self._write(type="status", text=text)

    def progress(self, stage: str, done: int, total: int) -> None:
        if self._pace.due(stage, done, total):
            pace = self._pace
            self._write(
                type="progress", stage=stage, done=done, total=total, rate=_rounded(pace.rate), eta=_rounded(pace.eta)
            )

    def warning(self, text: str) -> None:
        self._write(type="warning", text=text)

    def clip_progress(self, clip: str, stage: str, done: int, total: int) -> None:
        pace = self._paces.setdefault(clip, Pace(CLIP_INTERVAL, self._clock))
        if pace.due(stage, done, total):
            rate, eta = _rounded(pace.rate), _rounded(pace.eta)
            self._write(type="progress", clip=clip, stage=stage, done=done, total=total, rate=rate, eta=eta)

    def clip_ended(self, clip: str) -> None:
        self._paces.pop(clip, None)

    def error(self, reason: str, remedy: str, exit_code: int) -> None:
        self._write(type="error", text=reason, remedy=remedy, exit_code=exit_code)

    def done(self, outcome: Outcome) -> None:
        self._write(
            type="done",
            output=str(outcome.output),
            hands=outcome.hands,
            frames=outcome.frames,
            seconds=round(outcome.seconds, 3),
        )

    def profile(self, stages: Mapping[str, float], beside: Mapping[str, float]) -> None:
        self._write(type="profile", stages=_all_rounded(stages), beside=_all_rounded(beside))

    def _write(self, **message: object) -> None:
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()


class LineReporter(Reporter):
    """Plain short lines for logs: progress and errors go to `log`, the result goes to `result`."""

    def __init__(self, log: TextIO, result: TextIO, clock: Clock = time.monotonic) -> None:
        self._log = log
        self._result = result
        self._pace = Pace(LINE_INTERVAL, clock)

    def status(self, text: str) -> None:
        print(printable(text), file=self._log, flush=True)

    def progress(self, stage: str, done: int, total: int) -> None:
        if not self._pace.due(stage, done, total):
            return
        noun = "clip" if stage == "clips" else "frame"
        line = f"{stage}: {done} of {counted(total, noun)}"
        if self._pace.rate:
            line += f", {self._pace.rate:.1f} {noun}s/s, {self._pace.eta:.0f} s left"
        self.status(line)

    def warning(self, text: str) -> None:
        self.status(f"Warning: {text}")

    def error(self, reason: str, remedy: str, exit_code: int) -> None:
        self.status(f"Error: {reason} {remedy}")

    def done(self, outcome: Outcome) -> None:
        print(printable(outcome), file=self._result, flush=True)


class ProgressReporter(Reporter):
    """A progress bar with frames/s and time left on the terminal's standard error; the result on standard output."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._bar: Progress | None = None
        self._tasks: dict[str, TaskID] = {}

    def status(self, text: str) -> None:
        self._say(text, "dim")

    def progress(self, stage: str, done: int, total: int) -> None:
        if self._bar is None:
            self._bar = _progress_bar(self._console)
            self._bar.start()
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(_title(stage), completed=done, total=total)
        self._bar.update(self._tasks[stage], completed=done, total=total)

    def clip_progress(self, clip: str, stage: str, done: int, total: int) -> None:
        self.progress(f"{clip}: {stage}", done, total)

    def clip_ended(self, clip: str) -> None:
        for stage in [name for name in self._tasks if name.startswith(f"{clip}: ")]:
            task = self._tasks.pop(stage)
            if self._bar is not None:
                self._bar.remove_task(task)

    def warning(self, text: str) -> None:
        self._say(f"Warning: {text}", "yellow")

    def error(self, reason: str, remedy: str, exit_code: int) -> None:
        self._close_bar()
        self._say(f"Error: {reason}", "bold red")
        self._say(remedy)

    def done(self, outcome: Outcome) -> None:
        self._close_bar()
        print(printable(outcome), flush=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close_bar()

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(printable(text), style=style, markup=False, soft_wrap=True)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def create_reporter(as_json: bool) -> Reporter:
    """The reporter for a program (--json), for a person at a terminal, or else for a log."""
    if as_json:
        return JsonReporter(sys.stdout)
    if sys.stderr.isatty():
        return ProgressReporter()
    return LineReporter(sys.stderr, sys.stdout)


def counted(count: int, noun: str) -> str:
    """1 hand, 2 hands."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _title(stage: str) -> str:
    """A stage's name as a bar shows it, without what the terminal would obey."""
    return escape(printable(stage[:1].upper() + stage[1:]))


class _RateColumn(ProgressColumn):
    """Frames per second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} frames/s" if speed else "", style="progress.data.speed")


def _progress_bar(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _RateColumn(), TimeRemainingColumn()
    return Progress(*columns, console=console)


def _all_rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in seconds.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
