"""HO-3D (Hampali et al. 2020), versions 2 and 3, as they unpack: hands that hold objects."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets.files import (
    REMEDY,
    checked_array,
    checked_length,
    intrinsics_of,
    read_image,
    read_json_array,
    read_names,
    read_pickle,
)
from dahyf_core.datasets.sample import Sample, unknown
from dahyf_core.errors import DatasetError
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel

FREIHAND_FROM_HO3D = np.array([0, 13, 14, 15, 16, 1, 2, 3, 17, 4, 5, 6, 18, 10, 11, 12, 19, 7, 8, 9, 20])
"""HO-3D's order: the 16 joints of MANO, then the tips of thumb, index, middle, ring and pinky."""
OPENCV_FROM_OPENGL = np.diag((1.0, -1.0, -1.0))


class Ho3d:
    """Right hands of a split, in the order of {split}.txt, whose lines are SEQUENCE/NUMBER.

    Files: {split}/SEQUENCE/rgb/NUMBER.png (version 2) or .jpg (version 3), {split}/SEQUENCE/meta/NUMBER.pkl with camMat
    (3, 3), handJoints3D (21, 3) m, handPose (48) from the flat hand, handBeta (10). Cameras are OpenGL's: y up, looking
    along -z. The evaluation set has handJoints3D of the wrist alone (3) and handBoundingBox (left, top, right, bottom);
    where evaluation_xyz.json (N, 21, 3), published later, lies beside the list, its joints are taken.

    The tips are other vertices than FreiHAND's, a few mm away.
    """

    def __init__(
        self, folder: Path, split: Literal["train", "evaluation"] = "train", mano: HandModel | None = None
    ) -> None:
        """mano: the right MANO hand, if its pose and shape are needed; without it they are unknown.

        Raises DatasetError.
        """
        self._folder = folder / split
        self._with_parameters = mano is not None
        listing = folder / f"{split}.txt"
        self._names = [_split_name(listing, name) for name in read_names(listing)]
        self._published_joints: NDArray[np.float32] | None = None
        published = folder / "evaluation_xyz.json"
        if split == "evaluation" and published.is_file():
            joints = read_json_array(published, -1, 21, 3)
            self._published_joints = checked_length(published, joints, len(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Sample:
        sequence, number = self._names[index]
        image = read_image(self._picture(sequence, number))
        path = self._folder / sequence / "meta" / f"{number}.pkl"
        meta = read_pickle(path)
        intrinsics = intrinsics_of(_number_array(path, meta, "camMat", 3, 3), image, "HO-3D")
        joints_3d = self._joints(index, path, meta)
        known = np.all(np.isfinite(joints_3d), axis=1)
        pose, shape = self._parameters(path, meta)
        return Sample(
            image=image,
            intrinsics=intrinsics,
            source=_source(sequence),
            side="right",
            joints_2d=intrinsics.project(joints_3d),
            visible=known,
            joints_3d=joints_3d,
            keypoints="freihand",
            pose=pose,
            shape=shape,
            box=_number_array(path, meta, "handBoundingBox", 4) if "handBoundingBox" in meta else unknown(4),
        )

    @property
    def sources(self) -> list[str]:
        """The source of each sample. All recordings of one person with one object share one, in all cameras."""
        return [_source(sequence) for sequence, _ in self._names]

    def _picture(self, sequence: str, number: str) -> Path:
        first, second = (self._folder / sequence / "rgb" / f"{number}{suffix}" for suffix in (".png", ".jpg"))
        return second if second.exists() else first

    def _joints(self, index: int, path: Path, meta: dict[str, Any]) -> Array:
        """(21, 3) m, OpenCV camera, FreiHAND order; only the wrist where no more is published."""
        if self._published_joints is not None:
            joints = self._published_joints[index].astype(float)
        elif self._folder.name == "evaluation":
            joints = unknown(21, 3)
            joints[0] = _number_array(path, meta, "handJoints3D", 3)
        else:
            joints = _number_array(path, meta, "handJoints3D", 21, 3)
        return (joints @ OPENCV_FROM_OPENGL)[FREIHAND_FROM_HO3D]

    def _parameters(self, path: Path, meta: dict[str, Any]) -> tuple[Array, Array]:
        """Pose (16, 3) and shape (10,)."""
        if not self._with_parameters or "handPose" not in meta:
            return unknown(16, 3), unknown(10)
        pose = _number_array(path, meta, "handPose", 48).reshape(16, 3)
        pose[0] = axis_angle_from_matrix(OPENCV_FROM_OPENGL @ matrix_from_axis_angle(pose[0]))
        return pose, _number_array(path, meta, "handBeta", 10)


def _number_array(path: Path, meta: dict[str, Any], name: str, *shape: int) -> Array:
    if meta.get(name) is None:
        raise DatasetError(f"The labels {path} lack {name}.", REMEDY)
    return checked_array(path, name, meta[name], *shape)


def _split_name(path: Path, name: str) -> tuple[str, str]:
    sequence, slash, number = name.partition("/")
    if not slash:
        raise DatasetError(f"The list {path} has the entry {name!r}, which is not SEQUENCE/NUMBER.", REMEDY)
    return sequence, number


def _source(sequence: str) -> str:
    """The last digit of a sequence's name is the camera, or the take."""
    return f"ho3d/{sequence.rstrip('0123456789')}"
