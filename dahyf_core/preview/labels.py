"""Words on pictures."""

import cv2
import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]

WHITE: Colour = (245, 245, 245)
FONT = cv2.FONT_HERSHEY_SIMPLEX


def draw_text(
    image: NDArray[np.uint8], text: str, left: int, baseline: int, height: float, colour: Colour = WHITE
) -> int:
    """Write text whose capitals are `height` px high, in place; returns the x where it ends."""
    cv2.putText(image, _drawable(text), (left, baseline), FONT, _scale(height), colour, _thickness(height), cv2.LINE_AA)
    return left + text_width(text, height)


def text_width(text: str, height: float) -> int:
    """Width in px that draw_text needs."""
    (width, _), _ = cv2.getTextSize(_drawable(text), FONT, _scale(height), _thickness(height))
    return width


def _drawable(text: str) -> str:
    """The text with a question mark for each byte that is no UTF-8, at which OpenCV crashes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _scale(height: float) -> float:
    return height / 22


def _thickness(height: float) -> int:
    return max(1, round(height / 11))
