"""Overlapping parts of a frame, in which small hands are larger."""

import numpy as np

OVERLAP = 0.3
"""Share of a tile that the next one shows too: no hand that a tile is for is cut by all of them."""

Area = tuple[int, int, int, int]
"""Left, top, right and bottom, pixels. An area ends before its right and bottom."""


def tiles_of(width: int, height: int, count: int) -> list[Area]:
    """Parts that cover a frame: squares, where it is large enough, `count` of them along its longer side."""
    side = int(np.ceil(max(width, height) / (count - (count - 1) * OVERLAP)))
    columns, rows = (_starts(length, side) for length in (width, height))
    return [(x, y, min(x + side, width), min(y + side, height)) for y in rows for x in columns]


def _starts(length: int, side: int) -> list[int]:
    """Where parts begin that cover a line, evenly."""
    spare = length - side
    if spare <= 0:
        return [0]
    steps = int(np.ceil(spare / ((1 - OVERLAP) * side) - 1e-9))
    return [round(spare * step / steps) for step in range(steps + 1)]
