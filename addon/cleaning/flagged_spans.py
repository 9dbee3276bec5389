"""Bad spans of a captured hand: frames of low confidence, replaced or interpolated frames, and gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ..narrowing import present
from ..scene.keys import enum_numbers
from ..scene.nla_layers import confidence_curve

Span = tuple[float, float]

NEXT_PICTURE = 1.5
"""Keys up to this many steps apart are neighbours. At a variable rate the keys are not evenly spaced."""


@dataclass(frozen=True)
class Keys:
    """The N keys of the confidence: frames and confidence (N,), whether each was seen, whether a gap follows it.

    step: usual distance of two neighbouring keys, in frames.
    """

    frames: NDArray[np.float64]
    confidence: NDArray[np.float64]
    seen: NDArray[np.bool_]
    before_gap: NDArray[np.bool_]
    step: float


def confidence_keys(action: bpy.types.Action) -> Keys:
    """The confidence keys of an Action with captured motion."""
    points = present(confidence_curve(action)).keyframe_points
    co = np.empty(2 * len(points), np.float32)
    types, interpolation = np.empty(len(points), np.int32), np.empty(len(points), np.int32)
    points.foreach_get("co", co)
    points.foreach_get("type", types)
    points.foreach_get("interpolation", interpolation)
    frames, confidence = co.reshape(-1, 2).T.astype(float)
    before_gap = interpolation == enum_numbers("interpolation", "CONSTANT")
    before_gap[-1:] = False
    step = float(np.median(np.diff(frames))) if len(frames) > 1 else 1.0
    return Keys(frames, confidence, types == enum_numbers("type", "KEYFRAME"), before_gap, step)


def flagged_spans(action: bpy.types.Action, threshold: float) -> list[Span]:
    """First and last frame of each bad span of captured motion, in order."""
    found = confidence_keys(action)
    bad = found.frames[~found.seen | (found.confidence < threshold)]
    before = np.flatnonzero(found.before_gap)
    gaps = np.column_stack([found.frames[before] + found.step, found.frames[before + 1] - found.step])
    return merged(np.concatenate([np.column_stack([bad, bad]), gaps]), NEXT_PICTURE * found.step)


def merged(spans: np.ndarray, near: float) -> list[Span]:
    """Spans (N, 2) in order, merged where they are at most `near` frames apart."""
    result: list[Span] = []
    for start, end in spans[np.argsort(spans[:, 0], kind="stable")].tolist():
        if result and start - result[-1][1] <= near:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def start_after(spans: Sequence[Span], frame: float) -> float | None:
    """The start of the first span that begins after a frame, or None."""
    return min((start for start, _ in spans if start > frame), default=None)


def start_before(spans: Sequence[Span], frame: float) -> float | None:
    """The start of the last span that begins before a frame, or None."""
    return max((start for start, _ in spans if start < frame), default=None)
