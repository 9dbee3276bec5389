"""The hands that a caller asks about: a picture, a box in it, and what is known besides."""

import json
import warnings
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from dahyf_core.errors import DatasetError, FootageError
from dahyf_core.hand_model import Side

FORM = 'Each entry is {"image": PATH, "box": [X, Y, W, H]}, with "side", "focal" and "principal" if they are known.'


@dataclass(frozen=True)
class HandBox:
    """A hand in a picture, turned upright as its EXIF data says.

    image: path of the picture. box: left, top, width and height, px, tight around the joints. side: None if unknown.
    focal: px; None for the diagonal of the picture, or what its largest hand speaks for (`assumed_focal`). principal:
    x, y, px; None for the middle of the picture.
    """

    image: str
    box: tuple[float, float, float, float]
    side: Side | None = None
    focal: float | None = None
    principal: tuple[float, float] | None = None


def read_boxes(path: Path) -> list[HandBox]:
    """The hands of a JSON file: a list of mappings with the fields of HandBox. Raises DatasetError."""
    try:
        entries = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(
            f"The boxes {path} cannot be read: {error.strerror}.", "Check the spelling of the path."
        ) from error
    except ValueError as error:
        raise DatasetError(f"The boxes {path} are not valid JSON: {error}.", "Write a list of boxes.") from error
    if not isinstance(entries, list):
        raise DatasetError(f"The boxes {path} are not a list.", FORM)
    return checked_boxes(entries, f"the boxes {path}")


def asked_boxes(source: Path | Sequence[Mapping[str, Any]], images: Iterable[str] = ()) -> list[HandBox]:
    """The hands of a JSON file or of a list like its content, in pictures that exist.

    Warns of those of `images` in which there is none. Raises DatasetError, FootageError.
    """
    boxes = read_boxes(source) if isinstance(source, Path) else checked_boxes(source, "the boxes")
    check_pictures(box.image for box in boxes)
    known = {Path(box.image).resolve() for box in boxes}
    for image in images:
        if Path(image).resolve() not in known:
            warnings.warn(f"{image} has no box and is left out.", stacklevel=2)
    return boxes


def checked_boxes(entries: Sequence[Mapping[str, Any]], name: str) -> list[HandBox]:
    """The hands that entries of a JSON list, which errors call `name`, describe. Raises DatasetError."""
    return [_checked(entry, f"Entry {number} of {name}") for number, entry in enumerate(entries)]


def check_pictures(images: Iterable[str]) -> None:
    """Raises FootageError where there is no file, before any of them is read."""
    for image in dict.fromkeys(images):
        if not Path(image).is_file():
            raise FootageError(f"The picture {image} does not exist.", "Check the spelling of the path.")


def _checked(entry: object, name: str) -> HandBox:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("image"), str | Path):
        raise DatasetError(f"{name} names no image.", FORM)
    side, focal, principal = (entry.get(key) for key in ("side", "focal", "principal"))
    if side is not None and side not in get_args(Side):
        raise DatasetError(f"{name} has the side {side!r}.", 'Write "left" or "right", or leave it out.')
    x, y, width, height = _numbers(entry.get("box"), 4, f"{name} has no box of four numbers")
    if width < 0 or height < 0:
        raise DatasetError(f"{name} has a box of negative size.", "Write left, top, width and height.")
    if focal is not None:
        (focal,) = _numbers([focal], 1, f"{name} has a focal length that is no number")
        if focal <= 0:
            raise DatasetError(f"{name} has a focal length of {focal:g}.", "Write pixels, or leave it out.")
    if principal is not None:
        cx, cy = _numbers(principal, 2, f"{name} has a principal point that is not two numbers")
        principal = cx, cy
    return HandBox(str(entry["image"]), (x, y, width, height), side, focal, principal)


def _numbers(values: object, count: int, fault: str) -> list[float]:
    """So many finite numbers; `fault` begins the error of anything else."""
    with suppress(ValueError):
        array = np.asarray(values)
        if array.shape == (count,) and array.dtype.kind in "iuf" and np.isfinite(array).all():
            return array.astype(float).tolist()
    raise DatasetError(f"{fault}.", FORM)
