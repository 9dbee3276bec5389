"""Errors that a user can fix, and the exit codes of both command lines."""

from enum import IntEnum
from typing import ClassVar, Final

LONGEST_DETAIL: Final = 300


class ExitCode(IntEnum):
    """How a command ended; docs/command-line.md says what each means."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    FOOTAGE = 3
    SETTINGS = 4
    MODEL_FILE = 5
    CAPTURE_FILE = 6
    OUTPUT = 7
    DATASET = 8
    RETARGET = 9
    BATCH = 10
    IMPORT_FILE = 11
    INTERRUPTED = 130


class DahyfError(Exception):
    """Base class of all errors that are reported without a traceback.

    reason: one sentence that names the file and says what is wrong. remedy: one sentence that says what to do.
    """

    exit_code: ClassVar[int] = ExitCode.UNEXPECTED

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason = reason
        self.remedy = remedy


class SettingsError(DahyfError):
    """A setting cannot be honoured: a range outside the clip, an impossible lens, an unknown name."""

    exit_code = ExitCode.SETTINGS


class CaptureFileError(DahyfError):
    """A capture file is missing, damaged, or of a newer schema."""

    exit_code = ExitCode.CAPTURE_FILE


class OutputError(DahyfError):
    """The output cannot be written: no space, no permission, or it would overwrite its own input."""

    exit_code = ExitCode.OUTPUT


def detail(error: BaseException) -> str:
    """A library's error message as part of a sentence: on one line, of limited length, without a full stop.

    The message may quote the file that could not be read.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return (text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}...").rstrip(".")
