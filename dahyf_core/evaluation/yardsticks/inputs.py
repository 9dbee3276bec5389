"""Places of pictures, labels and clips, and the number of pictures used."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Lens
from dahyf_core.datasets import HandDataset, Photographs, Sample
from dahyf_core.errors import SettingsError
from dahyf_core.evaluation.yardsticks.systems import MODELS
from dahyf_core.synthesis import SyntheticHands

NEEDS = {
    "synthetic": ("--synthetic",),
    "photographs": ("--labels",),
    "equivariance": ("--labels",),
    "confidence": ("--synthetic", "--labels"),
}
"""Options that a yardstick needs, by its name."""
VIEWS = ("cam0_test.mp4", "cam1_test.mp4")


@dataclass(frozen=True)
class Inputs:
    """data: folder with real_hands/, clips/ and backgrounds/. limit: largest number of pictures per set, 0 for all."""

    data: Path
    synthetic_folder: Path | None
    label_file: Path | None
    limit: int = 0

    def check(self) -> None:
        """Raise SettingsError if there are no clips."""
        if not (self.data / "clips").is_dir():
            raise SettingsError(f"There are no clips below {self.data}.", "Give the folder that holds clips/.")

    def missing(self, yardstick: str) -> list[str]:
        """The missing options that a yardstick needs."""
        given = {"--synthetic": self.synthetic_folder, "--labels": self.label_file}
        return [option for option in NEEDS.get(yardstick, ()) if given[option] is None]

    @property
    def stereo_folder(self) -> Path:
        return self.data / "clips" / "stereo"

    def synthetic(self) -> SyntheticHands:
        """The validation set that `dahyf synth` wrote."""
        assert self.synthetic_folder is not None
        return SyntheticHands(self.synthetic_folder, MODELS["right"])

    def photographs(self) -> Photographs:
        """Labelled photographs of sources that training never sees."""
        assert self.label_file is not None
        return Photographs(self.label_file, "val")

    def rows(self, total: int, most: int = 0) -> NDArray[np.integer]:
        """Indices of the pictures to use out of `total`, spread evenly: at most `limit` and at most `most`."""
        count = min([total, *(number for number in (self.limit, most) if number)])
        return np.unique(np.linspace(0, total - 1, count).astype(int))

    def lens(self, view: int) -> Lens:
        """The calibrated lens of one of the stereo views."""
        numbers = file_numbers(self.stereo_folder / f"c{view}.dat")
        matrix = np.reshape(numbers[:9], (3, 3))
        pinhole = (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])
        return Lens(pinhole=pinhole, distortion=tuple(numbers[9:14]))

    def clips(self) -> list[tuple[Path, Lens]]:
        """All clips with their lenses. Each clip shows one hand."""
        alone = sorted((self.data / "clips").glob("*.mp4"))
        views = [(self.stereo_folder / name, self.lens(view)) for view, name in enumerate(VIEWS)]
        return [(clip, Lens()) for clip in alone] + views


def samples(dataset: HandDataset, rows: NDArray[np.integer]) -> Iterator[Sample]:
    """Some of a set, one at a time."""
    return (dataset[int(row)] for row in rows)


def file_numbers(path: Path) -> list[float]:
    """All numbers of a text file whose other lines are headings."""
    lines = (line.split() for line in path.read_text().splitlines())
    return [float(word) for line in lines for word in line if word.lstrip("-").replace(".", "", 1).isdigit()]
