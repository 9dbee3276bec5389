"""Noise that repeats without a seam, for skin and cloth."""

import numpy as np
from numpy.typing import NDArray

ROUGHNESS = 1.6
"""Amplitudes fall with this power of the frequency."""


def fractal_noise(size: int) -> NDArray[np.uint8]:
    """(size, size, size, 4): slopes along x, y and z, and the value; 128 is zero. The last spatial axis is x."""
    rng = np.random.default_rng(0)
    frequency = np.fft.fftfreq(size) * size
    z, y, x = np.meshgrid(frequency, frequency, frequency, indexing="ij")
    distance = np.sqrt(x * x + y * y + z * z)
    amplitude = np.where(distance >= 2, np.maximum(distance, 1.0) ** -(ROUGHNESS + 1.0), 0.0)
    spectrum = np.fft.fftn(rng.standard_normal((size,) * 3)) * amplitude
    value = np.fft.ifftn(spectrum).real
    slopes = [np.fft.ifftn(1j * axis * spectrum).real for axis in (x, y, z)]
    fields = np.stack([*slopes, value], axis=-1)
    scaled = fields / (3 * fields.std(axis=(0, 1, 2)))
    return np.clip(np.rint(128 + 127 * scaled), 0, 255).astype(np.uint8)
