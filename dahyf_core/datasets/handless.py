"""Photographs without hands, and what in them a palm detector takes for hands."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import CROP_SCALE, Lens
from dahyf_core.capture import replacing
from dahyf_core.datasets.files import REMEDY, list_pictures, read_image
from dahyf_core.datasets.sample import Sample, unknown
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.errors import DatasetError, OutputError
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork
from dahyf_core.shipped import asset

LEAST_SCORE = 0.3
"""Of a palm that may be one."""
HAND_PRESENCE = 0.02
"""Probability of a hand, by the landmark network, from which on a palm is not surely a mistake of the detector."""
CACHE = ".dahyf_palms.json"
"""In the folder of the photographs: what was found in each, by the SHA-256 of its file. Safe to delete."""
NETWORKS = ("palm_detector.onnx", "hand_landmark.onnx")


class HandlessPhotographs:
    """The pictures below a folder in which no hand is found.

    Each is one sample, and each thing in it that was mistaken for a palm another one, with its box: the hardest that a
    confidence can meet.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Looks at every picture, whole and in quarters, that the folder's CACHE does not know by its content.

        threads: of the CPU, 0 for one a core. Raises DatasetError when a picture cannot be read, ModelFileError.
        """
        self._folder = folder
        finder = _PalmFinder(folder / CACHE, threads)
        self._rows: list[tuple[str, Array]] = []
        for file in list_pictures(folder):
            boxes, presence = finder.find(folder / file)
            if presence.max(initial=0.0) < HAND_PRESENCE:
                self._rows += [(file, unknown(4)), *((file, box) for box in boxes)]
        finder.save()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        file, box = self._rows[index]
        image = read_image(self._folder / file)
        height, width = image.shape[:2]
        return Sample(image, Lens().intrinsics(width, height), file, box=box)

    @property
    def sources(self) -> list[str]:
        """The pictures' paths in the folder."""
        return [file for file, _ in self._rows]


class _PalmFinder:
    """`possible_hands` of files, remembered by their content; the networks are loaded when a file is new."""

    def __init__(self, cache: Path, threads: int) -> None:
        self._cache, self._threads = cache, threads
        self._key = _digest(*map(asset, NETWORKS)) + f" {LEAST_SCORE}"
        self._known = self._load()
        self._found: dict[str, list[list[float]]] = {}
        self._networks: tuple[PalmDetector, LandmarkEstimator] | None = None

    def find(self, path: Path) -> tuple[Array, Array]:
        """Boxes (N, 4) px and presence (N,) of what may be hands. Raises DatasetError, ModelFileError."""
        try:
            digest = _digest(path)
        except OSError as error:
            raise DatasetError(f"The picture {path} cannot be read: {error.strerror}.", REMEDY) from error
        rows = self._known.get(digest)
        if rows is None:
            boxes, presence = possible_hands(*self._loaded(), read_image(path))
            rows = np.column_stack([boxes, presence]).tolist()
        self._found[digest] = rows
        table = np.array(rows, dtype=float).reshape(-1, 5)
        return table[:, :4], table[:, 4]

    def save(self) -> None:
        """Remember what was found, where the folder lets us."""
        if self._found != self._known:
            with suppress(OutputError), replacing(self._cache) as stream:
                stream.write(json.dumps({"made_with": self._key, "found": self._found}).encode())

    def _loaded(self) -> tuple[PalmDetector, LandmarkEstimator]:
        if self._networks is None:
            landmarks = LandmarkEstimator(LandmarkNetwork(self._threads), {})
            self._networks = PalmDetector(LEAST_SCORE, self._threads), landmarks
        return self._networks

    def _load(self) -> dict[str, Any]:
        """What was found with the same networks before; nothing where there is no such file, or another."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(self._cache.read_bytes())
            if content["made_with"] == self._key:
                return {
                    digest: np.array(rows, dtype=float).reshape(-1, 5).tolist()
                    for digest, rows in content["found"].items()
                }
        return {}


def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()


def possible_hands(detector: PalmDetector, estimator: LandmarkEstimator, image: Image) -> tuple[Array, Array]:
    """What the detector takes for palms in a picture (H, W, 3), or in one of four overlapping parts of it.

    Returns boxes (N, 4), left, top, right, bottom, px, of the hands to those palms, and (N,) the landmark network's
    probability of a hand there.
    """
    height, width = image.shape[:2]
    boxes: list[Array] = [np.zeros((0, 4))]
    presence: list[Array] = [np.zeros(0)]
    for rows, columns in [(slice(0, height), slice(0, width)), *_quarters(height, width)]:
        part = np.ascontiguousarray(image[rows, columns])
        crops = crops_from_palms(detector.detect(part), Lens().intrinsics(part.shape[1], part.shape[0]))
        center, side = crops.center + np.array([columns.start, rows.start]), crops.side[:, None] / CROP_SCALE
        boxes.append(np.concatenate([center - side / 2, center + side / 2], axis=1))
        presence.append(estimator.observe(part, crops).presence)
    return np.concatenate(boxes), np.concatenate(presence)


def _quarters(height: int, width: int) -> list[tuple[slice, slice]]:
    """Overlapping quarters, three fifths of the picture long and wide."""
    rows, columns = ((slice(0, 3 * length // 5), slice(2 * length // 5, length)) for length in (height, width))
    return [(row, column) for row in rows for column in columns]
