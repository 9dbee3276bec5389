"""Where a captured hand is not to be trusted: frames of low confidence, replaced or interpolated ones, and gaps."""

from collections.abc import Sequence

import bpy
import numpy as np

from .keys import enum_numbers
from .layers import confidence_curve

Span = tuple[float, float]

NEXT_FRAME = 1.5
"""Frames that lie no farther apart are neighbours; those of footage at a variable rate lie between whole frames."""


def bad_spans(action: bpy.types.Action, threshold: float) -> list[Span]:
    """First and last frame of each bad span of captured motion, in order."""
    points = confidence_curve(action).keyframe_points
    co = np.empty(2 * len(points), np.float32)
    types, interpolation = np.empty(len(points), np.int32), np.empty(len(points), np.int32)
    points.foreach_get("co", co)
    points.foreach_get("type", types)
    points.foreach_get("interpolation", interpolation)
    frames, confidence = co.reshape(-1, 2).T.astype(float)
    bad = frames[(types != enum_numbers("type", "KEYFRAME")) | (confidence < threshold)]
    before_gap = np.flatnonzero(interpolation[:-1] == enum_numbers("interpolation", "CONSTANT"))
    gaps = np.column_stack([frames[before_gap] + 1, frames[before_gap + 1] - 1])
    return merged(np.concatenate([np.column_stack([bad, bad]), gaps]))


def merged(spans: np.ndarray) -> list[Span]:
    """Spans (N, 2) in order, neighbours as one."""
    result: list[Span] = []
    for start, end in spans[np.argsort(spans[:, 0], kind="stable")].tolist():
        if result and start - result[-1][1] <= NEXT_FRAME:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def start_after(spans: Sequence[Span], frame: float) -> float | None:
    """Where the first span begins that begins later."""
    return min((start for start, _ in spans if start > frame), default=None)


def start_before(spans: Sequence[Span], frame: float) -> float | None:
    """Where the last span begins that begins earlier."""
    return max((start for start, _ in spans if start < frame), default=None)
