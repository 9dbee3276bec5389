"""Checks of an output before work starts, so that hours of it cannot end at a missing folder."""

import os
from collections.abc import Sequence
from pathlib import Path

from dahyf_core.errors import OutputError, SettingsError


def check_output(output: Path, suffixes: Sequence[str], inputs: Sequence[Path] = ()) -> None:
    """Raise unless a file can be written at `output`.

    suffixes: the endings that are allowed, with their dots. inputs: files that must not be overwritten.
    Raises SettingsError for another ending; OutputError for a folder that is missing or closed to us, for an output
    that is a folder, and for an output that is an input.
    """
    if output.suffix.lower() not in suffixes:
        raise SettingsError(
            f"The output {output} does not end in {' or '.join(suffixes)}.", f"Name it {output.stem}{suffixes[0]}."
        )
    if not output.parent.is_dir():
        raise OutputError(f"The folder {output.parent} does not exist.", "Make it first, or choose another folder.")
    if output.is_dir():
        raise OutputError(f"The output {output} is a folder.", "Choose another name.")
    if not os.access(output.parent, os.W_OK):
        raise OutputError(f"The folder {output.parent} cannot be written to.", "Choose another folder.")
    if output.exists() and any(path.exists() and output.samefile(path) for path in inputs):
        raise OutputError(f"The output {output} is the input itself.", "Choose another name.")
