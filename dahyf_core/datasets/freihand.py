"""FreiHAND (Zimmermann et al. 2019), as FreiHAND_pub_v2 and FreiHAND_pub_v2_eval unpack."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets.files import checked_length, intrinsics_of, read_image, read_json_array
from dahyf_core.datasets.sample import Sample, unknown
from dahyf_core.hand_model import HandModel

Version = Literal["gs", "hom", "sample", "auto"]
VERSIONS: tuple[Version, ...] = ("gs", "hom", "sample", "auto")
"""Background versions of each training picture, in the order of the files: green screen, homogenised, coloured with
sample points, coloured automatically."""


class FreiHand:
    """32,560 right hands before up to four backgrounds each, or the 3,960 of the evaluation set.

    Files: {split}_K.json (N, 3, 3), {split}_xyz.json (N, 21, 3) m, {split}_mano.json (N, 1, 61: pose 48 relative to the
    mean pose, shape 10, image of the root 2, scale 1), {split}_verts.json (N, 778, 3) m, and the pictures
    {split}/rgb/%08d.jpg, those of background version v from number v * N on.
    """

    def __init__(
        self,
        folder: Path,
        split: Literal["training", "evaluation"] = "training",
        versions: Sequence[Version] = VERSIONS,
        mano: HandModel | None = None,
    ) -> None:
        """versions: without effect on the evaluation set, which has one. mano: the right MANO hand, if its pose and
        shape are needed; without it they are unknown. Raises DatasetError.
        """
        self._pictures = folder / split / "rgb"
        self._vertex_file = folder / f"{split}_verts.json"
        self._mano = mano
        self._cameras = read_json_array(folder / f"{split}_K.json", -1, 3, 3)
        self._joints = read_json_array(folder / f"{split}_xyz.json", -1, 21, 3)
        checked_length(folder / f"{split}_xyz.json", self._joints, len(self._cameras))
        self._parameters = unknown(len(self._cameras), 61)
        if mano is not None:
            self._parameters = read_json_array(folder / f"{split}_mano.json", -1, 1, 61)[:, 0]
            checked_length(folder / f"{split}_mano.json", self._parameters, len(self._cameras))
        chosen = versions if split == "training" else VERSIONS[:1]
        self._versions = [VERSIONS.index(version) for version in chosen]

    def __len__(self) -> int:
        return len(self._versions) * len(self._cameras)

    def __getitem__(self, index: int) -> Sample:
        """All hands with the first background come first, then all with the second."""
        place, hand = divmod(range(len(self))[index], len(self._cameras))
        number = self._versions[place] * len(self._cameras) + hand
        image = read_image(self._pictures / f"{number:08d}.jpg")
        intrinsics = intrinsics_of(self._cameras[hand], image, "FreiHAND")
        joints_3d = self._joints[hand].astype(float)
        return Sample(
            image=image,
            intrinsics=intrinsics,
            source=self._source(hand),
            side="right",
            joints_2d=intrinsics.project(joints_3d),
            visible=np.ones(21, dtype=bool),
            joints_3d=joints_3d,
            keypoints="freihand",
            pose=self._full_pose(hand),
            shape=self._parameters[hand, 48:58].astype(float),
        )

    @property
    def sources(self) -> list[str]:
        """The source of each sample. All backgrounds of a hand share one."""
        return [self._source(hand) for _ in self._versions for hand in range(len(self._cameras))]

    @cached_property
    def vertices(self) -> NDArray[np.float32]:
        """(N, 778, 3) m, camera frame, of MANO's mesh for each of the N hands; read when first asked for.

        The training set's file is large: reading takes a minute and several GB of memory. Raises DatasetError.
        """
        return checked_length(self._vertex_file, read_json_array(self._vertex_file, -1, 778, 3), len(self._cameras))

    def _source(self, hand: int) -> str:
        return f"freihand/{hand}"

    def _full_pose(self, hand: int) -> Array:
        """(16, 3) from the flat hand; the file's finger rotations count from the mean pose."""
        pose = self._parameters[hand, :48].astype(float).reshape(16, 3)
        if self._mano is not None:
            pose[1:] += self._mano.mean_pose.reshape(15, 3)
        return pose
