"""Where hands roughly are: from labels that a folder has, or from the palm detector."""

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import Intrinsics
from dahyf_core.datasets.boxes import upright_crops
from dahyf_core.datasets.example import Array, Image
from dahyf_core.datasets.files import REMEDY, list_pictures, read_json
from dahyf_core.detection import PalmDetector, crops_from_palms
from dahyf_core.errors import DatasetError
from dahyf_core.pose import LandmarkEstimator
from dahyf_core.tracking import show_same_hand

INDEX, LABELS = "index.json", "mediapipe_labels.npz"
LEAST_PRESENCE = 0.5


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

    def __len__(self) -> int:
        return len(self.left)


def list_photographs(folder: Path) -> list[Photograph]:
    """Those of the folder's index.json, rows of file, set and source; without it, all pictures below the folder.

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
        with np.load(path, allow_pickle=False) as file:
            index, joints = file["image_index"], file["keypoints_2d"].astype(float)
            side, score = file["side"], file["handedness_score"].astype(float)
        shapes_fit = joints.shape == (*index.shape, 21, 2) and side.shape == score.shape == index.shape
        if not shapes_fit or not ((index >= 0) & (index < count)).all() or not np.isin(side, ("left", "right")).all():
            raise ValueError("its arrays do not fit together, or not to the pictures")
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise DatasetError(f"The labels {path} are damaged: {error}.", REMEDY) from error
    rows = [np.flatnonzero(index == picture) for picture in range(count)]
    return [Seeds(joints[row], side[row] == "left", score[row]) for row in rows]


class SeedFinder:
    """Finds hands that nobody has labelled."""

    def __init__(self, detector: PalmDetector, estimator: LandmarkEstimator) -> None:
        self._detector = detector
        self._estimator = estimator

    def find(self, image: Image, intrinsics: Intrinsics) -> Seeds:
        """The hands in a picture (H, W, 3)."""
        crops = crops_from_palms(self._detector.detect(image), intrinsics)
        first = self._estimator.see(image, crops)
        seen = self._estimator.see(image, upright_crops(first.joints_2d, first.right_score < 0.5, intrinsics))
        seen = seen[(seen.presence >= LEAST_PRESENCE) & ~find_twins(seen.joints_2d, seen.presence)]
        return Seeds(seen.joints_2d, seen.right_score < 0.5, np.maximum(seen.right_score, 1.0 - seen.right_score))


def find_twins(joints_2d: Array, presence: Array) -> NDArray[np.bool_]:
    """(N,) those of hands (N, 21, 2) of a picture that lie on another one of more presence (N,)."""
    order = np.argsort(-presence, kind="stable")
    same = np.tril(show_same_hand(joints_2d[order], joints_2d[order]), k=-1)
    twins = np.zeros(len(order), dtype=bool)
    twins[order] = same.any(axis=1)
    return twins
