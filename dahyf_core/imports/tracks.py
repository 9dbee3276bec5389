"""Hands of single pictures, joined over time."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.hand_model import Side

Named = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Detection:
    """A hand in one frame. place: numbers whose nearness tells hands of one side apart. values: arrays by name.

    track: the file's own name of the hand, if it has one.
    """

    side: Side
    place: Array
    values: Named
    track: Hashable = None


def joined(frames: Sequence[Sequence[Detection]]) -> list[tuple[Side, Named]]:
    """Each hand with its values (T, ...), NaN where it is not seen. frames: the detections of each frame.

    Hands of one side are told apart by the file's own names, else by their places: nearest to the last one first.
    """
    hands: list[tuple[Side, Hashable, list[Detection | None]]] = []
    for number, detections in enumerate(frames):
        for _, _, row in hands:
            row.append(None)
        waiting = list(detections)
        for detection, hand in _pairs(waiting, hands):
            hand[2][-1] = detection
            waiting.remove(detection)
        for detection in waiting:
            hands.append((detection.side, detection.track, [*[None] * number, detection]))
    return [(side, _stacked(row)) for side, _, row in hands]


def _pairs(
    detections: list[Detection], hands: list[tuple[Side, Hashable, list[Detection | None]]]
) -> list[tuple[Detection, tuple[Side, Hashable, list[Detection | None]]]]:
    possible = []
    for detection in detections:
        for index, (side, track, row) in enumerate(hands):
            if side == detection.side and track == detection.track:
                last = next(each for each in reversed(row) if each is not None)
                possible.append((float(np.linalg.norm(detection.place - last.place)), id(detection), detection, index))
    chosen, taken = [], set()
    for _, identity, detection, index in sorted(possible, key=lambda each: each[0]):
        if identity not in taken and index not in taken:
            taken |= {identity, index}
            chosen.append((detection, hands[index]))
    return chosen


def _stacked(row: Sequence[Detection | None]) -> Named:
    first = next(each for each in row if each is not None)
    result = {}
    for name, value in first.values.items():
        stacked = np.full((len(row), *value.shape), np.nan)
        for index, detection in enumerate(row):
            if detection is not None and name in detection.values:
                stacked[index] = detection.values[name]
        result[name] = stacked
    return result


def even(numbers: Sequence[int]) -> NDArray[np.int64]:
    """Frame numbers, increasing. Raises ValueError for two frames of one number."""
    frames = np.asarray(numbers, dtype=np.int64)
    if len(frames) == 0:
        raise ValueError("it holds no frames")
    if (np.diff(frames) <= 0).any():
        raise ValueError("its frame numbers do not increase")
    return frames
