"""Settings as presets of the user's, in Blender's own folder of presets: JSON files, which hold values and no code."""

import json
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import bpy

from ..backend.strict_json import is_number, read_json
from ..errors import AddonError
from . import clean_properties

SUFFIX: Final = ".json"
CAPTURE_SETTINGS: Final = (
    "sequence_rate",
    "mirrored",
    "lens",
    "field_of_view",
    "focal_mm",
    "sensor_mm",
    "focal_px",
    "max_hands",
    "quality",
    "lost",
    "scene_setup",
    "start_frame",
)
KINDS: Final[dict[str, tuple[str, Sequence[str]]]] = {
    "capture": ("dahyf_hands", CAPTURE_SETTINGS),
    "clean": (clean_properties.PROPERTY, clean_properties.NAMES),
}
"""What can be kept: the scene's group of settings, and which of them."""


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
    group, names = KINDS[kind]
    values = {setting: getattr(getattr(scene, group), setting) for setting in names}
    path = preset_path(kind, name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".part", delete=False) as file:
            json.dump(values, file, indent=2)
        Path(file.name).replace(path)
    except OSError as error:
        raise AddonError(f"The preset {path} cannot be written: {error.strerror}.", "Check its folder.") from error
    return path


def load(scene: bpy.types.Scene, kind: str, path: Path) -> None:
    """Give a scene the settings that a preset knows. Raises AddonError, and then nothing has changed."""
    group, names = KINDS[kind]
    settings = getattr(scene, group)
    before = {name: getattr(settings, name) for name in names}
    try:
        values = read_json(path)
        if not isinstance(values, dict):
            raise ValueError("it is no table of settings")
        for name in set(names) & set(values):
            put(settings, name, values[name])
    except (OSError, ValueError, TypeError, OverflowError) as error:
        for name, value in before.items():
            setattr(settings, name, value)
        raise AddonError(f"The preset {path} cannot be used: {error}", "Save it again, or remove it.") from error


def put(settings: bpy.types.PropertyGroup, name: str, value: Any) -> None:
    """Set a setting to a value of its type that it can have. Raises ValueError and TypeError.

    Blender itself takes the nearest number that is allowed, and numbers for switches.
    """
    before = getattr(settings, name)
    if is_number(before) != is_number(value) or isinstance(before, bool) != isinstance(value, bool):
        raise ValueError(f"{name} cannot be {str(value)[:40]}")
    setattr(settings, name, value)
    now = getattr(settings, name)
    if not (math.isclose(now, value, rel_tol=1e-5, abs_tol=1e-6) if is_number(value) else now == value):
        raise ValueError(f"{name} cannot be {str(value)[:40]}")


def remove(kind: str, name: str) -> None:
    """Delete a preset of the user's. Raises AddonError."""
    try:
        preset_path(kind, name).unlink()
    except OSError as error:
        raise AddonError(f"The preset {name} cannot be removed: {error.strerror}.", "Remove its file.") from error
