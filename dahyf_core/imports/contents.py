"""The contents of another tool's file as plain data. Nothing in a file is executed.

Pickles, PyTorch files and arrays of objects become dictionaries, lists, texts, numbers and numpy arrays. A class or
function that they name and that is none of these is refused.
"""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from dahyf_core.hand_model.safe_pickle import DamagedPickleError, RefusedNameError, read_pickle, unpickle
from dahyf_core.imports.torch_data import SUBSTITUTES, read_torch
from dahyf_core.shared.limits import IMPORT_BYTES, LARGEST_UNPACKED
from dahyf_core.shared.plain_arrays import LARGEST_HEADER, read_plain_arrays
from dahyf_core.shared.strict_json import parse_json, read_text

MOST_FILES = 100_000
NUMBER: Final = re.compile(r"(\d{1,9})(?!.*\d)")
"""The last number of a name, which is its frame's."""


@dataclass(frozen=True)
class Contents:
    """A file, or the files of a folder in the order of their frame numbers.

    data: of the file; a list with one entry a file for folders. numbers: of the files of a folder, else empty.
    first: the file, or the first one of the folder.
    """

    path: Path
    data: Any
    numbers: tuple[int, ...]
    first: Path


def read_contents(path: Path) -> Contents:
    """Read a file or folder. Raises OSError, and ValueError for what is damaged, unsafe or of an unknown kind."""
    if not path.is_dir():
        return Contents(path, _read(path), (), path)
    files = [file for file in path.iterdir() if file.suffix.lower() in READERS and NUMBER.search(file.stem)]
    suffixes = {file.suffix.lower() for file in files}
    if len(suffixes) != 1 or len(files) > MOST_FILES:
        raise ValueError("the folder does not hold numbered files of one kind, one a frame")
    numbered = sorted((_number(file.stem), file) for file in files)
    return Contents(
        path, [_read(file) for _, file in numbered], tuple(number for number, _ in numbered), numbered[0][1]
    )


def frame_number(name: object) -> int | None:
    """The frame number in a key: a whole number, or the last number of a text."""
    if isinstance(name, int | np.integer) and not isinstance(name, bool):
        return int(name)
    stem = re.split(r"[\\/]", name)[-1].rsplit(".", 1)[0] if isinstance(name, str) else ""
    found = NUMBER.search(stem)
    return int(found[1]) if found else None


def _number(stem: str) -> int:
    found = NUMBER.search(stem)
    return int(found[1]) if found else 0


def _read(path: Path) -> Any:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"files of this kind are not read, only {', '.join(READERS)}")
    if not path.is_file():
        raise FileNotFoundError(2, "it does not exist" if not path.exists() else "it is not a file")
    try:
        return reader(path)
    except RefusedNameError as error:
        raise ValueError(f"it asks for {error}, which is not data and was refused") from error
    except DamagedPickleError as error:
        raise ValueError(f"it is damaged: {error}") from error


def _read_pickle(path: Path) -> object:
    return read_pickle(path, LARGEST_UNPACKED, SUBSTITUTES)


def _read_npz(path: Path) -> dict[str, Any]:
    try:
        return dict(read_plain_arrays(path))
    except ValueError as error:
        if "not of plain numbers" not in str(error):
            raise
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
        if sum(entry.file_size for entry in entries) > IMPORT_BYTES:
            raise ValueError("it would unpack to more data than such files have")
        return {entry.filename[:-4]: _array(archive.read(entry)) for entry in entries}


def _read_npy(path: Path) -> object:
    if path.stat().st_size > LARGEST_UNPACKED:
        raise ValueError("it is too large")
    return _array(path.read_bytes())


def _array(content: bytes) -> object:
    """The array of an .npy file. One of objects, such as `np.save` makes of a dictionary, becomes its data."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    _, _, dtype = reader(stream, max_header_size=LARGEST_HEADER)
    if dtype.hasobject:
        return unpickle(content[stream.tell() :], SUBSTITUTES)
    return np.load(io.BytesIO(content), allow_pickle=False)


def _read_json(path: Path) -> Any:
    return parse_json(read_text(path, IMPORT_BYTES))


def _read_lines(path: Path) -> Any:
    return [parse_json(line) for line in read_text(path, IMPORT_BYTES).splitlines() if line.strip()]


def _read_text(path: Path) -> str:
    return read_text(path, IMPORT_BYTES)


READERS: Final[dict[str, Callable[[Path], Any]]] = {
    ".pkl": _read_pickle,
    ".pickle": _read_pickle,
    ".pt": read_torch,
    ".pth": read_torch,
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".json": _read_json,
    ".jsonl": _read_lines,
    ".csv": _read_text,
    ".bvh": _read_text,
}
"""By suffix."""
