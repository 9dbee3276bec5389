"""Settings as presets of the user's, in Blender's own folder of presets: JSON files, which hold values and no code."""

import math
from pathlib import Path
from typing import Any, Final

import bpy

from ..backend.written import write_json
from ..errors import AddonError
from ..shared import presets
from ..shared.rules import Table
from ..shared.strict_json import is_number, read_json
from . import capture_properties, clean_properties

SUFFIX: Final = ".json"
KINDS: Final[dict[str, tuple[str, Table]]] = {
    "capture": (capture_properties.PROPERTY, presets.CAPTURE),
    "clean": (clean_properties.PROPERTY, presets.CLEAN),
}
"""What can be kept: the scene's group of settings, and what is kept of it."""


def folder(kind: str) -> str:
    """The folder of presets of a kind, below Blender's folders of presets."""
    return f"dahyf_hands/{kind}"


def preset_path(kind: str, name: str) -> Path:
    """Where a preset of this name lies, or will. Raises AddonError for a name that is none."""
    stem = bpy.path.clean_name(name.strip())
    if not stem:
        raise AddonError("The preset has no name.", "Type one beside the plus sign.")
    return Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/{folder(kind)}")) / f"{stem}{SUFFIX}"


def save(scene: bpy.types.Scene, kind: str, name: str) -> Path:
    """Keep a scene's settings; a preset of the same name is replaced, whole or not at all. Raises AddonError."""
    group, table = KINDS[kind]
    values = {setting: getattr(getattr(scene, group), setting) for setting in table.optional}
    path = preset_path(kind, name)
    try:
        write_json(path, values)
    except OSError as error:
        raise AddonError(f"The preset {path} cannot be written: {error.strerror}.", "Check its folder.") from error
    return path


def load(scene: bpy.types.Scene, kind: str, path: Path) -> None:
    """Give a scene the settings that a preset knows. Raises AddonError, and then nothing has changed."""
    group, table = KINDS[kind]
    settings = getattr(scene, group)
    before = {name: getattr(settings, name) for name in table.optional}
    try:
        values = read_json(path)
        if kind == "clean":
            values = clean_properties.renewed(values, scene)
        table.check(values, "it")
        for name in set(before) & set(values):
            put(settings, name, values[name])
    except (OSError, ValueError, TypeError, OverflowError) as error:
        for name, value in before.items():
            setattr(settings, name, value)
        raise AddonError(f"The preset {path} cannot be used: {error}.", "Save it again, or remove it.") from error


def put(settings: bpy.types.PropertyGroup, name: str, value: Any) -> None:
    """Set a setting. Raises ValueError where Blender, which takes the nearest number that it can hold, has another."""
    setattr(settings, name, value)
    if is_number(value) and not math.isclose(getattr(settings, name), value, rel_tol=1e-5, abs_tol=1e-6):
        raise ValueError(f"{name} cannot be {value:.6g}")


def remove(kind: str, name: str) -> None:
    """Delete a preset of the user's. Raises AddonError."""
    try:
        preset_path(kind, name).unlink()
    except OSError as error:
        raise AddonError(f"The preset {name} cannot be removed: {error.strerror}.", "Remove its file.") from error
