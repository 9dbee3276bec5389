"""Checks of paths from users or files, without opening them."""

import os
from pathlib import Path

from dahyf_core.shared.limits import FILE_NAME_BYTES


def is_file(path: Path) -> bool:
    """Whether a path is valid and leads to a regular file: not a folder, pipe or device."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or has forbidden characters
        return False


def has_possible_name(path: Path) -> bool:
    """Whether file systems take the last part of a path as the name of a file."""
    try:
        return len(os.fsencode(path.name)) <= FILE_NAME_BYTES and "\0" not in str(path)
    except UnicodeEncodeError:
        return False
