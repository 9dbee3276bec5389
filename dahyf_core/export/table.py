"""Captures as one table, for spreadsheets and statistics."""

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.export.options import ExportOptions
from dahyf_core.geometry import continuous_quaternions, quaternion_from_axis_angle
from dahyf_core.shared.names import JOINT_NAMES

DECIMALS = 6


def columns(capture: Capture) -> list[str]:
    """The names of the columns."""
    return [
        *("frame", "time", "hand", "side", "state", "confidence"),
        *(f"wrist_position_{axis}" for axis in "xyz"),
        *(f"joint_{joint}_{axis}" for joint in JOINT_NAMES for axis in "xyz"),
        *(f"bone_{bone}_q{part}" for bone in capture.bone_names for part in "wxyz"),
    ]


def write_csv(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """One row a hand and frame, hand after hand: m, camera frame; bones relative to their parents; empty if missing."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns(capture))
    for hand in range(capture.hands):
        writer.writerows(_rows(capture, hand))
    text.detach()


def _rows(capture: Capture, hand: int) -> Iterator[list[object]]:
    present = capture.state[hand] != State.MISSING
    numbers = np.concatenate(
        [capture.wrist_position[hand], capture.joints_3d[hand].reshape(len(present), -1)], axis=1, dtype=np.float64
    )
    rotations = np.full((len(present), 4 * len(capture.bone_names)), np.nan)
    quaternions = continuous_quaternions(quaternion_from_axis_angle(capture.pose[hand, present]))
    rotations[present] = quaternions.reshape(-1, rotations.shape[1])
    values = np.concatenate([numbers, rotations], axis=1)
    for row, number in enumerate(capture.frame):
        yield [
            int(number),
            f"{capture.time[row]:.{DECIMALS}f}",
            hand,
            str(capture.side[hand]),
            State(capture.state[hand, row]).name.lower(),
            f"{confidence:.{DECIMALS}f}" if np.isfinite(confidence := capture.confidence[hand, row]) else "",
            *(f"{value:.{DECIMALS}f}" if present[row] else "" for value in values[row]),
        ]
