"""The fixed points of the picture at which the palm detector looks for palms."""

import numpy as np
from numpy.typing import NDArray

INPUT_SIZE = 192
"""Side of the square picture that the detector sees."""

ANCHORS_PER_CELL = {8: 2, 16: 6}
"""Anchors at one place of the feature map of a stride: two for each layer, of which stride 16 has three."""


def anchor_centers() -> NDArray[np.float64]:
    """(2016, 2) x and y in pixels of the detector's picture, in the order of its outputs."""
    return np.concatenate([_grid(stride).repeat(count, axis=0) for stride, count in ANCHORS_PER_CELL.items()])


def _grid(stride: int) -> NDArray[np.float64]:
    """Centres of the cells of one feature map, row by row."""
    ticks = (np.arange(INPUT_SIZE // stride) + 0.5) * stride
    y, x = np.meshgrid(ticks, ticks, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=-1)
