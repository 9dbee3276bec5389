"""Reads arrays of an .npz archive of unknown origin. Nothing is unpickled, or unpacked before its size is known."""

import math
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .limits import ARCHIVE_MEMBERS, LARGEST_UNPACKED, UNPACKED_BYTES, UNPACKED_RATIO

SUFFIX: Final = ".npy"
KINDS: Final = "biufU"
"""Booleans, numbers and text."""
METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
LARGEST_HEADER: Final = 10_000
PIECE: Final = 1 << 20


class NotAnArchiveError(ValueError):
    """The file is not an .npz archive, or its end is missing."""


def read_plain_arrays(path: Path, wanted: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an archive by name: all, or those of `wanted` that it has.

    Raises OSError for a file that cannot be read, NotAnArchiveError, and ValueError for an archive that is
    damaged, holds more than plain arrays, or unpacks to more than its size allows.
    """
    if path.exists() and not path.is_file():
        raise OSError(0, "it is not a file")
    try:
        with path.open("rb") as stream:
            if not zipfile.is_zipfile(stream):
                raise NotAnArchiveError("it is no .npz archive, or a part of it is missing")
            with zipfile.ZipFile(stream) as archive:
                members = _members(archive, path.stat().st_size)
                names = members if wanted is None else [name for name in wanted if name in members]
                return {name: _read_array(archive, members[name], name) for name in names}
    except (OSError, ValueError):
        raise
    except Exception as error:  # a hostile archive makes zipfile, zlib and numpy raise almost anything
        raise ValueError(str(error) or type(error).__name__) from error


def _members(archive: zipfile.ZipFile, packed: int) -> dict[str, zipfile.ZipInfo]:
    """The arrays' entries by name, once their sizes, as the archive states them, are allowed."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > min(LARGEST_UNPACKED, max(UNPACKED_BYTES, UNPACKED_RATIO * packed)):
        raise ValueError(f"it would unpack to {unpacked / 1e9:.1f} GB")
    members = {entry.filename.removesuffix(SUFFIX): entry for entry in entries if entry.filename.endswith(SUFFIX)}
    if len(entries) > ARCHIVE_MEMBERS or len(members) < sum(entry.filename.endswith(SUFFIX) for entry in entries):
        raise ValueError("it has too many entries, or two of one name")
    return members


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> NDArray[Any]:
    """An array whose header promises exactly the bytes that follow it."""
    if entry.compress_type not in METHODS:
        raise ValueError(f"{name} is packed in a way that numpy does not write")
    with archive.open(entry) as member:
        version = np.lib.format.read_magic(member)
        readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in readers:
            raise ValueError(f"{name} is of an unknown version of numpy's format")
        shape, is_fortran, dtype = readers[version](member, max_header_size=LARGEST_HEADER)
        if dtype.kind not in KINDS or dtype.hasobject or not dtype.itemsize:
            raise ValueError(f"{name} is an array of {dtype}, not of plain numbers or text")
        data = bytearray()
        while piece := member.read(PIECE):
            data += piece
    if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError(f"{name} has the shape {shape}, but {len(data)} bytes of {dtype}")
    if not data:
        return np.zeros(shape, dtype)
    return np.frombuffer(data, dtype).reshape(shape, order="F" if is_fortran else "C")
