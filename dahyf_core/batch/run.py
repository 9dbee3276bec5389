"""Doing a task once, whoever asks for it and however often."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from dahyf_core.batch import stages
from dahyf_core.batch.ledger import Entry, digest, folder_of, key_of, read_entry, write_entry
from dahyf_core.batch.results import Result, failed
from dahyf_core.batch.tasks import AnyTask
from dahyf_core.capture.atomic import sole_writer
from dahyf_core.capture.tracking_loop import Report
from dahyf_core.errors import ExitCode, FootageError, OutputError

Describe = Callable[[Exception], tuple[str, str, int]]
"""Reason, remedy and exit code of an error."""


@dataclass(frozen=True)
class Means:
    """What tasks are done with. stoppable: a context in which an interruption becomes the answer to a question that
    captures ask after each frame; elsewhere it ends the task. threads: CPU threads of each network, 0 for one a core.
    blender: the command that starts the add-on's, None where no Blender is known."""

    report: Report
    stoppable: Callable[[], AbstractContextManager[Callable[[], bool]]]
    threads: int = 0
    blender: Sequence[str] | None = None


def run_tasks(
    tasks: Sequence[AnyTask], means: Means, describe: Describe, ended: Callable[[Result], None]
) -> list[Result]:
    """Do tasks in their order, each once; `ended` gets each result as it comes.

    One that needs the output of a failed one is blocked; the others are done all the same. After an interruption none
    is.
    """
    results: list[Result] = []
    missing: set[Path] = set()
    for task in tasks:
        if results and results[-1].exit_code == ExitCode.INTERRUPTED:
            break
        if task.needs in missing:
            result = Result(
                stage=task.stage, output=task.output, state="blocked", text=f"It needs {task.needs}, which failed."
            )
        else:
            result = run_task(task, means, describe)
        if not result.is_good:
            missing.add(task.target)
        results.append(result)
        ended(result)
    return results


def run_task(task: AnyTask, means: Means, describe: Describe) -> Result:
    """Do a task unless its output is up to date. Errors become a failed result, which is kept beside the output."""
    try:
        _make_folder(task.target)
        with sole_writer(task.target, folder_of(task.target) / f"{task.target.name}.lock"):
            with suppress(FootageError):
                if (known := known_result(task)) is not None:
                    return known
            return _done(task, means, describe)
    except Exception as error:
        return failed(task.stage, task.output, describe(error))


def _done(task: AnyTask, means: Means, describe: Describe) -> Result:
    """Do a task, and keep its result."""
    heard = _Heard(means.report)
    started = time.monotonic()
    key = ""
    try:
        key = key_of(task)
        write_entry(task.target, Entry(state="running", key=key))
        with _warnings_to(heard):
            outcome = stages.run(task, replace(means, report=heard))
        result = Result(
            stage=task.stage, output=task.output, state="done", seconds=round(time.monotonic() - started, 3),
            hands=outcome.hands, frames=outcome.frames, facts=outcome.facts, warnings=tuple(heard.warnings),
        )  # fmt: skip
        write_entry(task.target, Entry(state="done", key=key, output=digest(task.target), result=result))
    except Exception as error:
        result = failed(task.stage, task.output, describe(error), tuple(heard.warnings))
        if not key and (before := read_entry(task.target)) is not None and before.state == "done":
            return result  # what was done counts when its footage is there again
        with suppress(OutputError):
            write_entry(task.target, Entry(state="failed", key=key, output=_left(task.target), result=result))
    return result


def _left(output: Path) -> str:
    """What a failed task has left at its output: an earlier result, the beginning of a capture, or nothing."""
    return digest(output) if output.exists() else ""


def known_result(task: AnyTask) -> Result | None:
    """The result of a task whose output is up to date; None if there is work to do.

    Raises OutputError for a file that must not be replaced, FootageError for footage that is not there.
    """
    entry, is_there = read_entry(task.target), task.target.exists()
    if is_there and entry is None:
        raise OutputError(
            f"{task.target} is there already, and no task has made it.", "Move it away, or choose another output."
        )
    if not is_there or entry is None or entry.state == "running":
        return None
    is_changed = digest(task.target) != entry.output
    if entry.state == "done" and entry.result is not None and entry.key == key_of(task):
        if not is_changed:
            return msgspec.structs.replace(entry.result, state="current")
        text = f"{task.target} was changed after it was made, and stays as it is."
        return msgspec.structs.replace(entry.result, state="kept", warnings=(text,))
    if is_changed:
        raise OutputError(
            f"{task.target} was changed after it was made, and what it was made from has changed too.",
            "Move it away or delete it; then it is made anew.",
        )
    return None


def _make_folder(output: Path) -> None:
    try:
        folder_of(output).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {output.parent} cannot be used: {error.strerror or error}.",
            "Choose a folder with space and write permission.",
        ) from error


class _Heard:
    """Passes messages on, and keeps the warnings."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.warnings: list[str] = []

    def status(self, text: str) -> None:
        self._report.status(text)

    def progress(self, stage: str, done: int, total: int) -> None:
        self._report.progress(stage, done, total)

    def warning(self, text: str) -> None:
        if text not in self.warnings:
            self.warnings.append(text)
            self._report.warning(text)


@contextmanager
def _warnings_to(report: Report) -> Iterator[None]:
    """Send the texts of warnings.warn(text) to the report."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: report.warning(str(message))
        yield
