"""Which preset a rig is driven by: one that ships with the add-on, one of the user's, or what is found in the rig."""

from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

import bpy

from .. import extension
from ..errors import RetargetError
from .automatic import automatic_preset
from .presets import SHIPPED, SUFFIX, Preset, best_preset, preset_files, read_preset, write_preset
from .target import rest_bones

AUTOMATIC: Final = "AUTOMATIC"


def user_folder() -> Path | None:
    """Where the user's presets lie; None where the add-on was not installed as an extension."""
    try:
        return extension.user_folder("presets")
    except ValueError:
        return None


def available_presets() -> dict[str, Path]:
    """Preset files by identifier, the user's in place of shipped ones of the same identifier."""
    own = user_folder()
    return preset_files(SHIPPED, *([own] if own else []))


def preset_titles() -> dict[str, str]:
    """What the presets are called, by identifier; damaged ones are left out."""
    titles = {}
    for identifier, path in available_presets().items():
        with suppress(RetargetError, OSError):
            titles[identifier] = title(path, path.stat().st_mtime_ns)
    return titles


@lru_cache
def title(path: Path, _modified: int) -> str:
    """What a preset file calls itself; it is read once, though a menu asks at every redraw. Raises RetargetError."""
    return read_preset(path).name


def choose_preset(armature: bpy.types.Object, identifier: str) -> Preset:
    """The preset of this identifier or path; for AUTOMATIC the one that fits, else one found. Raises RetargetError."""
    files = available_presets()
    if identifier == AUTOMATIC:
        shipped_or_own = map(read_preset, files.values())
        return best_preset(shipped_or_own, armature.data.bones.keys()) or found_preset(armature)
    if identifier in files:
        return read_preset(files[identifier])
    if Path(identifier).suffix == SUFFIX:
        return read_preset(Path(identifier))
    raise RetargetError(
        f"There is no preset {identifier}.", f"Choose {AUTOMATIC}, a {SUFFIX} file or one of: {', '.join(files)}."
    )


def found_preset(armature: bpy.types.Object) -> Preset:
    """The joints that names, hierarchy and rest pose of a rig tell. Raises RetargetError."""
    preset = automatic_preset(armature.name, rest_bones(armature))
    if not preset.bones:
        raise RetargetError(
            f"No hands were found in the rig {armature.name}: no bone has two fingers or more.",
            "Save a preset for another rig and name this rig's bones in it.",
        )
    return preset


def save_preset(preset: Preset, path: Path) -> Path:
    """Write a preset to a file, or to the user's presets where the path is a bare name. Raises RetargetError."""
    path = path.with_name(path.name.removesuffix(SUFFIX) + SUFFIX)
    if path.parent == Path() and (own := user_folder()) is not None:
        path = own / path
    write_preset(preset, path)
    return path
