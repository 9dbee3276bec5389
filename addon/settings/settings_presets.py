"""Settings as presets of the user's, in Blender's own folder of presets: JSON files, which hold values and no code."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import bpy

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
    "set_scene",
)
KINDS: Final[dict[str, tuple[str, Sequence[str]]]] = {
    "capture": ("dahyf_hands", CAPTURE_SETTINGS),
    "clean": ("dahyf_hands_clean", clean_properties.NAMES),
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
        values = dict(json.loads(path.read_text("utf-8")))
        for name in set(names) & set(values):
            setattr(settings, name, values[name])
    except (OSError, ValueError, TypeError) as error:
        for name, value in before.items():
            setattr(settings, name, value)
        raise AddonError(f"The preset {path} cannot be used: {error}", "Save it again, or remove it.") from error


def remove(kind: str, name: str) -> None:
    """Delete a preset of the user's. Raises AddonError."""
    try:
        preset_path(kind, name).unlink()
    except OSError as error:
        raise AddonError(f"The preset {name} cannot be removed: {error.strerror}.", "Remove its file.") from error
