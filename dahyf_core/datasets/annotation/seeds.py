"""Lists the photographs of a folder, and rough positions of hands in them if the folder has labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets.files import REMEDY, list_pictures, read_json
from dahyf_core.errors import DatasetError
from dahyf_core.pose import HandObservations
from dahyf_core.shared.plain_arrays import read_plain_arrays

INDEX, LABELS = "index.json", "mediapipe_labels.npz"


@dataclass(frozen=True)
class Photograph:
    """A picture of a folder. file: relative to it. source: shared by pictures that came from one."""

    file: str
    source: str


@dataclass(frozen=True, eq=False)
class Seeds:
    """N hands in one picture. joints_2d: (N, 21, 2) px. left: (N,) bool. score: (N,) probability of that side."""

    joints_2d: Array
    left: NDArray[np.bool_]
    score: Array

    @classmethod
    def of(cls, seen: HandObservations) -> Self:
        """Seeds from observations, with the more probable side of each."""
        return cls(seen.joints_2d, seen.right_score < 0.5, np.maximum(seen.right_score, 1.0 - seen.right_score))

    def __len__(self) -> int:
        return len(self.left)


def list_photographs(folder: Path) -> list[Photograph]:
    """Photographs in the folder's index.json, rows of file, set and source. Without it, all pictures below the folder.

    Raises DatasetError when there are none, or the index is of another layout.
    """
    if (folder / INDEX).is_file():
        try:
            return [Photograph(row["file"], f"{row['set']}/{row['source']}") for row in read_json(folder / INDEX)]
        except (KeyError, TypeError) as error:
            reason = f"{folder / INDEX} is not a list of rows with file, set and source."
            raise DatasetError(reason, "Write such rows, or remove the file to take all pictures.") from error
    return [Photograph(file, file) for file in list_pictures(folder)]


def read_seeds(folder: Path, count: int) -> list[Seeds] | None:
    """The hands of the folder's mediapipe_labels.npz in each of its `count` pictures; None where there is no such file.

    The file holds image_index (N,), keypoints_2d (N, 21, 2) px, side (N,) "left" or "right", and handedness_score (N,).
    Raises DatasetError.
    """
    path = folder / LABELS
    if not path.is_file():
        return None
    try:
        file = read_plain_arrays(path)
        index, joints = file["image_index"], file["keypoints_2d"].astype(float)
        side, score = file["side"], file["handedness_score"].astype(float)
        shapes_fit = joints.shape == (*index.shape, 21, 2) and side.shape == score.shape == index.shape
        if not shapes_fit or not ((index >= 0) & (index < count)).all() or not np.isin(side, ("left", "right")).all():
            raise ValueError("its arrays do not fit together, or not to the pictures")
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"The labels {path} are damaged: {error}.", REMEDY) from error
    rows = [np.flatnonzero(index == picture) for picture in range(count)]
    return [Seeds(joints[row], side[row] == "left", score[row]) for row in rows]
