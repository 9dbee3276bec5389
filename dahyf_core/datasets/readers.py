"""All data sets by name, for configurations."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from dahyf_core.datasets.coco_wholebody import CocoWholeBody
from dahyf_core.datasets.freihand import FreiHand
from dahyf_core.datasets.hanco import HanCo
from dahyf_core.datasets.handless import HandlessPhotographs
from dahyf_core.datasets.ho3d import Ho3d
from dahyf_core.datasets.photographs import Photographs
from dahyf_core.datasets.rhd import Rhd
from dahyf_core.datasets.sample import HandDataset
from dahyf_core.datasets.splits import Split

Reader = Callable[[Path, Split], HandDataset]


def official(split: Split) -> Literal["training", "evaluation"]:
    """FreiHAND's and RHD's name of a split. Both val and test are their evaluation set."""
    return "training" if split == "train" else "evaluation"


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "backgrounds": lambda path, split: HandlessPhotographs(path),
        "coco-wholebody": lambda path, split: CocoWholeBody(path, "train" if split == "train" else "val"),
        "freihand": lambda path, split: FreiHand(path, official(split)),
        "hanco": lambda path, split: HanCo.with_hands(path, "train" if split == "train" else "test"),
        "hanco-without-hands": lambda path, split: HanCo.without_hands(path),
        "ho3d": lambda path, split: Ho3d(path, "train" if split == "train" else "evaluation"),
        "photographs": Photographs,
        "rhd": lambda path, split: Rhd(path, official(split)),
    }
)
"""Readers by name: from a folder, or the label file of photographs, to a data set. They do not use MANO, so MANO's
pose and shape are unknown."""
