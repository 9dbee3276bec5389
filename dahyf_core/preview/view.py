"""The part of the footage that is drawn, and its scale."""

from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Intrinsics


@dataclass(frozen=True)
class View:
    """A rectangle of the footage, `left`, `top`, `width`, `height` in its pixels, shown `scale` times as large."""

    left: int
    top: int
    width: int
    height: int
    scale: float

    @classmethod
    def whole(cls, width: int, height: int, longest_side: int) -> Self:
        """All of a picture, made smaller where a side is over `longest_side`."""
        return cls(0, 0, width, height, min(1.0, longest_side / max(width, height)))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is drawn."""
        return max(1, round(self.width * self.scale)), max(1, round(self.height * self.scale))

    def picture(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The rectangle of a frame (H, W, 3), scaled; always a copy."""
        region = image[self.top : self.top + self.height, self.left : self.left + self.width]
        if self.size == (self.width, self.height):
            return region.copy()
        interpolation = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
        return cv2.resize(region, self.size, interpolation=interpolation).astype(np.uint8, copy=False)

    def pixels(self, points: NDArray[np.floating]) -> NDArray[np.floating]:
        """Points (..., 2) px of the footage in px of the view; centres of pixels lie at integers in both."""
        return (points - (self.left, self.top) + 0.5) * self._factors - 0.5

    def intrinsics(self, footage: Intrinsics) -> Intrinsics:
        """The footage's camera as the view shows it."""
        x, y = self._factors
        cx, cy = self.pixels(np.array([footage.cx, footage.cy]))
        width, height = self.size
        return replace(footage, fx=footage.fx * x, fy=footage.fy * y, cx=cx, cy=cy, width=width, height=height)

    @property
    def _factors(self) -> NDArray[np.floating]:
        return np.array(self.size) / (self.width, self.height)
