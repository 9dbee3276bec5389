"""Captures as JSON, for tools without numpy. docs/capture-file.md describes the layout."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture import Capture
from dahyf_core.capture.file import meta_of, schema_version_of
from dahyf_core.cleaning import State
from dahyf_core.export.options import ExportOptions
from dahyf_core.geometry import continuous_quaternions, quaternion_from_axis_angle
from dahyf_core.shared.names import JOINT_NAMES

DECIMALS = 6


def write_json(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """Write the cleaned hands, one frame per line."""
    stream.writelines(line.encode() for line in _document(capture))


def _document(capture: Capture) -> Iterator[str]:
    head = {
        "schema_version": schema_version_of(capture),
        "meta": meta_of(capture),
        "bones": capture.bone_names.tolist(),
        "parents": capture.parents.tolist(),
        "joints": list(JOINT_NAMES),
    }
    yield "{"
    for name, value in head.items():
        yield f"{json.dumps(name)}: {_json(value)},\n"
    yield '"hands": ['
    for hand in range(capture.hands):
        yield ",\n" if hand else "\n"
        yield from _hand(capture, hand)
    yield "\n]}\n"


def _hand(capture: Capture, hand: int) -> Iterator[str]:
    head = {
        "side": str(capture.side[hand]),
        "shape": _rounded(capture.shape[hand]),
        "rest_joints": _rounded(capture.rest_joints[hand]),
        "rest_tips": _rounded(capture.rest_tips[hand]),
    }
    yield f'{_json(head)[:-1]}, "frames": ['
    separator = "\n"
    for frame in _frames(capture, hand):
        yield separator + _json(frame)
        separator = ",\n"
    yield "\n]}"


def _frames(capture: Capture, hand: int) -> Iterator[dict[str, Any]]:
    state = capture.state[hand]
    arrays = {
        "wrist_position": capture.wrist_position[hand],
        "translation": capture.translation[hand],
        "pose_axis_angle": capture.pose[hand],
        "pose_quaternion": _quaternions(capture.pose[hand], state != State.MISSING),
        "joints_3d": capture.joints_3d[hand],
        "joints_2d": capture.joints_2d[hand],
    }
    for index in range(len(capture.frame)):
        present = state[index] != State.MISSING
        yield {
            "frame": int(capture.frame[index]),
            "time": round(float(capture.time[index]), DECIMALS),
            "state": State(state[index]).name.lower(),
            "confidence": _known(capture.confidence[hand, index]),
            **{name: _known(values[index]) if present else None for name, values in arrays.items()},
        }


def _quaternions(pose: NDArray[np.floating], present: NDArray[np.bool_]) -> NDArray[np.floating]:
    """(T, 16, 4), w first, with continuous signs over the frames that are present."""
    quaternions = np.full((*pose.shape[:-1], 4), np.nan)
    quaternions[present] = continuous_quaternions(quaternion_from_axis_angle(pose[present]))
    return quaternions


def _known(values: NDArray[np.floating]) -> Any:
    """The values, or None where the source of the capture does not have them."""
    return _rounded(values) if np.isfinite(values).all() else None


def _rounded(values: NDArray[np.floating]) -> Any:
    return np.round(np.asarray(values, dtype=float), DECIMALS).tolist()


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False)
