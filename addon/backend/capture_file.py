"""Reading a capture file: plain arrays in an .npz, all checked before Blender's data changes. No bpy here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..shared import capture_schema, limits
from ..shared.capture_schema import META, Arrays, State
from ..shared.strict_json import parse_json

FloatArray = NDArray[np.floating]

READ: Final = (
    "frame",
    "time",
    "side",
    "pose",
    "translation",
    "confidence",
    "state",
    "rest_vertices",
    "rest_joints",
    "rest_tips",
    "faces",
    "skin_weights",
    "parents",
    "bone_names",
)
"""The arrays that a rig needs."""


@dataclass(frozen=True)
class Footage:
    """The captured footage. rate: frames per second. rotation: degrees by which players rotate it."""

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
    """The skeleton of all hands. names (16,), parents (16,) with -1 for the root, skin_weights (V, 16)."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    skin_weights: FloatArray


@dataclass(frozen=True)
class Hand:
    """One hand over T frames, cleaned. OpenCV camera axes, metres, radians; NaN where the state is MISSING.

    pose (T, 16, 3) axis-angle, the first row in the camera frame, the others relative to their parents;
    translation (T, 3); confidence (T,), NaN everywhere where the source has none; state (T,).
    The hand at rest: vertices (V, 3), joints (16, 3), tips (5, 3), faces (F, 3).
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

    mirrored: the footage is a mirror image, and all data here belongs to the picture flipped back.
    hand_model and conventions: the file's description of its numbers. intrinsics: None where no camera is known.
    """

    path: Path
    sha256: str
    footage: Footage
    intrinsics: Intrinsics | None
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    skeleton: Skeleton
    hands: tuple[Hand, ...]
    mirrored: bool
    hand_model: Mapping[str, Any]
    conventions: Mapping[str, str]


def read_capture(path: Path) -> Capture:
    """Read a capture file, and check all that is read. Nothing in it is executed. Raises CaptureFileError."""
    arrays = capture_schema.read_arrays(path, READ)
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return _capture(path, sha256, arrays)
    except OSError as error:
        raise capture_schema.unreadable(path, error) from error
    except ValueError as error:
        raise capture_schema.damaged(path, error) from error


def _capture(path: Path, sha256: str, arrays: Arrays) -> Capture:
    meta = parse_json(str(arrays["meta"])[: limits.META_LENGTH])
    META.check(meta, "its meta")
    footage = _footage(meta["footage"])
    intrinsics = None if meta["intrinsics"] is None else _intrinsics(meta["intrinsics"])
    capture_schema.check_source(meta["footage"]["path"], footage.rate, intrinsics.distortion if intrinsics else ())
    size = (footage.width, footage.height)
    capture_schema.check_absence(meta.get("absent", []), footage.kind, intrinsics is not None, size)
    return Capture(
        path=path,
        sha256=sha256,
        footage=footage,
        intrinsics=intrinsics,
        frame=arrays["frame"],
        time=arrays["time"],
        skeleton=Skeleton(
            tuple(arrays["bone_names"].tolist()), tuple(arrays["parents"].tolist()), arrays["skin_weights"]
        ),
        hands=tuple(_hand(arrays, index) for index in range(len(arrays["side"]))),
        mirrored=meta["mirrored"],
        hand_model=meta["hand_model"],
        conventions=meta.get("conventions", {}),
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
    return Footage(
        path=Path(meta["path"]),
        kind=meta["kind"],
        sha256=meta["sha256"],
        width=meta["width"],
        height=meta["height"],
        rate=Fraction(*meta["rate"]),
        rotation=meta["rotation"],
        constant_rate=meta["constant_rate"],
    )


def _intrinsics(meta: Mapping[str, Any]) -> Intrinsics:
    return Intrinsics(
        fx=float(meta["fx"]),
        fy=float(meta["fy"]),
        cx=float(meta["cx"]),
        cy=float(meta["cy"]),
        width=meta["width"],
        height=meta["height"],
        distortion=tuple(map(float, meta["distortion"])),
    )
