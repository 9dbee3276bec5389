"""One command's run: its messages, its warnings, and its exit code."""

import errno
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

import typer

from dahyf_core.cli.reporters import Outcome, Reporter, create_reporter
from dahyf_core.cli.stopping import Interruption
from dahyf_core.errors import DahyfError, ExitCode, OutputError, SettingsError

UNWRITABLE = {getattr(errno, name, None) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS")} - {None}
"""Full disk, exhausted quota, file too large for its file system, read-only disk."""


@contextmanager
def session(as_json: bool, extra: str = "train") -> Iterator[Reporter]:
    """Run a command's work. Every error is reported in a sentence and becomes the documented exit code.

    extra: the optional dependencies that the command needs.
    """
    interruption = Interruption()
    with create_reporter(as_json) as reporter:
        try:
            with _warnings_to(reporter), interruption:
                yield _Attentive(reporter, interruption.check)
            return
        except (KeyboardInterrupt, Exception) as error:
            failure: tuple[str, str, int]
            if isinstance(error, KeyboardInterrupt) or (interruption.requested and not isinstance(error, DahyfError)):
                failure = "The work was interrupted.", "Run the same command again.", ExitCode.INTERRUPTED
            else:
                failure = described(error, extra)
        reporter.error(*failure)
    raise typer.Exit(failure[2])


def described(error: Exception, extra: str) -> tuple[str, str, int]:
    """Reason, remedy and exit code of an error. extra: the optional dependencies that the work needs."""
    if isinstance(error, DahyfError):
        return error.reason, error.remedy, error.exit_code
    if isinstance(error, ModuleNotFoundError):
        reason = f"This command needs the package {error.name}, which is not installed."
        return reason, f"Install its extra: pip install 'dahyf-hands[{extra}]'.", SettingsError.exit_code
    if isinstance(error, OSError) and error.errno in UNWRITABLE:
        reason = f"{error.filename or 'A file'} cannot be written: {error.strerror}."
        return reason, "Free some space, or choose another folder.", OutputError.exit_code
    reason = f"An unexpected error stopped the work: {type(error).__name__}: {error}."
    return reason, f"Please report it{_write_traceback(error)}.", ExitCode.UNEXPECTED


@contextmanager
def _warnings_to(reporter: Reporter) -> Iterator[None]:
    """Send the texts of warnings.warn(text) to the reporter, each text once."""
    told: set[str] = set()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if str(message) not in told:
            told.add(str(message))
            reporter.warning(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = show
        yield


class _Attentive(Reporter):
    """A reporter that raises a lost interruption: at the next progress, and before the result is reported."""

    def __init__(self, reporter: Reporter, check: Callable[[], None]) -> None:
        self._reporter = reporter
        self._check = check

    def status(self, text: str) -> None:
        self._reporter.status(text)

    def progress(self, stage: str, done: int, total: int) -> None:
        self._check()
        self._reporter.progress(stage, done, total)

    def clip_progress(self, clip: str, stage: str, done: int, total: int) -> None:
        self._reporter.clip_progress(clip, stage, done, total)

    def clip_ended(self, clip: str) -> None:
        self._reporter.clip_ended(clip)

    def warning(self, text: str) -> None:
        self._reporter.warning(text)

    def error(self, reason: str, remedy: str, exit_code: int) -> None:
        self._reporter.error(reason, remedy, exit_code)

    def done(self, outcome: Outcome) -> None:
        self._check()
        self._reporter.done(outcome)

    def profile(self, stages: Mapping[str, float], beside: Mapping[str, float]) -> None:
        self._reporter.profile(stages, beside)


def _write_traceback(error: Exception) -> str:
    """Write the traceback to a file. Returns the end of the sentence that names the file, empty if that failed."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="dahyf-error-", suffix=".txt", delete=False, encoding="utf-8", errors="backslashreplace"
        ) as file:
            traceback.print_exception(error, file=file)
    except OSError:
        return ""
    return f" together with {file.name}"
