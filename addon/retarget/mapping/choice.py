"""Choosing the preset of a rig: one of the add-on's, one of the user's, or a mapping found in the rig."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import bpy

from ... import extension
from ...errors import RetargetError
from ...narrowing import armature_of
from ..rest import rest_bones
from .automatic import find_hands, preset_of
from .controls import held_names, on_controls
from .presets import SHIPPED, SUFFIX, Preset, best_preset, preset_files, read_preset, write_preset
from .vrm_bone_map import vrm_preset

AUTOMATIC: Final = "AUTOMATIC"
NOTHING_LIKE_A_HAND: Final = "no bone at the end of a limb carries two fingers or more"
MOST_REASONS: Final = 2
"""The reason in messages when no hand was found."""


def user_folder() -> Path | None:
    """The folder of the user's presets; None if the add-on is not installed as an extension."""
    try:
        return extension.user_folder("presets")
    except ValueError:
        return None


def available_presets() -> dict[str, Path]:
    """Preset files by identifier. The user's replace the add-on's of the same identifier."""
    own = user_folder()
    return preset_files(SHIPPED, *([own] if own else []))


def preset_titles() -> dict[str, str]:
    """The presets' names by identifier. Damaged presets are left out."""
    titles = {}
    for identifier, path in available_presets().items():
        with suppress(RetargetError, OSError):
            titles[identifier] = title(path, path.stat().st_mtime_ns)
    return titles


@lru_cache
def title(path: Path, _modified: int) -> str:
    """The name in a preset file, cached because a menu asks at every redraw. Raises RetargetError."""
    return read_preset(path).name


def choose_preset(armature: bpy.types.Object, identifier: str) -> Preset:
    """The preset of this identifier or path. AUTOMATIC: the one that fits, else a found one. Raises RetargetError."""
    files = available_presets()
    if identifier == AUTOMATIC:
        return automatic_choice(armature, files.values())
    if identifier in files:
        return read_preset(files[identifier])
    if Path(identifier).suffix == SUFFIX:
        return read_preset(Path(identifier))
    raise RetargetError(
        f"There is no preset {identifier}.", f"Choose {AUTOMATIC}, a {SUFFIX} file or one of: {', '.join(files)}."
    )


def automatic_choice(armature: bpy.types.Object, files: Iterable[Path]) -> Preset:
    """The preset, or the rig's own VRM map, that fits a rig best; if none fits, the mapping found in the rig.

    Of those that fit equally well, the rig's own map comes first, then the user's presets, then the add-on's. Damaged
    files are left out. Raises RetargetError where the rig has no hands.
    """
    presets = list(readable(files))
    human = vrm_preset(armature)
    best = best_preset([*([human] if human else []), *reversed(presets)], armature_of(armature).bones.keys())
    return on_controls(armature, best or found_preset(armature))


def readable(files: Iterable[Path]) -> Iterator[Preset]:
    """The presets of these files, without damaged ones."""
    for path in files:
        with suppress(RetargetError):
            yield read_preset(path)


def found_preset(armature: bpy.types.Object) -> Preset:
    """The mapping found by a rig's names, hierarchy and rest pose. Raises RetargetError."""
    findings = find_hands(rest_bones(armature), held_names(armature))
    if not findings.hands:
        reason = "; ".join(findings.obstacles[:MOST_REASONS]) or NOTHING_LIKE_A_HAND
        raise RetargetError(
            f"No hands were found in the rig {armature.name}: {reason}.",
            "Choose a rig whose hands have finger bones, or choose its bones in Correct Mapping.",
        )
    return preset_of(armature.name, findings)


def save_preset(preset: Preset, path: Path) -> Path:
    """Write a preset to a file, or to the user's presets if the path is a bare name. Returns the file's path.

    The preset is named after the file, so that the menu shows it apart from its original. Raises RetargetError.
    """
    path = path.with_name(path.name.removesuffix(SUFFIX) + SUFFIX)
    if path.parent == Path() and (own := user_folder()) is not None:
        path = own / path
    write_preset(replace(preset, name=path.stem), path)
    return path
