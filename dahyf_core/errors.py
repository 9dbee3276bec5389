"""Errors that a user can fix. Each has one sentence of reason, one of remedy, and the exit code of `dahyf`."""

from typing import ClassVar


class DahyfError(Exception):
    """Base class of all errors that are reported without a traceback.

    reason: one sentence that names the file and says what is wrong. remedy: one sentence that says what to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason = reason
        self.remedy = remedy


class FootageError(DahyfError):
    """The footage or a picture is missing or damaged, or holds no pictures."""

    exit_code = 3


class SettingsError(DahyfError):
    """A setting cannot be honoured: a range outside the clip, an impossible lens, an unknown name."""

    exit_code = 4


class ModelFileError(DahyfError):
    """A hand model or network file is missing, damaged, of another layout, or unsafe."""

    exit_code = 5


class CaptureFileError(DahyfError):
    """A capture file is missing, damaged, or of a newer schema."""

    exit_code = 6


class OutputError(DahyfError):
    """The output cannot be written: no space, no permission, or it would overwrite its own input."""

    exit_code = 7


class DatasetError(DahyfError):
    """A data set, one of its files, a label file or a box file is missing, damaged, or of another layout."""

    exit_code = 8


LONGEST_DETAIL = 300


def detail(error: BaseException) -> str:
    """A library's error message as part of a sentence: on one line, of limited length, without a full stop.

    The message may quote the file that could not be read.
    """
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return (text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}...").rstrip(".")
