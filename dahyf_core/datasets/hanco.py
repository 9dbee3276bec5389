"""HanCo (Zimmermann et al. 2021): clips of hands by eight synchronised cameras; all archives in one folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.datasets.files import REMEDY, checked_array, intrinsics_of, read_image, read_json, read_json_array
from dahyf_core.datasets.sample import Sample, unknown
from dahyf_core.datasets.splits import Split, rows_of
from dahyf_core.errors import DatasetError
from dahyf_core.hand_model import HandModel

Pictures = Literal["rgb", "rgb_merged", "rgb_homo", "rgb_color_auto", "rgb_color_sample"]
"""Pictures as filmed, or with another background, which only the training set has."""

CAMERAS = 8
MASK_THRESHOLD = 128
"""Threshold of the masks, which are JPEG and so neither quite black nor quite white."""


class HanCo:
    """Pictures of right hands, and pictures without.

    Files: meta.json, lists is_train, has_fit, is_valid (a checked fit), ... of frames for each sequence;
    {pictures}/SSSS/camC/FFFFFFFF.jpg and mask_hand likewise; for all cameras calib/SSSS/FFFFFFFF.json with K (8, 3, 3)
    and M (8, 4, 4, world to camera) and xyz/SSSS/FFFFFFFF.json (21, 3) m, world; shape/SSSS/camC/FFFFFFFF.json (61:
    pose 48 in the camera frame relative to the mean pose, shape 10, image of the root 2, scale 1).

    Overlaps with FreiHAND, but the training frames of each do not overlap with the test frames of the other.
    """

    def __init__(
        self,
        folder: Path,
        rows: NDArray[np.integer],
        pictures: Pictures = "rgb",
        mano: HandModel | None = None,
    ) -> None:
        """rows: (N, 3) sequence, frame and camera of each sample; `with_hands` and `without_hands` choose them.

        mano: the right MANO hand, if its pose and shape are needed; without it they are unknown. Raises DatasetError.
        """
        self._folder = folder
        self._rows = rows
        self._pictures = pictures
        self._mano = mano
        self._has_fit = _read_meta(folder)["has_fit"]

    @classmethod
    def with_hands(
        cls,
        folder: Path,
        split: Literal["train", "test"] = "train",
        pictures: Pictures = "rgb",
        mano: HandModel | None = None,
        only_valid: bool = False,
    ) -> "HanCo":
        """All frames of a split that have labels. only_valid: only frames that were checked. A frame whose hand lies
        outside a camera's picture counts as a frame without a hand. Raises DatasetError.
        """
        meta = _read_meta(folder)
        flag = meta["is_valid" if only_valid else "has_fit"]
        return cls(folder, _rows_where(meta, split, flag, True), pictures, mano)

    @classmethod
    def without_hands(cls, folder: Path, split: Split | None = None, pictures: Pictures = "rgb") -> "HanCo":
        """The training frames that have no labels and an empty hand mask; looks at the masks. Raises DatasetError.

        split: by sequence, because the official test frames have no masks; None for all.
        """
        meta = _read_meta(folder)
        rows = _rows_where(meta, "train", meta["has_fit"], False)
        if split is not None:
            rows = rows[rows_of([_source(int(sequence)) for sequence in rows[:, 0]], split)]
        empty = [not hand_mask(folder, *row).any() for row in rows]
        return cls(folder, rows[np.array(empty, dtype=bool)], pictures)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        sequence, frame, camera = (int(number) for number in self._rows[index])
        image = read_image(self._folder / self._pictures / f"{sequence:04d}" / f"cam{camera}" / f"{frame:08d}.jpg")
        path = self._folder / "calib" / f"{sequence:04d}" / f"{frame:08d}.json"
        calibration = read_json(path)
        matrix = checked_array(path, "K", _value(path, calibration, "K"), CAMERAS, 3, 3)[camera]
        intrinsics = intrinsics_of(matrix, image, "HanCo")
        source = _source(sequence)
        if not self._has_fit[sequence][frame]:
            return Sample(image, intrinsics, source)
        camera_from_world = checked_array(path, "M", _value(path, calibration, "M"), CAMERAS, 4, 4)[camera]
        joints_3d = self._world_joints(sequence, frame) @ camera_from_world[:3, :3].T + camera_from_world[:3, 3]
        joints_2d = intrinsics.project(joints_3d)
        visible = (joints_3d[:, 2] > 0) & _inside(joints_2d, image)
        if not visible.any():
            return Sample(image, intrinsics, source)
        pose, shape = self._parameters(sequence, frame, camera)
        return Sample(
            image=image,
            intrinsics=intrinsics,
            source=source,
            side="right",
            joints_2d=joints_2d,
            visible=visible,
            joints_3d=joints_3d,
            keypoints="freihand",
            pose=pose,
            shape=shape,
        )

    @property
    def sources(self) -> list[str]:
        """The source of each sample. All frames of a sequence share one."""
        return [_source(int(sequence)) for sequence in self._rows[:, 0]]

    def hand_mask(self, index: int) -> NDArray[np.bool_]:
        """(H, W) where the hand is in a training picture. Raises DatasetError."""
        return hand_mask(self._folder, *self._rows[index])

    def _world_joints(self, sequence: int, frame: int) -> Array:
        path = self._folder / "xyz" / f"{sequence:04d}" / f"{frame:08d}.json"
        return read_json_array(path, 21, 3).astype(float)

    def _parameters(self, sequence: int, frame: int, camera: int) -> tuple[Array, Array]:
        """Pose (16, 3) from the flat hand, and shape (10,)."""
        if self._mano is None:
            return unknown(16, 3), unknown(10)
        path = self._folder / "shape" / f"{sequence:04d}" / f"cam{camera}" / f"{frame:08d}.json"
        parameters = read_json_array(path, 61).astype(float)
        pose = parameters[:48].reshape(16, 3)
        pose[1:] += self._mano.mean_pose.reshape(15, 3)
        return pose, parameters[48:58]


def hand_mask(folder: Path, sequence: int, frame: int, camera: int) -> NDArray[np.bool_]:
    """(H, W) where the hand is in a training picture. Raises DatasetError."""
    path = folder / "mask_hand" / f"{sequence:04d}" / f"cam{camera}" / f"{frame:08d}.jpg"
    return read_image(path)[..., 0] >= MASK_THRESHOLD


def _read_meta(folder: Path) -> dict[str, list[list[bool]]]:
    path = folder / "meta.json"
    meta = read_json(path)
    names = ("is_train", "has_fit", "is_valid")
    try:
        lengths = [[len(frames) for frames in _value(path, meta, name)] for name in names]
    except TypeError as error:
        raise DatasetError(f"The labels {path} are damaged: they are not lists of sequences.", REMEDY) from error
    if lengths[1] != lengths[0] or lengths[2] != lengths[0]:
        raise DatasetError(f"The labels {path} are damaged: {', '.join(names)} differ in length.", REMEDY)
    return meta


def _rows_where(
    meta: dict[str, list[list[bool]]], split: str, flags: list[list[bool]], wanted: bool
) -> NDArray[np.integer]:
    """(N, 3) sequence, frame and camera of the frames of a split whose flag is as wanted."""

    def chosen() -> Iterator[tuple[int, int, int]]:
        for sequence, (trains, flagged) in enumerate(zip(meta["is_train"], flags, strict=True)):
            for frame, (train, flag) in enumerate(zip(trains, flagged, strict=True)):
                if bool(train) == (split == "train") and bool(flag) == wanted:
                    yield from ((sequence, frame, camera) for camera in range(CAMERAS))

    return np.array(list(chosen()), dtype=np.int32).reshape(-1, 3)


def _value(path: Path, content: Any, name: str) -> Any:
    if not isinstance(content, dict) or name not in content:
        raise DatasetError(f"The labels {path} lack {name}.", REMEDY)
    return content[name]


def _inside(points: Array, image: Image) -> NDArray[np.bool_]:
    height, width = image.shape[:2]
    return np.all((points >= 0) & (points <= (width - 1, height - 1)), axis=1)


def _source(sequence: int) -> str:
    return f"hanco/{sequence:04d}"
