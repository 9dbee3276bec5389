"""Reads files of data sets whole and checks them. Errors name a missing or damaged file."""

import json
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Intrinsics
from dahyf_core.errors import DatasetError
from dahyf_core.files import is_file
from dahyf_core.hand_model import safe_pickle

Number = TypeVar("Number", bound=np.generic)

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
"""Suffixes of pictures."""
REMEDY = "Download or unpack it again, and keep the official layout."


def read_image(path: Path, turn_upright: bool = True) -> Image:
    """A picture as (H, W, 3) RGB bytes. turn_upright: obey its EXIF data. Raises DatasetError."""
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise DatasetError(f"The picture {path} cannot be read: {error.strerror}.", REMEDY) from error
    flags = cv2.IMREAD_COLOR_RGB if turn_upright else cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        image = cv2.imdecode(data, flags) if data.size else None
    except cv2.error:
        image = None
    if image is None:
        raise DatasetError(f"{path} is not a picture, or it is damaged.", REMEDY)
    return np.asarray(image, dtype=np.uint8)


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises DatasetError."""
    try:
        if path.exists() and not is_file(path):
            raise DatasetError(f"There is no label file {path}.", REMEDY)
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"The labels {path} cannot be read: {error.strerror}.", REMEDY) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"The labels {path} are not valid JSON: {error}.", REMEDY) from error


def read_names(path: Path) -> list[str]:
    """The words of a text file, one at least. Raises DatasetError."""
    try:
        names = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise DatasetError(f"The list {path} cannot be read: {error.strerror}.", REMEDY) from error
    except ValueError as error:
        raise DatasetError(f"The list {path} is not text.", REMEDY) from error
    if not names:
        raise DatasetError(f"The list {path} is empty.", REMEDY)
    return names


def list_pictures(folder: Path) -> list[str]:
    """Paths of all pictures below a folder, relative to it, sorted. Raises DatasetError when there are none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not files:
        raise DatasetError(f"The folder {folder} holds no pictures.", "Name a folder of photographs.")
    return [path.relative_to(folder).as_posix() for path in files]


def read_json_array(path: Path, *shape: int) -> NDArray[np.float32]:
    """Numbers of a JSON file; -1 in the shape stands for any length. Raises DatasetError."""
    return np.asarray(checked_array(path, "it", read_json(path), *shape), dtype=np.float32)


def read_pickle(path: Path) -> dict[Any, Any]:
    """The dictionary of a pickle file, read without executing anything in it. Raises DatasetError."""
    if not is_file(path):
        raise DatasetError(f"There is no label file {path}.", REMEDY)
    try:
        content = safe_pickle.read_pickle(path)
    except safe_pickle.RefusedNameError as error:
        reason = f"The labels {path} ask for {error}, which no label file needs. It was refused."
        raise DatasetError(reason, "Download the file from its official site.") from error
    except safe_pickle.DamagedPickleError as error:
        raise DatasetError(f"The labels {path} are not a readable pickle: {error}.", REMEDY) from error
    if not isinstance(content, dict):
        raise DatasetError(f"The labels {path} are damaged: they are not a dictionary.", REMEDY)
    return content


def checked_array(path: Path, name: str, values: object, *shape: int) -> Array:
    """`values`, which `path` holds as `name`, as an array of this shape (-1: any length). Raises DatasetError."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise DatasetError(f"The labels {path} are damaged: {name} is not an array of numbers.", REMEDY) from error
    expected = tuple(np.where(np.array(shape) == -1, array.shape, shape)) if array.ndim == len(shape) else shape
    if array.shape != expected:
        raise DatasetError(f"The labels {path} are damaged: {name} has the shape {array.shape}, not {shape}.", REMEDY)
    return array


def checked_length(path: Path, array: NDArray[Number], length: int) -> NDArray[Number]:
    """`array`, which `path` holds, if it has one row for each of `length` hands. Raises DatasetError."""
    if len(array) != length:
        raise DatasetError(
            f"The labels {path} have {len(array)} hands, but the other label files have {length}.", REMEDY
        )
    return array


def intrinsics_of(matrix: Array, image: Image, source: str) -> Intrinsics:
    """The camera of a picture from its camera matrix (3, 3)."""
    height, width = image.shape[:2]
    fx, fy, cx, cy = (float(matrix[place]) for place in ((0, 0), (1, 1), (0, 2), (1, 2)))
    return Intrinsics(fx, fy, cx, cy, width, height, source=source)
