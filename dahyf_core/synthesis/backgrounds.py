"""Photographs as backgrounds, and as prints on objects."""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.datasets import Split, rows_of
from dahyf_core.datasets.files import list_pictures
from dahyf_core.errors import DatasetError

LEAST_SIDE, LEAST_SHARE = 128, 0.45
"""Pixels, and share of the shorter side; nothing smaller is cut out and enlarged."""


class Pictures(Protocol):
    """A source of squares of pictures."""

    def cut(self, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
        """A random square (size, size, 3) RGB."""
        ...


class Backgrounds:
    """A folder of photographs, kept in memory as files and decoded when they are asked for."""

    def __init__(self, folder: Path, split: Split | None = None) -> None:
        """split: by the path in the folder, without its suffix; None for all.

        Raises DatasetError when there are no photographs.
        """
        names = list_pictures(folder)
        if split is not None:
            names = [names[row] for row in rows_of([str(Path(name).with_suffix("")) for name in names], split)]
        if not names:
            raise DatasetError(f"{folder} holds no photographs of the split {split}.", "Add photographs to it.")
        self._paths = [folder / name for name in names]
        self._files = [np.frombuffer(path.read_bytes(), np.uint8) for path in self._paths]

    def cut(self, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
        """A random square (size, size, 3) RGB of a random photograph, at any scale, half of them mirrored.

        Raises DatasetError when the photograph cannot be decoded.
        """
        chosen = rng.integers(len(self._files))
        photograph = cv2.imdecode(self._files[chosen], cv2.IMREAD_COLOR_RGB)
        if photograph is None:
            raise DatasetError(f"{self._paths[chosen]} is not a picture, or it is damaged.", "Remove it.")
        height, width = photograph.shape[:2]
        greatest = min(height, width)
        least = min(max(LEAST_SIDE, LEAST_SHARE * greatest), greatest)
        side = round(float(np.exp(rng.uniform(np.log(least), np.log(greatest)))))
        x, y = rng.integers(width - side + 1), rng.integers(height - side + 1)
        square = photograph[y : y + side, x : x + side]
        if rng.random() < 0.5:
            square = square[:, ::-1]
        method = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(square, (size, size), interpolation=method), np.uint8)
