"""Facts on footage before it is captured: size, rate, first and last frame, and a thumbnail."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import bpy
import bpy.utils.previews

from ..narrowing import picture_suffixes
from . import background

NUMBERED: Final = re.compile(r"(?P<head>.*?)(?P<number>\d{1,9})(?P<tail>\D*)")
"""A file's name without its suffix: the text before its last number, the number, and the text after it."""

CHOOSE: Final = "choose a video, a picture, or a folder of numbered pictures"
BEGINNING: Final = 1024
LONGEST_CHARACTER: Final = 4
"""Bytes: of a file's beginning that is read, and of a UTF-8 character that may be cut off at its end."""

_pictures: bpy.utils.previews.ImagePreviewCollection | None = None


@dataclass(frozen=True)
class Facts:
    """Size in pixels; frames per second, 0 for pictures; first and last frame as the panel counts them."""

    width: int
    height: int
    rate: float
    first: int
    last: int


def look(path: Path, as_sequence: bool) -> Facts | None:
    """What Blender finds in a video, a picture or a folder of pictures; None where it cannot read it.

    as_sequence: one picture stands for the sequence that begins with it. A video's frames count from 1, pictures by the
    numbers in their names. Leaves nothing in the .blend file.
    """
    first = background.find_footage(path, path.parent)
    if first is None:
        return None
    try:
        clip = bpy.data.movieclips.load(str(first))
    except RuntimeError:
        return None
    try:
        width, height = clip.size
        if not clip.frame_duration or not width or not height:
            return None
        if is_picture(first):
            numbered = numbers(first) if as_sequence or path.is_dir() else [0]
            return Facts(width, height, 0.0, numbered[0], numbered[-1])
        return Facts(width, height, clip.fps, 1, clip.frame_duration)
    finally:
        bpy.data.movieclips.remove(clip)


def problem(path: Path) -> str:
    """Why footage that Blender cannot show is not footage, as a sentence; empty if the core may be able to read it."""
    if not path.exists():
        return missing(str(path))
    if path.is_dir():
        return "" if background.pictures_in(path) else f"{path.name} is a folder without pictures: {CHOOSE}"
    if not path.is_file():
        return f"{path.name} is not a file: {CHOOSE}"
    return f"{path.name} is a text file: {CHOOSE}" if is_text(path) else ""


def missing(path: str) -> str:
    """The sentence on footage that does not exist."""
    return f"The footage does not exist: {path}"


def is_text(path: Path) -> bool:
    """Whether a file begins with readable text or is empty, as no video or picture does."""
    try:
        with path.open("rb") as stream:
            start = stream.read(BEGINNING)
    except OSError:
        return False
    text = start.decode("utf-8", "ignore")
    readable = len(text.encode()) >= len(start) - LONGEST_CHARACTER
    return readable and all(letter.isprintable() or letter.isspace() for letter in text)


def is_picture(path: Path) -> bool:
    """Whether a file is a picture, by its suffix."""
    return path.suffix.lower() in picture_suffixes()


def numbers(picture: Path) -> list[int]:
    """The numbers of the sequence that begins with this picture, in order; [0] for a picture without a number."""
    named = NUMBERED.fullmatch(picture.stem)
    if named is None:
        return [0]
    found = {
        int(other["number"])
        for beside in background.pictures_in(picture.parent)
        if beside.suffix == picture.suffix
        and (other := NUMBERED.fullmatch(beside.stem))
        and (other["head"], other["tail"]) == (named["head"], named["tail"])
    }
    return sorted(number for number in found if number >= int(named["number"]))


def may_begin_a_sequence(path: Path) -> bool:
    """Whether this is one picture, and others that are numbered like it follow."""
    return path.is_file() and is_picture(path) and len(numbers(path)) > 1


def thumbnail(path: Path) -> int:
    """The icon with a thumbnail of footage; 0 without one. Blender makes it in the background."""
    first = background.find_footage(path, path.parent)
    if first is None or _pictures is None:
        return 0
    key = f"{first} {first.stat().st_mtime_ns}"
    if key not in _pictures:
        _pictures.load(key, str(first), "IMAGE" if is_picture(first) else "MOVIE")
    return _pictures[key].icon_id


def register() -> None:
    """Create the collection of thumbnails."""
    global _pictures
    _pictures = bpy.utils.previews.new()


def unregister() -> None:
    """Remove the collection of thumbnails."""
    global _pictures
    bpy.utils.previews.remove(_pictures)
    _pictures = None
