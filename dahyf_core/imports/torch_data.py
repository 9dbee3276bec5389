"""PyTorch's files and tensors as numpy arrays, without PyTorch, and without running what they name.

`torch.save` writes a zip archive: a pickle that refers to raw storages by name, and those storages. Tensors in other
pickles carry their storage in PyTorch's older layout (a few pickles, then the raw numbers), which is read too.
"""

import io
import pickletools
import zipfile
from pathlib import Path
from typing import Final

import numpy as np

from dahyf_core.hand_model.safe_pickle import (
    DamagedPickleError,
    Evaluation,
    Substitute,
    Substitutes,
    read_pickle,
    unpickle,
)
from dahyf_core.shared.limits import IMPORT_BYTES, LARGEST_UNPACKED

STORAGES: Final = {
    "FloatStorage": "f4",
    "DoubleStorage": "f8",
    "HalfStorage": "f2",
    "LongStorage": "i8",
    "IntStorage": "i4",
    "ShortStorage": "i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "b1",
}
OLD_PARTS = 5
"""Pickles before the numbers of the older layout: magic number, protocol, system, object, names of the storages."""


class _Storage(Substitute):
    """The raw numbers of one type."""

    def __init__(self, code: str, content: bytes) -> None:
        super().__init__()
        self.values = np.frombuffer(content, np.dtype(f"<{code}"))

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        """The numbers."""
        return self.values


class _StorageType:
    """A class of storages; called with its bytes."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __call__(self, content: bytes = b"") -> _Storage:
        return _Storage(self.code, content)


class _OldStorage(Substitute):
    """torch.storage._load_from_bytes(bytes)."""

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        """The numbers."""
        content = evaluation.of(self.arguments[0])
        if not isinstance(content, bytes | bytearray):
            raise DamagedPickleError("it holds a tensor without numbers")
        return _old_storage(bytes(content))


class _Tensor(Substitute):
    """torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...)."""

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        """A copy of the view."""
        storage, offset, shape, strides = self.arguments[:4]
        values = evaluation.numbers(storage)
        counts = [int(count) for count in shape]
        steps = [int(step) for step in strides]
        last = int(offset) + sum((count - 1) * step for count, step in zip(counts, steps, strict=True))
        if min([int(offset), *counts, *steps]) < 0 or (0 not in counts and last >= len(values)):
            raise DamagedPickleError("it holds a tensor larger than its numbers")
        if 0 in counts:
            return np.zeros(counts, values.dtype)
        evaluation.spend(int(np.prod(counts)) * values.itemsize)
        bytes_apart = [step * values.itemsize for step in steps]
        return np.lib.stride_tricks.as_strided(values[int(offset) :], counts, bytes_apart).copy()


class _Parameter(Substitute):
    """torch._utils._rebuild_parameter(tensor, ...)."""

    def evaluate(self, evaluation: Evaluation) -> object:
        """The tensor's numbers."""
        return evaluation.of(self.arguments[0])


class _Ignored(Substitute):
    """A device or a type that data have beside them."""

    def evaluate(self, evaluation: Evaluation) -> object:
        """Nothing."""
        return None


def _dictionary(*_: object) -> dict[object, object]:
    """An ordered or default dictionary, which the pickle fills."""
    return {}


def _joined(*parts: object) -> str:
    """A path."""
    return "/".join(str(part) for part in parts)


def _list() -> list[object]:
    return []


SUBSTITUTES: Final[Substitutes] = {
    ("collections", "OrderedDict"): _dictionary,
    ("collections", "defaultdict"): _dictionary,
    ("builtins", "list"): _list,
    ("builtins", "dict"): _dictionary,
    ("pathlib", "PosixPath"): _joined,
    ("pathlib", "WindowsPath"): _joined,
    ("torch", "device"): _Ignored,
    ("torch", "Size"): list,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch._utils", "_rebuild_parameter"): _Parameter,
    ("torch.storage", "_load_from_bytes"): _OldStorage,
    **{("torch", name): _StorageType(code) for name, code in STORAGES.items()},
}
"""What stands for the names in the data of other tools."""


def read_torch(path: Path) -> object:
    """The data of a file that `torch.save` or, uncompressed, joblib wrote. Raises as `read_pickle` does."""
    if not zipfile.is_zipfile(path):
        return read_pickle(path, LARGEST_UNPACKED, SUBSTITUTES)
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > IMPORT_BYTES:
            raise DamagedPickleError("it would unpack to more data than such files have")
        inner = [entry.filename for entry in entries if entry.filename.endswith("/data.pkl")]
        if len(inner) != 1:
            raise DamagedPickleError("it is not a file of torch.save")
        folder = inner[0].removesuffix("data.pkl")
        order = f"{folder}byteorder"
        if order in archive.namelist() and archive.read(order).strip() != b"little":
            raise DamagedPickleError("its numbers are big-endian")
        data = f"{folder}data/"
        storages = {
            entry.filename.removeprefix(data): archive.read(entry)
            for entry in entries
            if entry.filename.startswith(data)
        }
        return unpickle(archive.read(inner[0]), SUBSTITUTES, storages)


def _old_storage(content: bytes) -> np.ndarray:
    """The numbers of one storage in the older layout."""
    stream = io.BytesIO(content)
    parts = []
    for _ in range(OLD_PARTS):
        start = stream.tell()
        for _operation in pickletools.genops(stream):
            pass
        parts.append(content[start : stream.tell()])
    names = unpickle(parts[-1])
    if not isinstance(names, list) or len(names) != 1:
        raise DamagedPickleError("it holds a tensor in a layout that is not known")
    count = int.from_bytes(content[stream.tell() : stream.tell() + 8], "little")
    numbers = content[stream.tell() + 8 :]
    values = unpickle(parts[3], SUBSTITUTES, {str(names[0]): numbers})
    if not isinstance(values, np.ndarray) or len(values) != count:
        raise DamagedPickleError("it holds a tensor without all of its numbers")
    return values
