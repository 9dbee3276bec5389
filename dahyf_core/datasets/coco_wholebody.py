"""The hands of COCO-WholeBody (Jin et al. 2020): people in photographs, with image points only."""

from pathlib import Path
from typing import Literal

import numpy as np

from dahyf_core.camera import Lens
from dahyf_core.datasets.files import REMEDY, checked_array, read_image, read_json
from dahyf_core.datasets.sample import Sample
from dahyf_core.errors import DatasetError
from dahyf_core.hand_model import Side

SIDES: tuple[Side, ...] = ("left", "right")


class CocoWholeBody:
    """The hands that are marked as valid.

    Files: annotations/coco_wholebody_{split}_v1.0.json with images (id, file_name) and annotations of people (image_id,
    lefthand_kpts of 21 x (x, y, v), lefthand_valid, the same for righthand); {split}2017/FILE. Keypoints
    are in FreiHAND's order and reliable where v > 0. They were marked by eye on the skin, like MediaPipe's.
    """

    def __init__(self, folder: Path, split: Literal["train", "val"] = "train") -> None:
        """Reading the labels of the training set takes several GB of memory. Raises DatasetError."""
        labels = folder / "annotations" / f"coco_wholebody_{split}_v1.0.json"
        content = read_json(labels)
        self._pictures = folder / f"{split}2017"
        try:
            names = {image["id"]: image["file_name"] for image in content["images"]}
            hands = [
                (names[person["image_id"]], side, person[f"{side}hand_kpts"])
                for person in content["annotations"]
                for side in SIDES
                if person[f"{side}hand_valid"] and not person.get("iscrowd")
            ]
        except (KeyError, TypeError) as error:
            raise DatasetError(f"The labels {labels} lack {error}.", REMEDY) from error
        keypoints = checked_array(labels, "the keypoints", [values for *_, values in hands], -1, 63)
        self._names = [name for name, *_ in hands]
        self._sides = [side for _, side, _ in hands]
        self._keypoints = keypoints.reshape(-1, 21, 3).astype(np.float32)

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Sample:
        image = read_image(self._pictures / self._names[index], turn_upright=False)
        height, width = image.shape[:2]
        keypoints = self._keypoints[index].astype(float)
        visible = keypoints[:, 2] > 0
        return Sample(
            image=image,
            intrinsics=Lens().intrinsics(width, height),
            source=f"coco/{self._names[index]}",
            side=self._sides[index],
            joints_2d=np.where(visible[:, None], keypoints[:, :2], np.nan),
            visible=visible,
            keypoints="mediapipe",
        )

    @property
    def sources(self) -> list[str]:
        """One for each picture."""
        return [f"coco/{name}" for name in self._names]
