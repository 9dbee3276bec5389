"""References from objects to their capture file, which still work when either file has moved.

The path is stored twice: relative to the .blend file, for folders that move as a whole, and absolute, for a .blend file
that is saved elsewhere. The capture file's digest identifies it.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import bpy

from ..backend.capture_file import Capture
from ..narrowing import holds

CAPTURE: Final = "dahyf_capture"
ABSOLUTE: Final = "dahyf_capture_absolute"
DIGEST: Final = "dahyf_capture_sha256"


def record(owner: bpy.types.Object, capture: Capture) -> None:
    """Store in an object which capture file it comes from."""
    owner[CAPTURE] = portable(capture.path)
    owner[ABSOLUTE] = storable(str(capture.path.absolute()))
    owner[DIGEST] = capture.sha256


def find(owner: bpy.types.Object) -> Path:
    """The capture file of an object: the first candidate with its digest, else one that exists, else the first."""
    places = list(candidates(owner))
    there = [place for place in places if place.is_file()]
    return next((place for place in there if digest(place) == owner[DIGEST]), there[0] if there else places[0])


def candidates(owner: bpy.types.Object) -> Iterator[Path]:
    """Paths where the capture file may be: as stored, beside the .blend file, and its absolute path."""
    recorded = absolute(owner[CAPTURE])
    yield recorded
    if bpy.data.filepath:
        yield Path(bpy.data.filepath).parent / recorded.name
    if holds(owner, ABSOLUTE):
        yield Path(owner[ABSOLUTE])


def digest(path: Path) -> str:
    """The SHA-256 of a file; empty where it cannot be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""


def relate_all_to(folder: Path) -> None:
    """Make all relative paths relative to a folder, where the .blend file is saved next."""
    for owner in (found for found in bpy.data.objects if holds(found, CAPTURE) and not found.library):
        owner[CAPTURE] = portable(find(owner), folder)


def absolute(path: str) -> Path:
    """A path of Blender, which may begin with `//`, as an absolute path."""
    return Path(bpy.path.abspath(path)).resolve()


def portable(path: Path, folder: Path | None = None) -> str:
    """A path as the .blend file stores it: relative to its folder, if it has one and that is possible."""
    start = folder or (Path(bpy.data.filepath).parent if bpy.data.filepath else None)
    try:
        return storable(bpy.path.relpath(str(path), start=str(start)) if start else str(path))
    except ValueError:  # another drive
        return storable(str(path))


def storable(text: str) -> str:
    """A path as a property can store it: characters that are not UTF-8 are replaced."""
    return text.encode(errors="replace").decode()
