"""Read the numbers of a pickle without executing anything in it.

A pickle names classes and functions to call. Here every name is replaced by an inert substitute that keeps data, and a
name without a substitute is refused. Not even numpy's own constructors run, because their pickled state can be forged.
A small file cannot use much memory or time: the size of its memo is limited, and the unpacked bytes are counted.

This is our own code because smplx and chumpy unpickle MANO's files and run whatever they name, and no maintained
library reads them otherwise.
"""

import io
import pickle
import pickletools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.errors import ModelFileError, detail
from dahyf_core.shared.limits import HAND_MODEL_BYTES, LARGEST_UNPACKED, UNPACKED_BYTES, UNPACKED_RATIO

_NUMBER_TYPES = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}
_TEXT_TYPE = re.compile(r"[SU][0-9]{1,4}")
_OBJECTS = "O8"
_MEMO_WRITERS = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_MEMO_READERS = {"GET", "BINGET", "LONG_BINGET"}
_MARK = -1
_DEEPEST_TUPLE = 10


class RefusedNameError(Exception):
    """A pickle named a class or function that is not on the list."""


class DamagedPickleError(Exception):
    """A pickle's data do not fit together."""


def read_pickle(path: Path, largest: int = LARGEST_UNPACKED, allowed: "Substitutes | None" = None) -> object:
    """The content of a pickle: dictionaries and lists of numbers, text and arrays. Sparse matrices become dense.

    Reads pickles of Python 2 and 3, with or without chumpy objects. Tuples become lists. largest: bytes of the largest
    file that is read. allowed: substitutes for more names. Raises RefusedNameError and DamagedPickleError.
    """
    try:
        if path.stat().st_size > largest:
            raise DamagedPickleError(f"it is larger than {largest / 1e6:.0f} MB")
        return unpickle(path.read_bytes(), allowed)
    except OSError as error:
        raise DamagedPickleError(detail(error)) from error


def unpickle(content: bytes, allowed: "Substitutes | None" = None, storages: "Storages | None" = None) -> object:
    """Like `read_pickle`, from bytes. storages: the numbers that the pickle refers to, by name, as PyTorch's do.

    Raises RefusedNameError and DamagedPickleError.
    """
    storages = storages or {}
    try:
        _check_operations(content)
        unpickler = _Unpickler(io.BytesIO(content), encoding="latin1")
        unpickler.allowed, unpickler.storages = allowed or {}, storages
        size = len(content) + sum(map(len, storages.values()))
        return Evaluation(max(UNPACKED_BYTES, UNPACKED_RATIO * size)).of(unpickler.load())
    except (RefusedNameError, DamagedPickleError):
        raise
    except Exception as error:  # a forged or cut pickle fails in any way that its opcodes can
        raise DamagedPickleError(detail(error)) from error


def _check_operations(content: bytes) -> None:
    """Follow a pickle's operations without objects, and refuse those that make a short pickle take long.

    pickle's memo is as long as the highest index in it. The time to hash a tuple, as the key of a dictionary, doubles
    with each tuple around it that holds it twice. The stack records how deep tuples are nested.
    """
    stack: list[int] = []
    memo: dict[int, int] = {}
    for count, (operation, argument, _) in enumerate(pickletools.genops(content)):
        name = operation.name
        if name in _MEMO_WRITERS:
            place = len(memo) if argument is None else argument
            if place > count:
                raise DamagedPickleError("it keeps an object in a place that does not exist")
            memo[place] = stack[-1]
        elif name in _MEMO_READERS:
            stack.append(memo[int(argument or 0)])
        elif name == "DUP":
            stack.append(stack[-1])
        else:
            taken = _take(stack, operation.stack_before)
            depth = 1 + max(taken, default=0) if name.startswith("TUPLE") else 0
            if depth > _DEEPEST_TUPLE:
                raise DamagedPickleError("its tuples are nested too deep")
            stack.extend([_MARK if name == "MARK" else depth] * len(operation.stack_after))


def _take(stack: list[int], kinds: list[pickletools.StackObject]) -> list[int]:
    """Pop an operation's arguments from the stack. If they include a mark, everything above it is popped."""
    count = len(kinds)
    if pickletools.markobject in kinds:
        mark = len(stack) - 1 - stack[::-1].index(_MARK)
        count = len(stack) - mark + kinds.index(pickletools.markobject)
    if count > len(stack):
        raise DamagedPickleError("it takes more objects than it has made")
    taken = stack[len(stack) - count :]
    del stack[len(stack) - count :]
    return taken


def read_pickled_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a hand model's pickled dictionary; other values are left out.

    Raises ModelFileError for a name that has no place in a hand model, and for anything that is no pickled dictionary
    of numbers.
    """
    remedy = "Download the MANO files again from their official site."
    try:
        content = read_pickle(path, HAND_MODEL_BYTES)
        if not isinstance(content, dict):
            raise DamagedPickleError("it is not a dictionary")
    except RefusedNameError as error:
        reason = f"The hand model {path} asks for {detail(error)}, which no hand model needs. It was refused."
        raise ModelFileError(reason, remedy) from error
    except DamagedPickleError as error:
        raise ModelFileError(f"The hand model {path} is not a readable pickle: {error}.", remedy) from error
    return {str(name): value for name, value in content.items() if isinstance(value, np.ndarray)}


class Substitute:
    """An object that the pickle would have made: its arguments and its state, without its class."""

    state: Any = None

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def __setstate__(self, state: object) -> None:
        self.state = state

    def evaluate(self, evaluation: "Evaluation") -> object:
        """The plain data that the object stands for."""
        raise NotImplementedError


Substitutes = Mapping[tuple[str, str], Callable[..., object]]
"""What stands for a class or function, by its module and name."""
Storages = Mapping[str, bytes]
"""Raw numbers by name."""


class Evaluation:
    """Converts substitutes to plain data at any depth. Values with several references are evaluated once.

    budget: bytes that all arrays may take together.
    """

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._done: dict[int, object] = {}

    def of(self, value: object) -> object:
        """A value without substitutes in it. Raises DamagedPickleError; RecursionError for one that holds itself."""
        if not isinstance(value, Substitute | dict | list | tuple):
            return value
        if id(value) not in self._done:
            self._done[id(value)] = self._evaluate(value)
        return self._done[id(value)]

    def numbers(self, value: object) -> np.ndarray:
        """The array that a value is. Raises DamagedPickleError."""
        array = self.of(value)
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "biuf":
            raise DamagedPickleError(f"it holds a {type(array).__name__} instead of an array")
        return array

    def spend(self, size: int) -> None:
        """Count bytes before they are used. Raises DamagedPickleError beyond the budget."""
        self._budget -= size
        if self._budget < 0 or size < 0:
            raise DamagedPickleError("it would unpack to far more data than its size allows")

    def array(self, data: object, dtype: object, shape: Any, order: str) -> np.ndarray:
        """A native copy of the numbers. Python 2 wrote bytes as a string, read here as latin1."""
        data = self.of(data)
        if not isinstance(data, str | bytes | bytearray) or not isinstance(dtype, _Dtype):
            raise DamagedPickleError("it holds an array of objects")
        if dtype.dtype.hasobject:
            raise DamagedPickleError("it holds an array of objects")
        self.spend(2 * len(data))
        raw = data.encode("latin1") if isinstance(data, str) else data
        numbers = np.frombuffer(raw, dtype.dtype).reshape(shape, order="F" if order == "F" else "C")
        return numbers.astype(dtype.dtype.newbyteorder("="))

    def _evaluate(self, value: object) -> object:
        if isinstance(value, Substitute):
            return value.evaluate(self)
        if isinstance(value, dict):
            return {name: self.of(item) for name, item in value.items()}
        assert isinstance(value, list | tuple)
        return [self.of(item) for item in value]


class _Dtype:
    """numpy.dtype of plain numbers, of text, or of objects that are data themselves: a type code and a byte order."""

    def __init__(self, code: object = None, *_: object) -> None:
        name = code.decode("latin1") if isinstance(code, bytes) else str(code)
        if name not in _NUMBER_TYPES and name != _OBJECTS and not _TEXT_TYPE.fullmatch(name):
            raise DamagedPickleError(f"it holds an array of type {name[:20]!r}, not of plain numbers")
        self.dtype = np.dtype("O" if name == _OBJECTS else name)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


class _Array(Substitute):
    """numpy.ndarray from its state (version, shape, dtype, is_fortran, bytes)."""

    def evaluate(self, evaluation: Evaluation) -> object:
        _, shape, dtype, is_fortran, data = self.state
        if isinstance(dtype, _Dtype) and dtype.dtype.hasobject:
            values = evaluation.of(data)
            if not isinstance(values, list) or len(shape) > 1 or (not shape and len(values) != 1):
                raise DamagedPickleError("it holds an array of objects with several axes")
            return values if shape else values[0]
        return evaluation.array(data, dtype, shape, "F" if is_fortran else "C")


class _Scalar(Substitute):
    """numpy.core.multiarray.scalar(dtype, bytes)."""

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        dtype, data = self.arguments
        return evaluation.array(data, dtype, (), "C")


class _Buffer(Substitute):
    """numpy.core.numeric._frombuffer(bytes, dtype, shape, order)."""

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        data, dtype, shape, order = self.arguments
        return evaluation.array(data, dtype, shape, order)


class _Encoded(Substitute):
    """_codecs.encode(text, encoding)."""

    def evaluate(self, evaluation: Evaluation) -> bytes:
        text, encoding = (*self.arguments, "latin1")[:2]
        if not isinstance(text, str) or encoding != "latin1":
            raise DamagedPickleError(f"it holds text encoded as {str(encoding)[:20]!r}")
        evaluation.spend(len(text))
        return text.encode("latin1")


class _Set(Substitute):
    """A set. Only chumpy's own bookkeeping has sets."""

    def evaluate(self, evaluation: Evaluation) -> object:
        return None


class _SparseMatrix(Substitute):
    """scipy.sparse.csc_matrix, made dense with every index checked."""

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        data, indices, starts = (evaluation.numbers(self.state[name]) for name in ("data", "indices", "indptr"))
        rows, columns = map(int, self.state.get("_shape") or self.state["shape"])
        lengths = np.diff(starts)
        if min(rows, columns) < 0 or len(lengths) != columns or (lengths < 0).any():
            raise DamagedPickleError("it holds a sparse matrix whose columns do not fit together")
        if starts[0] != 0 or not starts[-1] == len(indices) == len(data):
            raise DamagedPickleError("it holds a sparse matrix with a wrong number of elements")
        evaluation.spend(rows * columns * np.dtype(float).itemsize)
        dense = np.zeros((rows, columns))
        np.add.at(dense, (indices, np.repeat(np.arange(columns), lengths)), data)
        return dense


class _Ch(Substitute):
    """chumpy.ch.Ch, an array x."""

    def evaluate(self, evaluation: Evaluation) -> object:
        return evaluation.of(self.state["x"])


class _Select(Substitute):
    """chumpy.reordering.Select, elements idxs of a, in preferred_shape."""

    def evaluate(self, evaluation: Evaluation) -> np.ndarray:
        values, chosen = evaluation.numbers(self.state["a"]), evaluation.numbers(self.state["idxs"])
        evaluation.spend(chosen.size * values.itemsize)
        selected = values.ravel()[chosen]
        shape = evaluation.of(self.state.get("preferred_shape"))
        return selected if shape is None else selected.reshape(shape)


def _reconstruct(*_: object) -> _Array:
    return _Array()


_SUBSTITUTES: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _Scalar,
    ("numpy._core.multiarray", "scalar"): _Scalar,
    ("numpy.core.numeric", "_frombuffer"): _Buffer,
    ("numpy._core.numeric", "_frombuffer"): _Buffer,
    ("scipy.sparse.csc", "csc_matrix"): _SparseMatrix,
    ("scipy.sparse._csc", "csc_matrix"): _SparseMatrix,
    ("scipy.sparse._csc", "csc_array"): _SparseMatrix,
    ("_codecs", "encode"): _Encoded,
    ("__builtin__", "set"): _Set,  # chumpy keeps one in every object
    ("builtins", "set"): _Set,
    ("chumpy.ch", "Ch"): _Ch,
    ("chumpy.reordering", "Select"): _Select,
}


class _Unpickler(pickle.Unpickler):
    allowed: Substitutes
    storages: Storages

    def find_class(self, module: str, name: str) -> Any:
        found = _SUBSTITUTES.get((module, name)) or self.allowed.get((module, name))
        if found is None:
            raise RefusedNameError(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Any:
        """A storage of PyTorch: what stands for its type, made of the bytes of that name."""
        kind, storage_type, key, *_ = pid
        if kind != "storage" or str(key) not in self.storages:
            raise DamagedPickleError("it refers to data that are not there")
        return storage_type(self.storages[str(key)])
