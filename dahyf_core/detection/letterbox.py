"""The palm detector's square input picture: the frame in it, and the anchors."""

import cv2
import numpy as np
from numpy.typing import NDArray

INPUT_SIZE = 192
"""Side of the square picture that the detector sees."""

ANCHORS_PER_CELL = {8: 2, 16: 6}
"""Anchors at one place of the feature map of a stride: two for each layer, of which stride 16 has three."""

MAX_STEP = 2
"""Frame pixels per picture pixel from which the frame is averaged down first. Plain sampling lets grain hide hands."""


def anchor_centers() -> NDArray[np.float64]:
    """(2016, 2) x and y in pixels of the detector's picture, in the order of its outputs."""
    return np.concatenate([_grid(stride).repeat(count, axis=0) for stride, count in ANCHORS_PER_CELL.items()])


def _grid(stride: int) -> NDArray[np.float64]:
    """Centres of the cells of one feature map, row by row."""
    ticks = (np.arange(INPUT_SIZE // stride) + 0.5) * stride
    y, x = np.meshgrid(ticks, ticks, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=-1)


def letterbox(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A frame (H, W, 3), scaled to fit, in the middle of a black picture (INPUT_SIZE, INPUT_SIZE, 3).

    Also returns the affine map (2, 3) from pixels of that picture to pixels of the frame.
    """
    height, width = image.shape[:2]
    side = max(height, width)
    scale = side / INPUT_SIZE
    frame_from_picture = np.array([[scale, 0.0, (width - side) / 2], [0.0, scale, (height - side) / 2]])

    factor = max(1, min(int(scale // MAX_STEP), height, width))
    small, small_from_picture = _average_down(image, frame_from_picture, factor)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    picture = cv2.warpAffine(small, small_from_picture, (INPUT_SIZE, INPUT_SIZE), flags=flags)
    return np.asarray(picture, dtype=np.uint8), frame_from_picture


def _average_down(
    image: NDArray[np.uint8], affine: NDArray[np.float64], factor: int
) -> tuple[cv2.typing.MatLike, NDArray[np.float64]]:
    """The frame at 1 / factor of its size, and the affine map (2, 3) into it instead of into the frame."""
    if factor == 1:
        return image, affine
    rows, columns = (length // factor for length in image.shape[:2])
    whole_blocks = image[: rows * factor, : columns * factor]
    small = cv2.resize(whole_blocks, (columns, rows), interpolation=cv2.INTER_AREA)
    shifted = affine / factor
    shifted[:, 2] -= (factor - 1) / 2 / factor
    return small, shifted
