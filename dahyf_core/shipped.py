"""Files that ship with the program."""

from importlib.resources import files
from pathlib import Path


def asset(name: str) -> Path:
    """Path of a file that ships in `dahyf_core/assets`."""
    return Path(str(files("dahyf_core") / "assets" / name))
