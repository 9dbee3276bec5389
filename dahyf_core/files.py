"""Paths that a user or a file names: what lies there, without opening it."""

import os
from pathlib import Path

from dahyf_core.shared.limits import FILE_NAME_BYTES


def is_file(path: Path) -> bool:
    """Whether a regular file lies at a path: no folder, pipe or device, and a path that can exist at all."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or holds what no name may
        return False


def has_possible_name(path: Path) -> bool:
    """Whether file systems take the last part of a path as the name of a file."""
    try:
        return len(os.fsencode(path.name)) <= FILE_NAME_BYTES and "\0" not in str(path)
    except UnicodeEncodeError:
        return False
