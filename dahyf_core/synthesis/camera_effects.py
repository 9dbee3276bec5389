"""From a rendering to a photograph: background, blur, noise, white balance, compression."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.synthesis.renderer import Rendering
from dahyf_core.synthesis.scene_sampler import CameraView

Array = NDArray[Any]
"""Of single precision; OpenCV does not say so."""
Picture = NDArray[np.uint8]

NOISE_TILE = 512
FEWEST_PIXELS = 80
BLURRED, SHARPENED = 0.55, 0.5
"""Shares of pictures that the lens blurs, and that the camera sharpens."""
SHADOW_SHARE = 0.35
"""Share of hands that cast a shadow on the background."""


class CameraEffects:
    """Develops pictures of one size. Holds tiles of noise, since drawing it anew is slow."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._noise = np.random.default_rng(0).standard_normal((NOISE_TILE, NOISE_TILE, 3), np.float32)

    def apply(
        self, rng: np.random.Generator, rendering: Rendering, background: Picture, view: CameraView
    ) -> NDArray[np.uint8]:
        """The bytes of a JPEG file.

        background: (size, size, 3) RGB. Beyond the frame of the view its border is repeated.
        """
        square = (self._size, self._size)
        front: Array = cv2.resize(rendering.colour, square, interpolation=cv2.INTER_AREA).astype(np.float32)
        back: Array = background.astype(np.float32)
        if rng.random() < 0.35:
            back = _defocused(back, rng.uniform(0.5, 5.0))
        back *= np.float32(rng.uniform(0.7, 1.15))
        if rng.random() < SHADOW_SHARE:
            back *= _cast_shadow(rng, front[..., 3])
        if rng.random() < 0.12:
            front = cv2.filter2D(front, -1, _motion(rng))
        picture = front[..., :3] + back * (1 - front[..., 3:] / 255)
        picture = self._film(rng, picture, view.crop[2])
        picture = _repeat_border(picture, *view.limits(self._size))
        quality = int(np.clip(rng.normal(82, 14), 30, 97))
        bytes_of_picture = cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_RGB2BGR)
        file = cv2.imencode(".jpg", bytes_of_picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return np.asarray(file, np.uint8)

    def _film(self, rng: np.random.Generator, picture: Array, side: float) -> Array:
        """Lens, sensor and the camera's own processing. side: of the picture in pixels of the sensor."""
        if rng.random() < 0.1:
            picture = cv2.filter2D(picture, -1, _motion(rng))
        if rng.random() < BLURRED:
            picture = cv2.GaussianBlur(picture, (0, 0), 0.3 + rng.gamma(1.5, 0.25))
        pixels = int(np.clip(side, FEWEST_PIXELS, self._size))
        if pixels < 0.95 * self._size:
            picture = cv2.resize(picture, (pixels, pixels), interpolation=cv2.INTER_AREA)
        picture = picture + np.float32(rng.gamma(1.2, 2.5)) * self._grain(rng, len(picture))
        picture = cv2.transform(picture, _colour_response(rng))
        if rng.random() < SHARPENED:
            detail = picture - cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.7, 1.4))
            picture = picture + np.float32(rng.uniform(0.3, 1.5)) * detail
        if len(picture) < self._size:
            method = cv2.INTER_CUBIC if rng.random() < 0.6 else cv2.INTER_LINEAR
            picture = cv2.resize(picture, (self._size, self._size), interpolation=method)
        return picture

    def _grain(self, rng: np.random.Generator, size: int) -> Array:
        """Noise (size, size, 3) of unit strength, sometimes coarse, as after a camera's own denoising."""
        coarse = rng.random() < 0.3
        x, y = rng.integers(NOISE_TILE - size, size=2)
        tile = self._noise[y : y + size, x : x + size]
        return 1.5 * cv2.GaussianBlur(tile, (0, 0), 0.8) if coarse else tile


def _defocused(picture: Array, sigma: float) -> Array:
    """Gaussian blur, of a smaller copy where that makes no difference."""
    if sigma < 2.0:
        return cv2.GaussianBlur(picture, (0, 0), sigma)
    small = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), sigma / 2), picture.shape[:2])


def _colour_response(rng: np.random.Generator) -> Array:
    """(3, 4) affine map of colours: exposure, white balance, saturation, contrast."""
    balance = np.exp(rng.normal(0, 0.12) + rng.normal(0, 0.05, 3))
    saturation, contrast, middle = rng.uniform(0.8, 1.25), np.exp(rng.normal(0.0, 0.12)), rng.uniform(90, 150)
    mixing = saturation * np.eye(3) + (1 - saturation) / 3
    return np.column_stack([contrast * mixing * balance, np.full(3, (1 - contrast) * middle)]).astype(np.float32)


def _cast_shadow(rng: np.random.Generator, coverage: Array) -> Array:
    """(size, size, 1) factors that darken a wall behind the hand."""
    size = len(coverage)
    shift = np.array([[1, 0, rng.normal(0, 0.1) * size], [0, 1, rng.normal(0.04, 0.08) * size]])
    small = cv2.resize(cv2.warpAffine(coverage, shift, (size, size)), (size // 4, size // 4))
    soft = cv2.GaussianBlur(small, (0, 0), rng.uniform(0.01, 0.06) * size / 4)
    shadow = cv2.resize(soft, (size, size)) * np.float32(rng.uniform(0.15, 0.6) / 255)
    return 1 - shadow[..., None]


def _repeat_border(picture: Array, low: NDArray[np.floating], high: NDArray[np.floating]) -> Array:
    """The picture with what lies beyond corners `low` and `high` (2,) replaced by what lies at the border."""
    (first_x, first_y), (last_x, last_y) = np.ceil(low).astype(int), np.floor(high).astype(int)
    places = np.arange(len(picture))
    return picture[np.clip(places, first_y, last_y)][:, np.clip(places, first_x, last_x)]


def _motion(rng: np.random.Generator) -> Array:
    """A kernel along a line."""
    length, angle = rng.uniform(2.0, 9.0), rng.uniform(0, np.pi)
    half = int(np.ceil(length / 2))
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    along = np.abs(x * np.cos(angle) + y * np.sin(angle))
    across = np.abs(y * np.cos(angle) - x * np.sin(angle))
    kernel = np.clip(length / 2 + 0.5 - along, 0, 1) * np.clip(1.0 - across, 0, 1)
    return (kernel / kernel.sum()).astype(np.float32)
