"""The capture file's schema: what is in it, and the checks that both the core and the add-on make of it.

docs/capture-file.md describes it for readers.
"""

from collections.abc import Collection, Mapping
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from . import limits
from .errors import CaptureFileError, detail
from .names import BONE_NAMES, SIDES
from .plain_arrays import NotAnArchiveError, read_plain_arrays
from .rules import Choice, Flag, Items, Keyed, Maybe, Number, Table, Text
from .strict_json import parse_json

Arrays = Mapping[str, NDArray[Any]]

SCHEMA_VERSION: Final = 2
"""The newest schema that is read."""
COMPLETE_VERSION: Final = 1
"""The schema of captures in which nothing is absent, so that older readers read them too."""

CAMERA: Final = "camera"
CONFIDENCE: Final = "confidence"
JOINTS_2D: Final = "joints_2d"
ABSENT: Final = (CAMERA, CONFIDENCE, JOINTS_2D)
"""What an imported capture may lack. Without a camera there are no 2D joints either."""
IMPORTED: Final = "import"
"""The kind of a source that is another tool's file, without pictures."""


class State(IntEnum):
    """Where the cleaned pose of one hand in one frame comes from."""

    MISSING = 0
    OBSERVED = 1
    REPLACED = 2
    INTERPOLATED = 3


ARRAYS: Final[Mapping[str, tuple[str, tuple[str | int, ...]]]] = {
    "frame": ("int64", ("T",)),
    "time": ("float64", ("T",)),
    "side": ("<U5", ("H",)),
    "raw_box": ("float32", ("H", "T", 4)),
    "raw_joints_2d": ("float32", ("H", "T", 21, 2)),
    "raw_joints_2d_projected": ("float32", ("H", "T", 21, 2)),
    "raw_pose": ("float32", ("H", "T", 16, 3)),
    "raw_shape": ("float32", ("H", "T", 10)),
    "raw_translation": ("float32", ("H", "T", 3)),
    "raw_confidence": ("float32", ("H", "T")),
    "pose": ("float32", ("H", "T", 16, 3)),
    "shape": ("float32", ("H", 10)),
    "translation": ("float32", ("H", "T", 3)),
    "confidence": ("float32", ("H", "T")),
    "state": ("uint8", ("H", "T")),
    "joints_2d": ("float32", ("H", "T", 21, 2)),
    "joints_3d": ("float32", ("H", "T", 21, 3)),
    "rest_vertices": ("float32", ("H", "V", 3)),
    "rest_joints": ("float32", ("H", 16, 3)),
    "rest_tips": ("float32", ("H", 5, 3)),
    "faces": ("int32", ("H", "F", 3)),
    "skin_weights": ("float32", ("V", 16)),
    "parents": ("int32", (16,)),
    "bone_names": ("<U8", (16,)),
}
"""Type and shape of each array; T frames, H hands, V vertices, F faces."""

RAW_ARRAYS: Final = tuple(name for name in ARRAYS if name.startswith("raw_"))
"""Finite exactly where `raw_confidence` is, or where `raw_pose` is if confidence is absent."""

KEYED_ARRAYS: Final = ("pose", "translation", "joints_2d", "joints_3d")
"""Finite exactly where `state` says that there is a hand."""

COMPLETE_ARRAYS: Final = ("time", "shape", "confidence", "rest_vertices", "rest_joints", "rest_tips", "skin_weights")
"""Finite everywhere."""

CONVENTIONS: Final = {
    "camera": "x right, y down, z forward; metres",
    "pixels": "as filmed, lens distortion included; the centre of the upper left pixel is (0, 0)",
    "pose": "axis-angle in radians, MANO's bones; the wrist's in the camera frame, others relative to their parent",
    "joints": "wrist, then thumb, index, middle, ring, pinky with four each; MediaPipe's keypoints",
}

_SIDE: Final = Number(1, limits.PICTURE_SIDE, whole=True)
_KNOWN_SIDE: Final = Number(0, limits.PICTURE_SIDE, whole=True)
_FOCAL: Final = Number(*limits.FOCAL_PX)
_PIXEL: Final = Number(-limits.PIXEL, limits.PIXEL)

FOOTAGE: Final = Table(
    {
        "path": Text(),
        "kind": Choice(("video", "sequence", "still", IMPORTED)),
        "sha256": Text(),
        "width": _KNOWN_SIDE,
        "height": _KNOWN_SIDE,
        "rate": Items(Number(1, limits.RATE_TERM, whole=True), 2, 2),
        "rotation": Choice((0, 90, 180, 270)),
        "constant_rate": Flag(),
    },
    optional={"deinterlace": Choice(("auto", "on", "off"))},
)
INTRINSICS: Final = Table(
    {
        "fx": _FOCAL,
        "fy": _FOCAL,
        "cx": _PIXEL,
        "cy": _PIXEL,
        "width": _SIDE,
        "height": _SIDE,
        "distortion": Items(Number(-limits.DISTORTION, limits.DISTORTION), 0, max(limits.DISTORTION_COUNTS)),
        "source": Text(),
    }
)
META: Final = Table(
    {
        "version": Text(),
        "created": Text(),
        "footage": FOOTAGE,
        "intrinsics": Maybe(INTRINSICS),
        "estimator": Text(),
        "hand_model": Table({"name": Text(), "sha256": Keyed(SIDES, Text())}),
        "mirrored": Flag(),
        "cleaning": Table(),
    },
    optional={
        "conventions": Table(),
        "guidance": Table(),
        "absent": Items(Choice(ABSENT), 0, len(ABSENT)),
        "imported": Maybe(
            Table({"tool": Text(), "file": Text(), "sha256": Text(), "conversions": Items(Text(), 0, limits.NOTES)})
        ),
    },
)
"""All that is read of `meta`."""


def read_arrays(path: Path, wanted: Collection[str] = tuple(ARRAYS)) -> dict[str, NDArray[Any]]:
    """The wanted arrays of a capture file, checked, and its `meta`, which is a text. Nothing in it is unpickled.

    Raises CaptureFileError for a file that is missing, damaged, not a capture, or of a newer schema.
    """
    try:
        arrays = read_plain_arrays(path, ("schema_version", "meta", *wanted))
    except FileNotFoundError as error:
        raise CaptureFileError(f"The capture file {path} does not exist.", "Check the path.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    except NotAnArchiveError as error:
        raise _not_a_capture(path, str(error)) from error
    except ValueError as error:
        raise damaged(path, error) from error
    missing = {"schema_version", "meta"} - set(arrays)
    if missing:
        raise _not_a_capture(path, f"it has no {' and no '.join(sorted(missing))}")
    try:
        _check_version(path, int(arrays["schema_version"].item()))
        check_arrays(arrays, wanted, absent_in(str(arrays["meta"])))
    except (ValueError, TypeError) as error:
        raise damaged(path, error) from error
    return arrays


def unreadable(path: Path, error: OSError) -> CaptureFileError:
    """The error for a file that cannot be opened."""
    return CaptureFileError(
        f"The capture file {path} cannot be read: {error.strerror or error}.", "Check the path and its permissions."
    )


def damaged(path: Path, error: Exception) -> CaptureFileError:
    """The error for a file with content that no capture can have."""
    return CaptureFileError(f"The capture file {path} is damaged: {detail(error)}.", "Capture the footage again.")


def check_arrays(arrays: Arrays, names: Collection[str] = tuple(ARRAYS), absent: Collection[str] = ()) -> None:
    """Raise ValueError unless these arrays are there, of their types and shapes, and hold what a capture can.

    absent: what the capture says that it lacks; arrays of it must hold nothing.
    """
    _check_shapes(arrays, names)
    _check_values({name: arrays[name] for name in names}, absent)


def absent_in(meta: str) -> tuple[str, ...]:
    """What a capture lacks, by its `meta`. Raises ValueError for names that there are not."""
    try:
        read = parse_json(meta[: limits.META_LENGTH])
        absent = read.get("absent", []) if isinstance(read, dict) else []
        META.optional["absent"].check(absent, "absent")
    except ValueError as error:
        raise ValueError(f"its meta is not understood ({detail(error)})") from error
    return tuple(absent)


def empty_arrays(absent: Collection[str]) -> frozenset[str]:
    """The arrays that are NaN everywhere in a capture that lacks these."""
    empty: set[str] = set()
    if CONFIDENCE in absent:
        empty |= {"raw_confidence", "confidence"}
    if JOINTS_2D in absent:
        empty |= {"raw_box", "raw_joints_2d"}
    if CAMERA in absent:
        empty |= {"raw_joints_2d_projected", "joints_2d"}
    return frozenset(empty)


def check_absence(absent: Collection[str], kind: str, has_camera: bool, size: tuple[int, int]) -> None:
    """Raise ValueError where what a capture lacks does not fit together."""
    if (CAMERA in absent) == has_camera:
        raise ValueError("its camera is both there and absent" if has_camera else "its camera is missing")
    if CAMERA in absent and JOINTS_2D not in absent:
        raise ValueError("it has 2D joints without a camera")
    if kind != IMPORTED and (CAMERA in absent or 0 in size):
        raise ValueError("it has footage without a camera or a size")


def check_source(path: str, rate: Fraction, distortion: Collection[float]) -> None:
    """Raise ValueError for a path, a rate in frames per second, or coefficients of a lens that there are not."""
    if "\0" in path:
        raise ValueError("its footage has a name that no file can have")
    path.encode("utf-8", "surrogateescape")
    if not limits.RATE[0] <= rate <= limits.RATE[1]:
        raise ValueError(f"its rate is {float(rate):g} frames per second")
    if len(distortion) not in limits.DISTORTION_COUNTS:
        raise ValueError(f"its lens has {len(distortion)} coefficients of distortion, not 0 or 5")


def _not_a_capture(path: Path, why: str) -> CaptureFileError:
    return CaptureFileError(f"{path} is not a capture file: {why}.", "Choose a file that `dahyf capture` wrote.")


def _check_version(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise CaptureFileError(
            f"{path} was written by a newer version (schema {version}; this one reads {SCHEMA_VERSION}).",
            "Update DaHyF Hands.",
        )
    if version < 1:
        raise ValueError(f"its schema version is {version}")


def _check_shapes(arrays: Arrays, names: Collection[str]) -> None:
    sizes: dict[str | int, int] = {}
    for name in names:
        dtype, shape = ARRAYS[name]
        if name not in arrays:
            raise ValueError(f"{name} is missing")
        array = arrays[name]
        if array.dtype != np.dtype(dtype):
            raise ValueError(f"{name} is of type {array.dtype}, not {dtype}")
        expected = tuple(size if isinstance(size, int) else sizes.get(size) for size in shape)
        if array.ndim != len(shape) or any(e not in (None, n) for e, n in zip(expected, array.shape, strict=True)):
            raise ValueError(f"{name} has the shape {array.shape}, not {shape}")
        sizes.update(zip(shape, array.shape, strict=True))
    if sizes["T"] == 0:
        raise ValueError("it has no frames")
    for letter, most in limits.LENGTHS.items():
        if sizes[letter] > most:
            raise ValueError(f"it has {sizes[letter]} {letter}, more than {most}")


def _check_values(arrays: Arrays, absent: Collection[str]) -> None:
    empty = empty_arrays(absent)
    seen = "raw_pose" if CONFIDENCE in absent else "raw_confidence"
    for name, array in arrays.items():
        if name in empty:
            if not np.isnan(array).all():
                raise ValueError(f"{name} has values that its meta calls absent")
            continue
        if array.dtype.kind == "f" and np.isinf(array).any():
            raise ValueError(f"{name} has infinite values")
        if name in COMPLETE_ARRAYS and np.isnan(array).any():
            raise ValueError(f"{name} has missing values")
        if name in limits.GREATEST:
            _check_range(name, array[~np.isnan(array)], -limits.GREATEST[name], limits.GREATEST[name])
        if name in RAW_ARRAYS:
            _check_presence(name, array, _present(arrays[seen]), seen)
        if name in KEYED_ARRAYS:
            _check_presence(name, array, arrays["state"] != State.MISSING, "state")
    if (np.diff(arrays["time"]) <= 0).any() or (np.diff(arrays["frame"]) <= 0).any():
        raise ValueError("its frames are out of order")
    _check_range("state", arrays["state"], 0, max(State))
    if "confidence" not in empty:
        _check_range("confidence", arrays["confidence"], 0, 1)
    if not np.isin(arrays["side"], SIDES).all():
        raise ValueError("side is neither left nor right")
    _check_skin(arrays)
    _check_bones(arrays)


def _check_skin(arrays: Arrays) -> None:
    weights = arrays["skin_weights"]
    _check_range("faces", arrays["faces"], 0, len(weights) - 1)
    _check_range("skin_weights", weights, 0, 1)
    _check_range("the sum of skin_weights", weights.sum(axis=1), *limits.WEIGHTS_SUM)


def _check_bones(arrays: Arrays) -> None:
    parents, joints = arrays["parents"], arrays["rest_joints"]
    if tuple(arrays["bone_names"].tolist()) != BONE_NAMES:
        raise ValueError("its bones are not MANO's")
    if parents[0] != -1 or (parents[1:] < 0).any() or (parents >= np.arange(len(parents))).any():
        raise ValueError("parents do not form a hand")
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, parents[1:]], axis=-1)
    _check_range("the length of a bone", lengths, *limits.BONE)


def _present(values: NDArray[Any]) -> NDArray[np.bool_]:
    """(H, T) where all components of (H, T, ...) are finite."""
    finite: NDArray[np.bool_] = np.isfinite(values).all(axis=tuple(range(2, values.ndim)))
    return finite


def _check_presence(name: str, values: NDArray[Any], present: NDArray[np.bool_], reference: str) -> None:
    """values (H, T, ...) must be finite where present (H, T), and nowhere else."""
    finite = np.isfinite(values)
    components = tuple(range(present.ndim, finite.ndim))
    if (finite.any(axis=components) != present).any() or (finite.all(axis=components) != present).any():
        raise ValueError(f"{name} does not agree with {reference}")


def _check_range(name: str, values: NDArray[Any], lowest: float, highest: float) -> None:
    if values.size and not (lowest <= values.min() and values.max() <= highest):
        raise ValueError(f"{name} has values outside {lowest:g} to {highest:g}")
