"""Errors that a user can fix. Each has one sentence of reason, one of remedy, and the exit code of `dahyf`."""

from dahyf_core.shared.errors import CaptureFileError, DahyfError, ExitCode, OutputError, SettingsError, detail

__all__ = [
    "CaptureFileError",
    "DahyfError",
    "DatasetError",
    "ExitCode",
    "FootageError",
    "ImportFileError",
    "ModelFileError",
    "OutputError",
    "SettingsError",
    "detail",
]


class FootageError(DahyfError):
    """The footage or a picture is missing or damaged, or holds no pictures."""

    exit_code = ExitCode.FOOTAGE


class ModelFileError(DahyfError):
    """A hand model or network file is missing, damaged, of another layout, or unsafe."""

    exit_code = ExitCode.MODEL_FILE


class DatasetError(DahyfError):
    """A data set, one of its files, a label file or a box file is missing, damaged, or of another layout."""

    exit_code = ExitCode.DATASET


class ImportFileError(DahyfError):
    """Another tool's file is missing, damaged, unsafe, or of a layout that is not known."""

    exit_code = ExitCode.IMPORT_FILE
