"""Reads a capture file: plain arrays in an .npz, checked before anything of Blender's is touched. No bpy here."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import CaptureFileError

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

SHORTEST_BONE: Final = 1e-4
LARGEST_UNPACKED: Final = 4 * 2**30

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
        return self.state != State.MISSING


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
    """Read and check a capture file. Nothing in it is executed. Raises CaptureFileError."""
    if not path.is_file():
        raise CaptureFileError(f"The capture file {path} does not exist.", "Check the path.")
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        arrays = _read_arrays(path)
        _check_shapes(arrays)
        _check_values(arrays)
        return _capture(path, sha256, arrays)
    except KeyError as error:
        raise _damaged(path, f"it has no {error.args[0]!r}") from error
    except (OSError, EOFError, ValueError, TypeError, AttributeError, ArithmeticError, MemoryError) as error:
        raise _damaged(path, str(error)) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> CaptureFileError:
    return CaptureFileError(f"The capture file {path} is damaged: {why.rstrip('.')}.", "Capture the footage again.")


def _read_arrays(path: Path) -> Arrays:
    if not zipfile.is_zipfile(path):
        raise _not_a_capture(path)
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > LARGEST_UNPACKED:
            raise ValueError("it would unpack to more than any capture needs")
    with np.load(path, allow_pickle=False) as file:
        if not {"schema_version", "meta"} <= set(file.files):
            raise _not_a_capture(path)
        version = int(file["schema_version"])
        if version > SCHEMA_VERSION:
            raise CaptureFileError(
                f"{path} was written by a newer version (schema {version}; this add-on reads {SCHEMA_VERSION}).",
                "Update the add-on.",
            )
        missing = sorted(set(ARRAYS) - set(file.files))
        if missing:
            raise KeyError(missing[0])
        return {name: file[name] for name in ("meta", *ARRAYS)}


def _not_a_capture(path: Path) -> CaptureFileError:
    return CaptureFileError(f"{path} is not a capture file.", "Choose a file that `dahyf capture` wrote.")


def _check_shapes(arrays: Arrays) -> None:
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


def _check_values(arrays: Arrays) -> None:
    for name in COMPLETE:
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} has missing values")
    present = arrays["state"] != State.MISSING
    for name in ("pose", "translation", "confidence"):
        if not np.isfinite(arrays[name][present]).all():
            raise ValueError(f"{name} does not agree with state")
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
    if np.linalg.norm(joints[:, 1:] - joints[:, parents[1:]], axis=-1).min(initial=np.inf) < SHORTEST_BONE:
        raise ValueError("a bone has no length")


def _capture(path: Path, sha256: str, arrays: Arrays) -> Capture:
    meta = json.loads(str(arrays["meta"]))
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
        mirrored=bool(meta["mirrored"]),
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
    footage = Footage(
        path=Path(meta["path"]),
        kind=str(meta["kind"]),
        sha256=str(meta["sha256"]),
        width=int(meta["width"]),
        height=int(meta["height"]),
        rate=Fraction(*meta["rate"]),
        rotation=int(meta["rotation"]),
        constant_rate=bool(meta["constant_rate"]),
    )
    if footage.rate <= 0 or min(footage.width, footage.height) <= 0:
        raise ValueError("its footage has no size or no rate")
    return footage


def _intrinsics(meta: Mapping[str, Any]) -> Intrinsics:
    intrinsics = Intrinsics(
        fx=float(meta["fx"]),
        fy=float(meta["fy"]),
        cx=float(meta["cx"]),
        cy=float(meta["cy"]),
        width=int(meta["width"]),
        height=int(meta["height"]),
        distortion=tuple(float(value) for value in meta["distortion"]),
    )
    centre = (intrinsics.cx, intrinsics.cy)
    positive = (intrinsics.fx, intrinsics.fy, intrinsics.width, intrinsics.height)
    if not np.isfinite((*centre, *positive, *intrinsics.distortion)).all() or min(positive) <= 0:
        raise ValueError("its intrinsics are not those of a camera")
    if len(intrinsics.distortion) not in (0, 5):
        raise ValueError(f"its lens has {len(intrinsics.distortion)} coefficients of distortion")
    return intrinsics
