"""Read the numbers of a pickle without executing anything in it.

A pickle names classes and functions to call. Here every name stands for an inert substitute of ours that keeps data; a
name without a substitute is refused. Not even numpy's own constructors run: their pickled state can be forged.
"""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.errors import ModelFileError

_NUMBER_TYPES = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}


class RefusedNameError(Exception):
    """A pickle named a class or function that is not on the list."""


class DamagedPickleError(Exception):
    """A pickle's data do not fit together."""


def read_pickle(path: Path) -> object:
    """What a pickle holds: dictionaries and lists of numbers, text and arrays, sparse matrices made dense.

    Reads Python 2's pickles as well as 3's, with or without chumpy objects; tuples become lists. Raises
    RefusedNameError and DamagedPickleError.
    """
    try:
        with path.open("rb") as file:
            return _evaluate(_Unpickler(file, encoding="latin1").load())
    except RefusedNameError:
        raise
    except Exception as error:  # a forged or cut pickle fails in any way that its opcodes can
        raise DamagedPickleError(str(error)) from error


def read_pickled_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a hand model's pickled dictionary; other values are left out.

    Raises ModelFileError for a name that has no place in a hand model, and for anything that is no pickled dictionary
    of numbers.
    """
    remedy = "Download the MANO files anew from their official site."
    try:
        content = read_pickle(path)
        if not isinstance(content, dict):
            raise DamagedPickleError("it holds no dictionary")
    except RefusedNameError as error:
        reason = f"The hand model {path} asks for {error}, which no hand model needs, so it was refused and not run."
        raise ModelFileError(reason, remedy) from error
    except DamagedPickleError as error:
        raise ModelFileError(f"The hand model {path} is not a readable pickle: {error}.", remedy) from error
    return {str(name): value for name, value in content.items() if isinstance(value, np.ndarray)}


class _State:
    """What a pickled object was: its state, without its class."""

    state: Any = None

    def __setstate__(self, state: object) -> None:
        self.state = state

    def evaluate(self) -> object:
        """The array that the object holds."""
        raise NotImplementedError


class _Dtype:
    """numpy.dtype of plain numbers: a type code and a byte order."""

    def __init__(self, code: object = None, *_: object) -> None:
        name = code.decode("latin1") if isinstance(code, bytes) else str(code)
        if name not in _NUMBER_TYPES:
            raise DamagedPickleError(f"it holds an array of type {name!r}, not of plain numbers")
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] == ">":
            self.dtype = self.dtype.newbyteorder(">")


class _Array(_State):
    """numpy.ndarray from its state (version, shape, dtype, is_fortran, bytes)."""

    def evaluate(self) -> np.ndarray:
        _, shape, dtype, is_fortran, data = self.state
        return _array_from_bytes(data, dtype, shape, "F" if is_fortran else "C")


class _SparseMatrix(_State):
    """scipy.sparse.csc_matrix, made dense with every index checked."""

    def evaluate(self) -> np.ndarray:
        data, indices, starts = (_numbers(self.state[name]) for name in ("data", "indices", "indptr"))
        rows, columns = self.state.get("_shape") or self.state["shape"]
        dense = np.zeros((rows, columns))
        np.add.at(dense, (indices, np.repeat(np.arange(columns), np.diff(starts))), data)
        return dense


class _Ch(_State):
    """chumpy.ch.Ch, an array x."""

    def evaluate(self) -> object:
        return _evaluate(self.state["x"])


class _Select(_State):
    """chumpy.reordering.Select, elements idxs of a, in preferred_shape."""

    def evaluate(self) -> np.ndarray:
        selected = _numbers(self.state["a"]).ravel()[_numbers(self.state["idxs"])]
        shape = _evaluate(self.state.get("preferred_shape"))
        return selected if shape is None else selected.reshape(shape)


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _scalar(dtype: _Dtype, data: bytes | str) -> object:
    return _array_from_bytes(data, dtype, (), "C")


def _from_buffer(data: bytes, dtype: _Dtype, shape: tuple[int, ...], order: str) -> np.ndarray:
    return _array_from_bytes(data, dtype, shape, order)


def _array_from_bytes(data: object, dtype: object, shape: tuple[int, ...], order: str) -> np.ndarray:
    """A native copy of the numbers. Python 2 wrote bytes as a string, read here as latin1."""
    raw = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(raw, bytes | bytearray) or not isinstance(dtype, _Dtype):
        raise DamagedPickleError("it holds an array of objects")
    numbers = np.frombuffer(raw, dtype.dtype).reshape(shape, order="F" if order == "F" else "C")
    return numbers.astype(dtype.dtype.newbyteorder("="))


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise DamagedPickleError(f"it holds text encoded as {encoding!r}")
    return text.encode("latin1")


def _numbers(value: object) -> np.ndarray:
    array = _evaluate(value)
    if not isinstance(array, np.ndarray):
        raise DamagedPickleError(f"it holds a {type(array).__name__} in the place of an array")
    return array


def _evaluate(value: object) -> object:
    """Plain data in the place of the substitutes, at any depth."""
    if isinstance(value, _State):
        return value.evaluate()
    if isinstance(value, dict):
        return {name: _evaluate(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_evaluate(item) for item in value]
    return value


_SUBSTITUTES: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy.core.numeric", "_frombuffer"): _from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _from_buffer,
    ("scipy.sparse.csc", "csc_matrix"): _SparseMatrix,
    ("scipy.sparse._csc", "csc_matrix"): _SparseMatrix,
    ("scipy.sparse._csc", "csc_array"): _SparseMatrix,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "set"): set,  # chumpy keeps one in every object
    ("builtins", "set"): set,
    ("chumpy.ch", "Ch"): _Ch,
    ("chumpy.reordering", "Select"): _Select,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _SUBSTITUTES[module, name]
        except KeyError:
            raise RefusedNameError(f"{module}.{name}") from None
