"""How much fine detail pictures have: what tells whether drawings are as sharp as photographs."""

import cv2
import numpy as np
from numpy.typing import NDArray

WINDOW = 128
"""Side in pixels of the middle of a patch that is measured."""
RADIUS = 30
"""Cycles a window: details of some four pixels."""


def fine_detail(patch: NDArray[np.uint8]) -> float:
    """Mean logarithm of the amplitude at RADIUS in the middle of a patch (S, S, 3) RGB, in grey levels a pixel.

    The window is tapered (Hann), so that its edges count for nothing.
    """
    first = (len(patch) - WINDOW) // 2
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)[first : first + WINDOW, first : first + WINDOW].astype(float)
    taper = np.hanning(WINDOW)
    amplitude = np.abs(np.fft.fft2((grey - grey.mean()) * taper[:, None] * taper)) / WINDOW
    frequency = np.fft.fftfreq(WINDOW) * WINDOW
    ring = np.abs(np.hypot(frequency[:, None], frequency) - RADIUS) < 1.0
    return float(np.log(amplitude[ring] + 1e-9).mean())
