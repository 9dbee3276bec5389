"""Drawings with the spectrum of photographs: amplitude mixing (Yang and Soatto 2020; Xu et al. 2021)."""

from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.camera import PATCH_SIZE
from dahyf_core.datasets.files import list_pictures
from dahyf_core.errors import DatasetError

KEPT = 128
"""Photographs in memory; of a larger folder, some that are spread evenly."""


class AmplitudeMixing:
    """Gives patches part of the Fourier amplitudes of random photographs. Phases, and with them shapes, stay."""

    def __init__(self, folder: Path, greatest: float, share: float = 0.5, size: int = PATCH_SIZE) -> None:
        """greatest: share of the photograph's amplitude, at most, drawn evenly from 0. share: of patches changed.
        size: of patches, px.

        Raises DatasetError for a folder without pictures, or with a damaged one.
        """
        names = list_pictures(folder)
        chosen = np.unique(np.linspace(0, len(names) - 1, min(KEPT, len(names))).astype(int))
        self._amplitudes = [_amplitude(folder / names[row], size) for row in chosen]
        self._greatest, self._share = greatest, share

    def __call__(self, patch: Image, random: np.random.Generator) -> Image:
        """A patch (S, S, 3) of bytes, changed or not."""
        if random.random() >= self._share:
            return patch
        other = self._amplitudes[random.integers(len(self._amplitudes))]
        return mixed_amplitude(patch, other, random.uniform(0.0, self._greatest))


def mixed_amplitude(patch: Image, other: np.ndarray, share: float) -> Image:
    """The patch (S, S, 3) with `share` of the amplitudes of `other` (S, S // 2 + 1, 3) in place of its own."""
    spectrum = np.fft.rfft2(patch.astype(np.float32), axes=(0, 1))
    own = np.abs(spectrum)
    changed = spectrum * ((1 - share) + share * other / np.maximum(own, 1e-3))
    return np.clip(np.fft.irfft2(changed, s=patch.shape[:2], axes=(0, 1)), 0, 255).astype(np.uint8)


def _amplitude(path: Path, size: int) -> np.ndarray:
    """(S, S // 2 + 1, 3) single precision."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise DatasetError(f"{path} is not a picture, or it is damaged.", "Remove it.")
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = cv2.resize(picture[top : top + side, left : left + side], (size, size), interpolation=cv2.INTER_AREA)
    return np.abs(np.fft.rfft2(square.astype(np.float32), axes=(0, 1))).astype(np.float32)
