"""The hands that a caller requests: a picture, a box in it, and further facts if they are known."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from msgspec import Meta

from dahyf_core.errors import DatasetError, FootageError, detail
from dahyf_core.files import is_file
from dahyf_core.hand_model import Side
from dahyf_core.shared.limits import BOX_PX, FOCAL_PX, JSON_BYTES, PIXEL, TEXT_LENGTH

Place = Annotated[float, Meta(ge=-BOX_PX, le=BOX_PX)]
Size = Annotated[float, Meta(ge=0, le=BOX_PX)]
Pixel = Annotated[float, Meta(ge=-PIXEL, le=PIXEL)]

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


class BoxEntry(msgspec.Struct):
    """An entry of the JSON list; the fields are those of HandBox."""

    image: Annotated[str, Meta(min_length=1, max_length=TEXT_LENGTH)]
    box: tuple[Place, Place, Size, Size]
    side: Side | None = None
    focal: Annotated[float, Meta(ge=FOCAL_PX[0], le=FOCAL_PX[1])] | None = None
    principal: tuple[Pixel, Pixel] | None = None

    def box_of_hand(self) -> HandBox:
        """The entry as the predictor takes it."""
        return HandBox(self.image, self.box, self.side, self.focal, self.principal)


def read_boxes(path: Path) -> list[HandBox]:
    """The hands of a JSON file: a list of mappings with the fields of HandBox. Raises DatasetError."""
    if not is_file(path):
        raise DatasetError(f"There is no file of boxes {path}.", "Check the spelling of the path.")
    try:
        if path.stat().st_size > JSON_BYTES:
            raise DatasetError(
                f"The file of boxes {path} is larger than {JSON_BYTES >> 20} MB.", "Split them into several files."
            )
        entries = msgspec.json.decode(path.read_bytes(), type=list[BoxEntry])
    except OSError as error:
        raise DatasetError(
            f"The boxes {path} cannot be read: {error.strerror}.", "Check that you may read the file."
        ) from error
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DatasetError(f"The boxes {path} are not understood: {detail(error)}.", FORM) from error
    return [entry.box_of_hand() for entry in entries]


def asked_boxes(source: Path | Sequence[Mapping[str, Any]], images: Iterable[str] = ()) -> list[HandBox]:
    """The hands of a JSON file, or of a list with the same form, in pictures that exist.

    Warns of those `images` that have no hand in it. Raises DatasetError, FootageError.
    """
    boxes = read_boxes(source) if isinstance(source, Path) else checked_boxes(source, "the boxes")
    check_pictures(box.image for box in boxes)
    known = {Path(box.image).resolve() for box in boxes}
    for image in images:
        if Path(image).resolve() not in known:
            warnings.warn(f"{image} has no box and was left out.", stacklevel=2)
    return boxes


def checked_boxes(entries: Sequence[Mapping[str, Any]], name: str) -> list[HandBox]:
    """The hands that a list like that of a file describes, which errors call `name`; arrays and paths may be in it.

    Raises DatasetError.
    """
    try:
        plain = msgspec.convert(_plain(entries), type=list[BoxEntry])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DatasetError(f"{name[0].upper()}{name[1:]} are not understood: {detail(error)}.", FORM) from error
    return [entry.box_of_hand() for entry in plain]


def check_pictures(images: Iterable[str]) -> None:
    """Raises FootageError where there is no file, before any of them is read."""
    for image in dict.fromkeys(images):
        if not is_file(Path(image)):
            raise FootageError(f"The picture {image} does not exist.", "Check the spelling of the path.")


def _plain(value: Any) -> Any:
    """The value with arrays and paths replaced by lists, numbers and text."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
