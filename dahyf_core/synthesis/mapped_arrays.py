"""Arrays of an .npz file in the file itself: a batch reads its few rows of many files, and no more."""

import struct
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

LOCAL_HEADER = struct.Struct("<26x2H")
"""Of a file in a zip archive: the lengths of its name and of its further fields end the fixed part."""


def map_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of what `numpy.savez` wrote, read-only and not loaded. Raises OSError, ValueError, BadZipFile."""
    with ZipFile(path) as archive, path.open("rb") as stream:
        return {Path(info.filename).stem: _map(path, info, stream) for info in archive.infolist()}


def _map(path: Path, info: ZipInfo, stream: BinaryIO) -> NDArray[Any]:
    if info.compress_type != ZIP_STORED:
        raise BadZipFile(f"{info.filename} is compressed")
    stream.seek(info.header_offset)
    name, further = LOCAL_HEADER.unpack(stream.read(LOCAL_HEADER.size))
    stream.seek(info.header_offset + LOCAL_HEADER.size + name + further)
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, kind = read_header(stream)
    if kind.hasobject or fortran:
        raise ValueError(f"{info.filename} is no plain array")
    if stream.tell() + kind.itemsize * int(np.prod(shape)) > info.header_offset + path.stat().st_size:
        raise ValueError(f"{info.filename} is cut off")
    if not np.prod(shape):
        return np.zeros(shape, kind)
    return np.memmap(path, kind, "r", stream.tell(), shape)
