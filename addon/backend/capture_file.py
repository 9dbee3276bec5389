"""Reads a capture file: plain arrays in an .npz, checked before anything of Blender's is touched. No bpy here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureFileError
from ..shared import limits
from ..shared.plain_arrays import NotAnArchiveError, read_plain_arrays
from .strict_json import is_number, parse_json

FloatArray = NDArray[np.floating]
Arrays = Mapping[str, NDArray[Any]]

SCHEMA_VERSION: Final = 1

ARRAYS: Final[Mapping[str, tuple[str, tuple[str | int, ...]]]] = {
    "frame": ("i", ("T",)),
    "time": ("f", ("T",)),
    "side": ("U", ("H",)),
    "pose": ("f", ("H", "T", 16, 3)),
    "translation": ("f", ("H", "T", 3)),
    "confidence": ("f", ("H", "T")),
    "state": ("u", ("H", "T")),
    "rest_vertices": ("f", ("H", "V", 3)),
    "rest_joints": ("f", ("H", 16, 3)),
    "rest_tips": ("f", ("H", 5, 3)),
    "faces": ("i", ("H", "F", 3)),
    "skin_weights": ("f", ("V", 16)),
    "parents": ("i", (16,)),
    "bone_names": ("U", (16,)),
}
"""Kind of number and shape of each array that is read; T frames, H hands, V vertices, F faces."""

COMPLETE: Final = ("time", "rest_vertices", "rest_joints", "rest_tips", "skin_weights")
"""Finite everywhere."""

KINDS_OF_FOOTAGE: Final = ("video", "sequence", "still")

FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")
BONE_NAMES: Final = ("wrist", *(f"{finger}{joint}" for finger in FINGERS for joint in (1, 2, 3)))


class State(IntEnum):
    """What the pose of one hand in one frame is."""

    MISSING = 0
    OBSERVED = 1
    REPLACED = 2
    INTERPOLATED = 3


@dataclass(frozen=True)
class Footage:
    """What was captured. rate in frames per second; rotation is the turn in degrees that the file asks players for."""

    path: Path
    kind: str
    sha256: str
    width: int
    height: int
    rate: Fraction
    rotation: int
    constant_rate: bool


@dataclass(frozen=True)
class Intrinsics:
    """The real camera in pixels of the footage; distortion is empty or OpenCV's k1, k2, p1, p2, k3."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    distortion: tuple[float, ...] = ()


@dataclass(frozen=True)
class Skeleton:
    """What all hands of a capture share. names (16,), parents (16,) with -1 for the root, skin_weights (V, 16)."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    skin_weights: FloatArray


@dataclass(frozen=True)
class Hand:
    """One hand over T frames, cleaned. OpenCV camera axes, metres, radians; NaN where the state is MISSING.

    pose (T, 16, 3) axis-angle, the first row in the camera frame, each other against its parent; translation (T, 3);
    confidence (T,); state (T,). The hand at rest: vertices (V, 3), joints (16, 3), tips (5, 3), faces (F, 3).
    """

    side: str
    pose: FloatArray
    translation: FloatArray
    confidence: FloatArray
    state: NDArray[np.uint8]
    vertices: FloatArray
    joints: FloatArray
    tips: FloatArray
    faces: NDArray[np.int32]

    @property
    def present(self) -> NDArray[np.bool_]:
        """(T,) where the hand has a pose."""
        is_present: NDArray[np.bool_] = self.state != State.MISSING
        return is_present


@dataclass(frozen=True)
class Capture:
    """A capture file. frame (T,) numbers and time (T,) seconds of the frames.

    mirrored: the footage shows a mirror image, and everything here belongs to the picture turned back.
    hand_model and conventions are what the file says about the meaning of its numbers.
    """

    path: Path
    sha256: str
    footage: Footage
    intrinsics: Intrinsics
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    skeleton: Skeleton
    hands: tuple[Hand, ...]
    mirrored: bool
    hand_model: Mapping[str, Any]
    conventions: Mapping[str, str]


def read_capture(path: Path) -> Capture:
    """Read and check a capture file, all of it. Nothing in it is executed. Raises CaptureFileError."""
    try:
        if not path.is_file():
            raise CaptureFileError(f"The capture file {path} does not exist.", "Check the path.")
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        arrays = read_plain_arrays(path, ("schema_version", "meta", *ARRAYS))
    except OSError as error:
        raise CaptureFileError(
            f"The capture file {path} cannot be read: {error.strerror or error}.", "Check the path and its permissions."
        ) from error
    except NotAnArchiveError as error:
        raise _not_a_capture(path) from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not {"schema_version", "meta"} <= set(arrays):
        raise _not_a_capture(path)
    try:
        _check_version(path, int(arrays["schema_version"].item()))
        _check_shapes(arrays)
        _check_values(arrays)
        return _capture(path, sha256, arrays)
    except KeyError as error:
        raise _damaged(path, f"it has no {error.args[0]!r}") from error
    except (ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> CaptureFileError:
    return CaptureFileError(f"The capture file {path} is damaged: {why.rstrip('.')}.", "Capture the footage again.")


def _not_a_capture(path: Path) -> CaptureFileError:
    return CaptureFileError(f"{path} is not a capture file.", "Choose a file that `dahyf capture` wrote.")


def _check_version(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise CaptureFileError(
            f"{path} was written by a newer version (schema {version}; this add-on reads {SCHEMA_VERSION}).",
            "Update the add-on.",
        )
    if version < 1:
        raise ValueError(f"its schema version is {version}")


def _check_shapes(arrays: Arrays) -> None:
    missing = sorted(set(ARRAYS) - set(arrays))
    if missing:
        raise KeyError(missing[0])
    sizes: dict[str | int, int] = {16: 16, 5: 5, 3: 3}
    for name, (kind, shape) in ARRAYS.items():
        array = arrays[name]
        expected = tuple(sizes.get(size) for size in shape)
        if array.dtype.kind != kind or array.ndim != len(shape):
            raise ValueError(f"{name} is an array of {array.ndim} dimensions of {array.dtype}")
        if any(wanted not in (None, found) for wanted, found in zip(expected, array.shape, strict=True)):
            raise ValueError(f"{name} has the shape {array.shape}, not {shape}")
        sizes.update(zip(shape, array.shape, strict=True))
    if sizes["T"] == 0:
        raise ValueError("it has no frames")
    for letter, most in limits.LENGTHS.items():
        if sizes[letter] > most:
            raise ValueError(f"it has {sizes[letter]} {letter}, more than {most}")


def _check_values(arrays: Arrays) -> None:
    for name in COMPLETE:
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} has missing values")
    present = arrays["state"] != State.MISSING
    for name in ("pose", "translation", "confidence"):
        if not np.isfinite(arrays[name][present]).all():
            raise ValueError(f"{name} does not agree with state")
    for name in set(limits.GREATEST) & set(ARRAYS):
        if np.nanmax(np.abs(arrays[name]), initial=0) > limits.GREATEST[name]:
            raise ValueError(f"{name} has values beyond {limits.GREATEST[name]:g}")
    if (np.diff(arrays["time"]) <= 0).any() or (np.diff(arrays["frame"]) <= 0).any():
        raise ValueError("its frames are out of order")
    if not ((arrays["confidence"] >= 0) & (arrays["confidence"] <= 1))[present].all():
        raise ValueError("a confidence lies outside 0 to 1")
    if arrays["state"].max(initial=0) > max(State):
        raise ValueError("a state is unknown")
    if not set(arrays["side"].tolist()) <= {"left", "right"}:
        raise ValueError("a side is neither left nor right")
    if arrays["faces"].min(initial=0) < 0 or arrays["faces"].max(initial=-1) >= len(arrays["skin_weights"]):
        raise ValueError("a face has a corner that is not there")
    _check_bones(arrays)


def _check_bones(arrays: Arrays) -> None:
    parents, joints = arrays["parents"], arrays["rest_joints"]
    if tuple(arrays["bone_names"].tolist()) != BONE_NAMES:
        raise ValueError("its bones are not MANO's")
    if parents[0] != -1 or (parents[1:] < 0).any() or (parents >= np.arange(len(parents))).any():
        raise ValueError("its bones do not form a hand")
    lengths = np.linalg.norm(joints[:, 1:] - joints[:, parents[1:]], axis=-1)
    if lengths.min(initial=np.inf) < limits.BONE[0]:
        raise ValueError("a bone has no length")
    if lengths.max(initial=0) > limits.BONE[1]:
        raise ValueError(f"a bone is {lengths.max():.3g} m long")
    weights = arrays["skin_weights"]
    sums = weights.sum(axis=1)
    if weights.min(initial=0) < 0 or not ((sums >= limits.WEIGHTS_SUM[0]) & (sums <= limits.WEIGHTS_SUM[1])).all():
        raise ValueError("its skin weights do not sum to one")


def _capture(path: Path, sha256: str, arrays: Arrays) -> Capture:
    meta = parse_json(str(arrays["meta"])[: limits.META_LENGTH])
    parents = tuple(arrays["parents"].tolist())
    return Capture(
        path=path,
        sha256=sha256,
        footage=_footage(meta["footage"]),
        intrinsics=_intrinsics(meta["intrinsics"]),
        frame=arrays["frame"],
        time=arrays["time"],
        skeleton=Skeleton(tuple(arrays["bone_names"].tolist()), parents, arrays["skin_weights"]),
        hands=tuple(_hand(arrays, index) for index in range(len(arrays["side"]))),
        mirrored=_flag(meta["mirrored"]),
        hand_model=dict(meta["hand_model"]),
        conventions=dict(meta["conventions"]),
    )


def _hand(arrays: Arrays, index: int) -> Hand:
    return Hand(
        side=str(arrays["side"][index]),
        pose=arrays["pose"][index],
        translation=arrays["translation"][index],
        confidence=arrays["confidence"][index],
        state=arrays["state"][index],
        vertices=arrays["rest_vertices"][index],
        joints=arrays["rest_joints"][index],
        tips=arrays["rest_tips"][index],
        faces=arrays["faces"][index],
    )


def _footage(meta: Mapping[str, Any]) -> Footage:
    numerator, denominator = (_integer(term, 1, limits.RATE_TERM) for term in meta["rate"])
    footage = Footage(
        path=Path(_text(meta["path"])),
        kind=_text(meta["kind"]),
        sha256=_text(meta["sha256"]),
        width=_integer(meta["width"], 1, limits.PICTURE_SIDE),
        height=_integer(meta["height"], 1, limits.PICTURE_SIDE),
        rate=Fraction(numerator, denominator),
        rotation=_integer(meta["rotation"], 0, 270),
        constant_rate=_flag(meta["constant_rate"]),
    )
    if not limits.RATE[0] <= footage.rate <= limits.RATE[1]:
        raise ValueError(f"its rate is {float(footage.rate):g} frames per second")
    if footage.kind not in KINDS_OF_FOOTAGE or footage.rotation % 90:
        raise ValueError("its footage is of an unknown kind")
    return footage


def _intrinsics(meta: Mapping[str, Any]) -> Intrinsics:
    focal = limits.FOCAL_PX[1]
    intrinsics = Intrinsics(
        fx=_number(meta["fx"], 0, focal),
        fy=_number(meta["fy"], 0, focal),
        cx=_number(meta["cx"], -limits.PIXEL, limits.PIXEL),
        cy=_number(meta["cy"], -limits.PIXEL, limits.PIXEL),
        width=_integer(meta["width"], 1, limits.PICTURE_SIDE),
        height=_integer(meta["height"], 1, limits.PICTURE_SIDE),
        distortion=tuple(_number(value, -limits.DISTORTION, limits.DISTORTION) for value in meta["distortion"]),
    )
    if min(intrinsics.fx, intrinsics.fy) <= 0:
        raise ValueError("its intrinsics are not those of a camera")
    if len(intrinsics.distortion) not in limits.DISTORTION_COUNTS:
        raise ValueError(f"its lens has {len(intrinsics.distortion)} coefficients of distortion")
    return intrinsics


def _text(value: object) -> str:
    """A text that can be the name of a file."""
    if not isinstance(value, str) or len(value) > limits.TEXT_LENGTH or "\0" in value:
        raise ValueError("a text in its meta is none")
    value.encode("utf-8", "surrogateescape")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} in its meta is neither true nor false")
    return value


def _integer(value: object, lowest: int, highest: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
        raise ValueError(f"{_shown(value)} in its meta is not a whole number from {lowest} to {highest}")
    return value


def _number(value: Any, lowest: float, highest: float) -> float:
    if not is_number(value) or not lowest <= value <= highest:
        raise ValueError(f"{_shown(value)} in its meta is not a number from {lowest:g} to {highest:g}")
    return float(value)


def _shown(value: object) -> str:
    return repr(value)[:40]
