"""Ways in which files are damaged or forged, drawn from a random generator. Plain numpy, for Blender's tests too."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

HOSTILE = (
    float("nan"),
    float("inf"),
    -1,
    0,
    1e-308,
    1e308,
    10**30,
    10**400,
    True,
    None,
    "",
    "\0",
    "\ud800",
    "x" * 5_000,
    "1e1000000000",
    [],
    [[]],
    {},
    {"a": 1},
    [0.1],
    [1e9] * 6,
)
"""What may stand in the place of any value of a JSON document."""


def damaged_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with one bit flipped, some bytes exchanged, cut short, or with a piece taken out or doubled."""
    data = bytearray(content)
    place, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
    match rng.integers(6):
        case 0 | 1:
            data[place] ^= 1 << int(rng.integers(8))
        case 2:
            data[place : place + length] = rng.bytes(length)
        case 3:
            del data[place:]
        case 4:
            del data[place : place + length]
        case 5:
            data[place:place] = data[place : place + length]
    return bytes(data)


def damaged_arrays(arrays: Arrays, rng: np.random.Generator) -> Arrays:
    """Arrays one of which has a bit flipped, an impossible value, or another shape or type; or with hostile `meta`."""
    name = str(rng.choice([*arrays, "meta", "meta", "meta"]))
    array = arrays[name]
    if name == "meta":
        return arrays | {"meta": np.array(damaged_json(str(array), rng))}
    return arrays | {name: _damaged_array(array, rng)}


def damaged_json(text: str, rng: np.random.Generator) -> str:
    """A JSON document with one value exchanged for a hostile one or left out, or with damaged text."""
    if rng.integers(4) == 0:
        return damaged_bytes(text.encode(), rng).decode(errors="replace")
    document = json.loads(text)
    holder, key = _some_place(document, rng)
    if rng.integers(6) == 0:
        del holder[key]
    else:
        holder[key] = HOSTILE[int(rng.integers(len(HOSTILE)))]
    return json.dumps(document)


def _some_place(document: Any, rng: np.random.Generator) -> tuple[Any, Any]:
    """A list or object within a document, and an index or name in it."""
    keys: list[Any] = list(document) if isinstance(document, dict) else list(range(len(document)))
    key = keys[int(rng.integers(len(keys)))]
    inner = document[key]
    if isinstance(inner, list | dict) and inner and rng.integers(5):
        return _some_place(inner, rng)
    return document, key


def _damaged_array(array: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    changed = array.copy()
    flat = changed.reshape(-1)
    choice = rng.integers(8)
    if choice == 0 or not flat.size:
        return array.reshape(-1)
    if choice == 1:
        return array[..., :0] if array.ndim else array[None]
    if choice == 2:
        return array.astype(rng.choice(["<f2", ">f8", "<i8", "<c8", "<U3", "?"])) if array.dtype.kind != "U" else flat
    if choice == 3 and array.dtype.kind in "iuf":
        values = (0, -1, 255, 2**31 - 1) if array.dtype.kind != "f" else (np.nan, np.inf, 3e38, -1, 0, 1e-40, 1e6)
        with np.errstate(over="ignore"):
            flat[int(rng.integers(flat.size))] = np.array(values[int(rng.integers(len(values)))]).astype(array.dtype)
        return changed
    raw = np.frombuffer(bytearray(changed.tobytes()), np.uint8)
    raw[int(rng.integers(raw.size))] ^= 1 << int(rng.integers(8))
    return np.frombuffer(raw.tobytes(), array.dtype).reshape(array.shape)
