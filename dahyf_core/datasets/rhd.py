"""Rendered Handpose Dataset (Zimmermann and Brox 2017), as RHD_published_v2 unpacks: both hands of rendered people."""

from pathlib import Path
from typing import Literal

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.datasets.files import REMEDY, checked_array, intrinsics_of, read_image, read_pickle
from dahyf_core.datasets.sample import Sample
from dahyf_core.errors import DatasetError
from dahyf_core.hand_model import Side

FREIHAND_FROM_RHD = np.array([0, *(base + joint for base in range(1, 21, 4) for joint in (3, 2, 1, 0))])
"""RHD counts each finger from its tip to the palm."""
ROWS: dict[Side, slice] = {"left": slice(0, 21), "right": slice(21, 42)}
LEAST_VISIBLE = 11
"""Keypoints of a hand that must be seen for it to be a sample."""


class Rhd:
    """Hands of a split of which at least half is visible.

    Files: {split}/anno_{split}.pickle, a dictionary from the picture's number to K (3, 3), uv_vis (42, 3: px and
    whether it is seen) and xyz (42, 3) m, camera frame, left hand first; {split}/color/%05d.png.

    Joints are those of the characters' rigs. They are used as the hand model's own bone heads and tips.
    """

    def __init__(self, folder: Path, split: Literal["training", "evaluation"] = "training") -> None:
        """Raises DatasetError."""
        self._folder = folder / split
        path = self._folder / f"anno_{split}.pickle"
        labels = read_pickle(path)
        self._numbers = sorted(labels)
        try:
            columns = [[labels[number][name] for number in self._numbers] for name in ("K", "uv_vis", "xyz")]
        except (KeyError, TypeError) as error:
            raise DatasetError(f"The labels {path} lack {error} of a picture.", REMEDY) from error
        self._cameras = checked_array(path, "K", columns[0], -1, 3, 3)
        self._seen = checked_array(path, "uv_vis", columns[1], -1, 42, 3)
        self._joints = checked_array(path, "xyz", columns[2], -1, 42, 3)
        self._rows: list[tuple[int, Side]] = [
            (row, side)
            for row in range(len(self._numbers))
            for side, hand in ROWS.items()
            if (self._seen[row, hand, 2] == 1).sum() >= LEAST_VISIBLE
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        row, side = self._rows[index]
        image = read_image(self._folder / "color" / f"{self._numbers[row]:05d}.png")
        seen = self._ordered(self._seen[row], side)
        return Sample(
            image=image,
            intrinsics=intrinsics_of(self._cameras[row], image, "RHD"),
            source=self._source(row),
            side=side,
            joints_2d=seen[:, :2],
            visible=seen[:, 2] == 1,
            joints_3d=self._ordered(self._joints[row], side),
            keypoints="own",
        )

    @property
    def sources(self) -> list[str]:
        """The source of each sample. The hands of a picture share one."""
        return [self._source(row) for row, _ in self._rows]

    def _ordered(self, values: Array, side: Side) -> Array:
        return values[ROWS[side]][FREIHAND_FROM_RHD]

    def _source(self, row: int) -> str:
        return f"rhd/{self._folder.name}/{self._numbers[row]}"
