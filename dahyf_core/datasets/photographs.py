"""Photographs with the labels of the annotator."""

from pathlib import Path

from dahyf_core.datasets.files import read_image
from dahyf_core.datasets.labels import box_side, load_labels
from dahyf_core.datasets.sample import Sample
from dahyf_core.datasets.splits import Split, rows_of
from dahyf_core.hand_model import Side

STEADY = 0.05
"""Spread of a joint, in sides of the hand's box, up to which it counts as visible. Beyond it the joint is a guess."""


class Photographs:
    """Hands of a folder of photographs, as `dahyf annotate` labelled them.

    The focal length is assumed. joints_3d and shape are those of an average hand: only their proportions have meaning.
    """

    def __init__(self, labels: Path, split: Split | None = None, folder: Path | None = None) -> None:
        """labels: the file. split: by source; None for all. folder: of the pictures, if they were moved.

        Raises DatasetError.
        """
        everything = load_labels(labels)
        self._folder = folder or everything.folder
        self.labels = everything if split is None else everything[rows_of(everything.source.tolist(), split)]

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Sample:
        labels, row = self.labels, range(len(self))[index]
        side: Side = "left" if labels.side[row] == "left" else "right"
        return Sample(
            image=read_image(self._folder / str(labels.picture[row])),
            intrinsics=labels.intrinsics(row),
            source=str(labels.source[row]),
            side=side,
            joints_2d=labels.joints_2d[row],
            visible=labels.spread_2d[row] <= STEADY * box_side(labels.joints_2d[row]),
            joints_3d=labels.joints_3d[row],
            keypoints="mediapipe",
            pose=labels.pose[row],
            shape=labels.shape[row],
        )

    @property
    def sources(self) -> list[str]:
        """The source photograph of each picture."""
        return self.labels.source.tolist()
