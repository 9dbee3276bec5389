"""Failures that a user can mend, with the exit codes of the command line."""

from typing import ClassVar


class AddonError(Exception):
    """Base of all failures that are reported without a traceback.

    reason: one sentence that names the file and says what is wrong. remedy: one sentence that says what to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason} {remedy}")
        self.reason = reason
        self.remedy = remedy


class SettingsError(AddonError):
    """A choice cannot be honoured."""

    exit_code = 4


class CaptureFileError(AddonError):
    """A capture file is missing, damaged, or of a newer schema."""

    exit_code = 6


class OutputError(AddonError):
    """The .blend file cannot be written."""

    exit_code = 7


class RetargetError(AddonError):
    """A rig cannot be driven: it, a bone of it, or a preset is not what the work needs."""

    exit_code = 9
