"""Errors that a user can fix, with the exit codes of the command line."""

from .shared.errors import CaptureFileError, ExitCode, OutputError, SettingsError
from .shared.errors import DahyfError as AddonError

__all__ = ["AddonError", "CaptureFileError", "ExitCode", "ExportError", "OutputError", "RetargetError", "SettingsError"]


class RetargetError(AddonError):
    """A rig cannot be retargeted: the rig, one of its bones, or the preset does not fit."""

    exit_code = ExitCode.RETARGET


class ExportError(AddonError):
    """A rig cannot be exported, or not in this format."""

    exit_code = ExitCode.RETARGET
