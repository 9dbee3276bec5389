"""Checks of an output before the work starts, so that a long run cannot fail at its end."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from dahyf_core.errors import OutputError, SettingsError
from dahyf_core.files import has_possible_name


def check_output(output: Path, suffixes: Sequence[str], inputs: Iterable[Path | None] = ()) -> None:
    """Raise unless a file can be written at `output`.

    suffixes: the allowed endings, with their dots. inputs: files that must not be overwritten, under any name or link;
    None is ignored. Raises SettingsError for another ending. Raises OutputError for a folder that is missing or not
    writable, and for an output that is a folder, a pipe, a device or an input.
    """
    if output.suffix.lower() not in suffixes:
        raise SettingsError(
            f"The output {output} does not end in {' or '.join(suffixes)}.", f"Name it {output.stem}{suffixes[0]}."
        )
    if not has_possible_name(output):
        raise OutputError(
            f"The output {output} has a name that no file can have.",
            "Choose a shorter name without special characters.",
        )
    try:
        _check_place(output)
        overwritten = next((path for path in inputs if path is not None and _is_same(output, path)), None)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"Nothing can be written at {output}: {getattr(error, 'strerror', None) or error}.", "Choose another place."
        ) from error
    if overwritten is not None:
        raise OutputError(
            f"The output {output} would overwrite {overwritten}, which is an input.", "Choose another name."
        )


def _check_place(output: Path) -> None:
    if not output.parent.is_dir():
        raise OutputError(f"The folder {output.parent} does not exist.", "Create it, or choose another folder.")
    if output.is_dir():
        raise OutputError(f"The output {output} is a folder.", "Choose another name.")
    if not os.access(output.parent, os.W_OK):
        raise OutputError(f"The folder {output.parent} cannot be written to.", "Choose another folder.")
    if output.exists() and not output.is_file():
        raise OutputError(f"The output {output} is a pipe or a device.", "Choose another name.")


def _is_same(output: Path, path: Path) -> bool:
    """Whether two paths lead to the same existing file."""
    try:
        return output.samefile(path)
    except (OSError, ValueError):
        return False
