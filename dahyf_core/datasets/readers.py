"""All data sets by name, for configurations."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal, Protocol

from dahyf_core.datasets.coco_wholebody import CocoWholeBody
from dahyf_core.datasets.freihand import FreiHand
from dahyf_core.datasets.hanco import HanCo
from dahyf_core.datasets.handless import HandlessPhotographs
from dahyf_core.datasets.ho3d import Ho3d
from dahyf_core.datasets.photographs import Photographs
from dahyf_core.datasets.rhd import Rhd
from dahyf_core.datasets.sample import HandDataset
from dahyf_core.datasets.splits import Split
from dahyf_core.hand_model import HandModel


class Reader(Protocol):
    """Opens a data set: from a folder, or the label file of photographs."""

    def __call__(self, path: Path, split: Split, mano: HandModel | None = None) -> HandDataset:
        """mano: the right hand of the user's MANO. Sets that are labelled with MANO then have pose and shape."""
        ...


def official(split: Split) -> Literal["training", "evaluation"]:
    """FreiHAND's and RHD's name of a split. Both val and test are their evaluation set."""
    return "training" if split == "train" else "evaluation"


READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "backgrounds": lambda path, split, mano=None: HandlessPhotographs(path, split),
        "coco-wholebody": lambda path, split, mano=None: CocoWholeBody(path, "train" if split == "train" else "val"),
        "freihand": lambda path, split, mano=None: FreiHand(path, official(split), mano=mano),
        "hanco": lambda path, split, mano=None: HanCo.with_hands(
            path, "train" if split == "train" else "test", mano=mano
        ),
        "hanco-without-hands": lambda path, split, mano=None: HanCo.without_hands(path, split),
        "ho3d": lambda path, split, mano=None: Ho3d(path, "train" if split == "train" else "evaluation", mano),
        "photographs": lambda path, split, mano=None: Photographs(path, split),
        "rhd": lambda path, split, mano=None: Rhd(path, official(split)),
    }
)
"""Readers by name."""
OPEN_HAND_READERS = ("photographs", "synthetic")
"""Readers whose pose and shape are those of the open hand. All others' are MANO's, where they have any."""
