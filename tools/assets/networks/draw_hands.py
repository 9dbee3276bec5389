"""Draws a picture of two open hands, plain enough to describe in lines and real enough for the networks."""

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480

# One hand, palm to the viewer, fingers up (-y), about 300 units from elbow-side to fingertip; the wrist is the origin.
PALM = [(-42, 0), (-48, -60), (-40, -100), (-12, -108), (16, -106), (42, -96), (44, -40), (30, 0)]
FINGERS = [
    [(-38, -30), (-70, -62), (-92, -98)],
    [(-32, -98), (-40, -140), (-45, -178)],
    [(-8, -104), (-9, -152), (-10, -196)],
    [(16, -102), (22, -146), (26, -184)],
    [(38, -92), (52, -126), (62, -156)],
]
CREASES = [[(-30, -15), (-15, -70)], [(-40, -75), (25, -60)], [(-30, -85), (40, -80)]]
FINGER_WIDTH = 24
SUBPIXEL_BITS = 4


def draw_two_hands() -> NDArray[np.uint8]:
    """(480, 640, 3) uint8 RGB: a large and a small hand, mirror images of each other but for roll and skin."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    backdrop = np.stack([60 + 60 * x / WIDTH, 90 + 50 * y / HEIGHT, 110 + 30 * np.sin(x / 50) * np.cos(y / 70)], -1)
    picture = backdrop.astype(np.uint8)
    picture = _draw_hand(picture, (200, 330), scale=(1.2, 1.2), roll=-0.15, skin=(214, 160, 130))
    return _draw_hand(picture, (470, 300), scale=(-0.8, 0.8), roll=0.4, skin=(160, 110, 85))


def _draw_hand(
    picture: NDArray[np.uint8],
    wrist: tuple[float, float],
    scale: tuple[float, float],
    roll: float,
    skin: tuple[int, int, int],
) -> NDArray[np.uint8]:
    cos, sin = np.cos(roll), np.sin(roll)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag(scale)
    shade = tuple(int(0.72 * level) for level in skin)
    light = tuple(min(255, int(1.12 * level)) for level in skin)

    def pixels(points: list[tuple[float, float]]) -> NDArray[np.int32]:
        return np.round((np.array(points) @ linear.T + wrist) * 2**SUBPIXEL_BITS).astype(np.int32)

    def stroke(points: list[tuple[float, float]], width: float, colour: tuple[int, ...]) -> None:
        thickness = max(1, round(width * scale[1]))
        cv2.polylines(picture, [pixels(points)], False, colour, thickness, cv2.LINE_AA, SUBPIXEL_BITS)

    stroke([(-5, 120), (-5, -10)], 66, skin)
    for finger in FINGERS:
        stroke(finger, FINGER_WIDTH + 5, shade)
    cv2.fillPoly(picture, [pixels(PALM)], skin, cv2.LINE_AA, SUBPIXEL_BITS)
    for finger in FINGERS:
        stroke(finger, FINGER_WIDTH, skin)
        stroke(finger, 8, light)
        x, y = finger[1]
        stroke([(x - 8, y), (x + 8, y)], 2, shade)
    for crease in CREASES:
        stroke(crease, 3, shade)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)
