"""Photographs without hands, and false detections of a palm detector in them."""

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
from dahyf_core.datasets.splits import Split, rows_of
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.errors import DatasetError, OutputError
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork
from dahyf_core.shipped import asset

LEAST_SCORE = 0.3
"""Smallest score of a possible palm."""
HAND_PRESENCE = 0.02
"""Probability of a hand, by the landmark network, above which a palm may be a real one."""
CACHE = ".dahyf_palms.json"
"""File in the folder of photographs with the findings for each, by the SHA-256 of its file. Safe to delete."""
NETWORKS = ("palm_detector.onnx", "hand_landmark.onnx")


class HandlessPhotographs:
    """The pictures below a folder in which no hand is found.

    Each picture is one sample. Each false detection of a palm in it is another sample with its box: the hardest cases
    for a confidence.
    """

    def __init__(self, folder: Path, split: Split | None = None, threads: int = 0) -> None:
        """Search every picture, whole and in quarters, whose content the folder's CACHE does not have.

        split: by the picture's path in the folder; None for all. threads: CPU threads, 0 for one per core. Raises
        DatasetError when a picture cannot be read, ModelFileError.
        """
        self._folder = folder
        finder = _PalmFinder(folder / CACHE, threads)
        self._rows: list[tuple[str, Array]] = []
        for file in list_pictures(folder):
            boxes, presence = finder.find(folder / file)
            if presence.max(initial=0.0) < HAND_PRESENCE:
                self._rows += [(file, unknown(4)), *((file, box) for box in boxes)]
        finder.save()
        if split is not None:
            self._rows = [self._rows[row] for row in rows_of(self.sources, split)]

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
    """`possible_hands` of files, cached by their content. The networks are loaded for the first new file."""

    def __init__(self, cache: Path, threads: int) -> None:
        self._cache, self._threads = cache, threads
        self._key = _digest(*map(asset, NETWORKS)) + f" {LEAST_SCORE}"
        self._known = self._load()
        self._found: dict[str, list[list[float]]] = {}
        self._networks: tuple[PalmDetector, LandmarkEstimator] | None = None

    def find(self, path: Path) -> tuple[Array, Array]:
        """Boxes (N, 4) px and presence (N,) of possible hands. Raises DatasetError, ModelFileError."""
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
        """Write the cache, if the folder is writable."""
        if self._found != self._known:
            with suppress(OutputError), replacing(self._cache) as stream:
                stream.write(json.dumps({"made_with": self._key, "found": self._found}).encode())

    def _loaded(self) -> tuple[PalmDetector, LandmarkEstimator]:
        if self._networks is None:
            landmarks = LandmarkEstimator(LandmarkNetwork(self._threads), {})
            self._networks = PalmDetector(LEAST_SCORE, self._threads), landmarks
        return self._networks

    def _load(self) -> dict[str, Any]:
        """Earlier findings of the same networks; empty if the cache is missing or another file."""
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
    """Detected palms in a picture (H, W, 3), or in one of four overlapping parts of it.

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
    """Four overlapping parts, each three fifths of the picture's width and height."""
    rows, columns = ((slice(0, 3 * length // 5), slice(2 * length // 5, length)) for length in (height, width))
    return [(row, column) for row in rows for column in columns]
