"""Which preset a rig is driven by: one that ships with the add-on, one of the user's, or what is found in the rig."""

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
from .human_map import human_preset
from .presets import SHIPPED, SUFFIX, Preset, best_preset, preset_files, read_preset, write_preset

AUTOMATIC: Final = "AUTOMATIC"
NOTHING_LIKE_A_HAND: Final = "no bone at the end of a limb carries two fingers or more"
MOST_REASONS: Final = 2
"""Why there is no hand: what a message says of it."""


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
        return automatic_choice(armature, files.values())
    if identifier in files:
        return read_preset(files[identifier])
    if Path(identifier).suffix == SUFFIX:
        return read_preset(Path(identifier))
    raise RetargetError(
        f"There is no preset {identifier}.", f"Choose {AUTOMATIC}, a {SUFFIX} file or one of: {', '.join(files)}."
    )


def automatic_choice(armature: bpy.types.Object, files: Iterable[Path]) -> Preset:
    """The preset, or the rig's own map, of which a rig has most; where it has none, what is found in it.

    Of what fits as well the rig's own map goes before the user's presets, and those before the ones that ship. Damaged
    files are left out. Raises RetargetError where the rig has no hands.
    """
    presets = list(readable(files))
    human = human_preset(armature)
    best = best_preset([*([human] if human else []), *reversed(presets)], armature_of(armature).bones.keys())
    return on_controls(armature, best or found_preset(armature))


def readable(files: Iterable[Path]) -> Iterator[Preset]:
    """The presets in those of the files that are not damaged."""
    for path in files:
        with suppress(RetargetError):
            yield read_preset(path)


def found_preset(armature: bpy.types.Object) -> Preset:
    """The joints that names, hierarchy and rest pose of a rig tell. Raises RetargetError."""
    findings = find_hands(rest_bones(armature), held_names(armature))
    if not findings.hands:
        reason = "; ".join(findings.obstacles[:MOST_REASONS]) or NOTHING_LIKE_A_HAND
        raise RetargetError(
            f"No hands were found in the rig {armature.name}: {reason}.",
            "Choose a rig whose hands have finger bones, or name its bones by Correct Mapping.",
        )
    return preset_of(armature.name, findings)


def save_preset(preset: Preset, path: Path) -> Path:
    """Write a preset to a file, or to the user's presets where the path is a bare name. It is called as the file is, so
    that the menu tells it from the preset that it was made from. Raises RetargetError."""
    path = path.with_name(path.name.removesuffix(SUFFIX) + SUFFIX)
    if path.parent == Path() and (own := user_folder()) is not None:
        path = own / path
    write_preset(replace(preset, name=path.stem), path)
    return path
