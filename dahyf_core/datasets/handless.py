"""Photographs without hands, and what in them a palm detector takes for hands."""

from pathlib import Path

import numpy as np

from dahyf_core.camera import BOX_SCALE, Lens
from dahyf_core.datasets.files import list_pictures, read_image
from dahyf_core.datasets.sample import Array, Image, Sample, unknown
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.pose import LandmarkEstimator, LandmarkNetwork

LEAST_SCORE = 0.3
"""Of a palm that may be one."""
HAND_PRESENCE = 0.02
"""Probability of a hand, by the landmark network, from which on a palm is not surely a mistake of the detector."""


class HandlessPhotographs:
    """The pictures below a folder in which no hand is found.

    Each is one sample, and each thing in it that was mistaken for a palm another one, with its box: the hardest that a
    confidence can meet.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Looks at every picture, whole and in quarters. threads: of the CPU, 0 for one a core.

        Raises DatasetError when a picture cannot be read, ModelFileError.
        """
        self._folder = folder
        detector = PalmDetector(LEAST_SCORE, threads)
        estimator = LandmarkEstimator(LandmarkNetwork(threads), {})
        self._rows: list[tuple[str, Array]] = []
        for file in list_pictures(folder):
            boxes, presence = possible_hands(detector, estimator, read_image(folder / file))
            if presence.max(initial=0.0) < HAND_PRESENCE:
                self._rows += [(file, unknown(4)), *((file, box) for box in boxes)]

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
        center, side = crops.center + np.array([columns.start, rows.start]), crops.side[:, None] / BOX_SCALE
        boxes.append(np.concatenate([center - side / 2, center + side / 2], axis=1))
        presence.append(estimator.observe(part, crops).presence)
    return np.concatenate(boxes), np.concatenate(presence)


def _quarters(height: int, width: int) -> list[tuple[slice, slice]]:
    """Overlapping quarters, three fifths of the picture long and wide."""
    rows, columns = ((slice(0, 3 * length // 5), slice(2 * length // 5, length)) for length in (height, width))
    return [(row, column) for row in rows for column in columns]
