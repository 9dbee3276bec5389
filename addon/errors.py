"""Failures that a user can mend, with the exit codes of the command line."""

from .shared.errors import CaptureFileError, ExitCode, OutputError, SettingsError
from .shared.errors import DahyfError as AddonError

__all__ = ["AddonError", "CaptureFileError", "ExitCode", "OutputError", "RetargetError", "SettingsError"]


class RetargetError(AddonError):
    """A rig cannot be driven: it, a bone of it, or a preset is not what the work needs."""

    exit_code = ExitCode.RETARGET
