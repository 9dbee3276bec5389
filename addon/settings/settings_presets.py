"""The user's presets of settings, in Blender's folder of presets: JSON files with values and no code."""

import math
from pathlib import Path
from typing import Any, Final

import bpy

from ..backend.json_files import write_json
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
"""By kind of preset: the scene's property group, and the settings that are saved from it."""


def folder(kind: str) -> str:
    """The folder of presets of a kind, below Blender's folder of presets."""
    return f"dahyf_hands/{kind}"


def preset_path(kind: str, name: str) -> Path:
    """The path of the preset of this name. Raises AddonError for an empty name."""
    stem = bpy.path.clean_name(name.strip())
    if not stem:
        raise AddonError("The preset has no name.", "Type one beside the plus sign.")
    return Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/{folder(kind)}")) / f"{stem}{SUFFIX}"


def save(scene: bpy.types.Scene, kind: str, name: str) -> Path:
    """Save a scene's settings, and replace a preset of the same name atomically. Raises AddonError."""
    group, table = KINDS[kind]
    values = {setting: getattr(getattr(scene, group), setting) for setting in table.optional}
    path = preset_path(kind, name)
    try:
        write_json(path, values)
    except OSError as error:
        raise AddonError(f"The preset {path} cannot be written: {error.strerror}.", "Check its folder.") from error
    return path


def load(scene: bpy.types.Scene, kind: str, path: Path) -> None:
    """Load a preset's settings into a scene. Raises AddonError, and then changes nothing."""
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
    """Set a setting. Raises ValueError if Blender clamped it to another number."""
    setattr(settings, name, value)
    if is_number(value) and not math.isclose(getattr(settings, name), value, rel_tol=1e-5, abs_tol=1e-6):
        raise ValueError(f"{name} cannot be {value:.6g}")


def remove(kind: str, name: str) -> None:
    """Delete a preset of the user's. Raises AddonError."""
    try:
        preset_path(kind, name).unlink()
    except OSError as error:
        raise AddonError(f"The preset {name} cannot be removed: {error.strerror}.", "Remove its file.") from error
