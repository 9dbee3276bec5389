"""The truth of a drawn clip."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.errors import DatasetError
from dahyf_core.shared.plain_arrays import read_plain_arrays

SUFFIX = ".truth.npz"


@dataclass(frozen=True, eq=False)
class ClipTruth:
    """H hands over T frames.

    side: (H,) "left" | "right". joints_2d: (H, T, 21, 2) px, MediaPipe's keypoints in FreiHAND's order, NaN where the
    hand is not in the scene. shown: (H, T, 21), joints inside the picture of which the skin around them is seen.
    """

    side: NDArray[np.str_]
    joints_2d: Array
    shown: NDArray[np.bool_]

    @staticmethod
    def path_of(clip: Path) -> Path:
        """Where the truth of a clip lies: beside it."""
        return clip.with_name(clip.name + SUFFIX)

    def save(self, clip: Path) -> None:
        """Write it beside the clip."""
        np.savez_compressed(
            self.path_of(clip), side=self.side, joints_2d=self.joints_2d.astype(np.float32), shown=self.shown
        )

    @classmethod
    def load(cls, clip: Path) -> Self:
        """Read what lies beside the clip. Raises DatasetError."""
        path = cls.path_of(clip)
        try:
            file = read_plain_arrays(path)
            truth = cls(file["side"], file["joints_2d"].astype(float), file["shown"])
            if truth.joints_2d.shape != (len(truth.side), truth.shown.shape[1], 21, 2):
                raise ValueError(f"its joints have the shape {truth.joints_2d.shape}")
        except (OSError, ValueError, KeyError, IndexError) as error:
            raise DatasetError(f"{path} is not the truth of a drawn clip: {error}.", "Draw the clip again.") from error
        return truth
