"""The extension's identifier, and its folder among the user's files."""

from pathlib import Path
from typing import Final

import bpy

IDENTIFIER: Final = __package__
"""Blender's name for this add-on: the key of its preferences and of its folder."""


def user_folder(path: str = "", create: bool = False) -> Path:
    """A folder of the add-on among the user's files. Raises ValueError if it is not installed as an extension."""
    return Path(bpy.utils.extension_path_user(IDENTIFIER, path=path, create=create))
