"""One command's run: its messages, its warnings, and its exit code."""

import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO

import typer

from dahyf_core.cli.reporters import Reporter, create_reporter
from dahyf_core.errors import DahyfError, SettingsError

UNEXPECTED = 1
INTERRUPTED = 130


@contextmanager
def session(as_json: bool, extra: str = "train") -> Iterator[Reporter]:
    """Run a command's work inside; whatever ends it is reported in a sentence and becomes the documented exit code.

    extra: the optional dependencies that the command needs.
    """
    with create_reporter(as_json) as reporter:
        try:
            with _warnings_to(reporter), _terminate_like_interrupt():
                yield reporter
            return
        except DahyfError as error:
            failure = error.reason, error.remedy, error.exit_code
        except KeyboardInterrupt:
            failure = "The work was interrupted.", "Run the same command again.", INTERRUPTED
        except ModuleNotFoundError as error:
            reason = f"This command needs the package {error.name}, which is not installed."
            failure = reason, f"Install its extra: pip install 'dahyf-hands[{extra}]'.", SettingsError.exit_code
        except BrokenPipeError:
            # Nobody listens any more; the interpreter must not fail once more when it flushes standard output.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(UNEXPECTED) from None
        except Exception as error:
            log = _write_traceback(error)
            reason = f"An unexpected error stopped the work: {type(error).__name__}: {error}."
            failure = reason, f"Please report it together with {log}.", UNEXPECTED
        reporter.error(*failure)
    raise typer.Exit(failure[2])


@contextmanager
def _warnings_to(reporter: Reporter) -> Iterator[None]:
    """Send what is warned about with warnings.warn(text) to the reporter, each text once."""
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


@contextmanager
def _terminate_like_interrupt() -> Iterator[None]:
    """SIGTERM unwinds the work as Ctrl-C does, so that no half-written file stays behind."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _write_traceback(error: Exception) -> Path:
    with tempfile.NamedTemporaryFile("w", prefix="dahyf-error-", suffix=".txt", delete=False, encoding="utf-8") as file:
        traceback.print_exception(error, file=file)
    return Path(file.name)
