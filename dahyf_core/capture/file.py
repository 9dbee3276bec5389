"""The capture file: one .npz of plain arrays. docs/capture-file.md describes it for readers."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture.atomic import replacing
from dahyf_core.capture.meta import read_meta
from dahyf_core.capture.record import Capture
from dahyf_core.cleaning import State
from dahyf_core.errors import CaptureFileError, detail
from dahyf_core.profiling import is_stage
from dahyf_core.shared import limits
from dahyf_core.shared.plain_arrays import NotAnArchiveError, read_plain_arrays

SCHEMA_VERSION: Final = 1

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
"""Finite exactly where `raw_confidence` is."""

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


@is_stage("writing the file")
def save_capture(capture: Capture, path: Path) -> None:
    """Write a capture; the file appears whole or not at all.

    Raises OutputError, and CaptureFileError for a capture that `load_capture` would refuse.
    """
    with np.errstate(over="ignore"):  # what becomes infinite is refused below
        arrays = {name: getattr(capture, name).astype(dtype, copy=False) for name, (dtype, _) in ARRAYS.items()}
    try:
        _check_shapes(arrays)
        _check_values(arrays)
    except ValueError as error:
        raise CaptureFileError(
            f"{path} was not written, because the result is impossible: {error}.",
            "Check the hand model and the lens that were given.",
        ) from error
    with replacing(path) as stream:
        np.savez(stream, schema_version=SCHEMA_VERSION, meta=json.dumps(meta_of(capture)), **arrays)


def load_capture(path: Path) -> Capture:
    """Read and check a capture. Nothing in it is unpickled.

    Raises CaptureFileError for a file that is missing, damaged, not a capture, or of a newer schema.
    """
    arrays = _read_arrays(path)
    missing = {"schema_version", "meta"} - set(arrays)
    if missing:
        raise _not_a_capture(path, f"it has no {' and no '.join(sorted(missing))}")
    try:
        _check_version(path, int(arrays["schema_version"].item()))
        _check_shapes(arrays)
        _check_values(arrays)
        source, cleaning = read_meta(str(arrays["meta"]))
    except (ValueError, TypeError) as error:
        raise _damaged(path, detail(error)) from error
    return Capture(source=source, cleaning=cleaning, **{name: arrays[name] for name in ARRAYS})


def meta_of(capture: Capture) -> dict[str, Any]:
    """The `meta` of the file, ready for JSON."""
    source, model = capture.source, capture.source.hand_model
    footage = asdict(source.footage) | {"rate": [source.footage.rate.numerator, source.footage.rate.denominator]}
    footage["constant_rate"] = footage.pop("has_constant_rate")
    return {
        "program": "DaHyF Hands",
        "version": source.version,
        "created": source.created,
        "footage": footage,
        "intrinsics": asdict(source.intrinsics),
        "estimator": source.estimator,
        "hand_model": {"name": model.name, "flat_hand_mean": True, "sha256": dict(model.sha256)},
        "mirrored": source.mirrored,
        "cleaning": asdict(capture.cleaning),
        "conventions": CONVENTIONS,
    }


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Those arrays of the schema that the file has."""
    try:
        return read_plain_arrays(path, ("schema_version", "meta", *ARRAYS))
    except NotAnArchiveError as error:
        raise _not_a_capture(path, str(error)) from error
    except OSError as error:
        raise CaptureFileError(
            f"The capture file {path} cannot be read: {error.strerror or error}.", "Check the path and its permissions."
        ) from error
    except ValueError as error:
        raise _damaged(path, detail(error)) from error


def _check_version(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise CaptureFileError(
            f"{path} was written by a newer version (schema {version}; this program reads {SCHEMA_VERSION}).",
            "Update DaHyF Hands.",
        )
    if version < 1:
        raise ValueError(f"its schema version is {version}")


def _check_shapes(arrays: Mapping[str, NDArray[Any]]) -> None:
    sizes: dict[str | int, int] = {}
    for name, (dtype, shape) in ARRAYS.items():
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


def _check_values(arrays: Mapping[str, NDArray[Any]]) -> None:
    for name, (dtype, _) in ARRAYS.items():
        if dtype.startswith("float") and np.isinf(arrays[name]).any():
            raise ValueError(f"{name} has infinite values")
    for name in COMPLETE_ARRAYS:
        if np.isnan(arrays[name]).any():
            raise ValueError(f"{name} has missing values")
    for name, greatest in limits.GREATEST.items():
        _check_range(name, arrays[name][~np.isnan(arrays[name])], -greatest, greatest)
    for name in RAW_ARRAYS:
        _check_presence(name, arrays[name], np.isfinite(arrays["raw_confidence"]), "raw_confidence")
    for name in KEYED_ARRAYS:
        _check_presence(name, arrays[name], arrays["state"] != State.MISSING, "state")
    if (np.diff(arrays["time"]) <= 0).any() or (np.diff(arrays["frame"]) <= 0).any():
        raise ValueError("its frames are out of order")
    _check_range("state", arrays["state"], 0, max(State))
    _check_range("confidence", arrays["confidence"], 0, 1)
    _check_range("faces", arrays["faces"], 0, len(arrays["skin_weights"]) - 1)
    _check_range("skin_weights", arrays["skin_weights"], 0, 1)
    _check_range("the sum of skin_weights", arrays["skin_weights"].sum(axis=1), *limits.WEIGHTS_SUM)
    if not np.isin(arrays["side"], ("left", "right")).all():
        raise ValueError("side is neither left nor right")
    bones = np.arange(len(arrays["parents"]))
    if (arrays["parents"] >= bones).any() or (arrays["parents"][1:] < 0).any():
        raise ValueError("parents do not form a hand")
    if len(arrays["side"]):
        bones = arrays["rest_joints"][:, 1:] - arrays["rest_joints"][:, arrays["parents"][1:]]
        _check_range("the length of a bone", np.linalg.norm(bones, axis=-1), *limits.BONE)


def _check_presence(name: str, values: NDArray[Any], present: NDArray[np.bool_], reference: str) -> None:
    """values (H, T, ...) must be finite where present (H, T), and nowhere else."""
    finite = np.isfinite(values)
    components = tuple(range(present.ndim, finite.ndim))
    if (finite.any(axis=components) != present).any() or (finite.all(axis=components) != present).any():
        raise ValueError(f"{name} does not agree with {reference}")


def _check_range(name: str, values: NDArray[Any], lowest: float, highest: float) -> None:
    if values.size and not (lowest <= values.min() and values.max() <= highest):
        raise ValueError(f"{name} has values outside {lowest:g} to {highest:g}")


def _not_a_capture(path: Path, why: str) -> CaptureFileError:
    return CaptureFileError(f"{path} is not a capture file: {why}.", "Choose a file that `dahyf capture` wrote.")


def _damaged(path: Path, why: str) -> CaptureFileError:
    return CaptureFileError(f"The capture file {path} is damaged: {why}.", "Capture the footage again.")
