"""Every data set by a name, for configurations."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from dahyf_core.datasets.coco_wholebody import CocoWholeBody
from dahyf_core.datasets.example import HandDataset
from dahyf_core.datasets.freihand import FreiHand
from dahyf_core.datasets.hanco import HanCo
from dahyf_core.datasets.handless import HandlessPhotographs
from dahyf_core.datasets.ho3d import Ho3d
from dahyf_core.datasets.photographs import Photographs
from dahyf_core.datasets.rhd import Rhd

READERS: Mapping[str, Callable[[Path], HandDataset]] = MappingProxyType(
    {
        "coco-wholebody": CocoWholeBody,
        "coco-wholebody-val": partial(CocoWholeBody, split="val"),
        "freihand": FreiHand,
        "freihand-evaluation": partial(FreiHand, split="evaluation"),
        "hanco": HanCo.with_hands,
        "hanco-test": partial(HanCo.with_hands, split="test"),
        "hanco-without-hands": HanCo.without_hands,
        "ho3d": Ho3d,
        "ho3d-evaluation": partial(Ho3d, split="evaluation"),
        "photographs": Photographs,
        "photographs-train": partial(Photographs, split="train"),
        "photographs-val": partial(Photographs, split="val"),
        "photographs-test": partial(Photographs, split="test"),
        "photographs-without-hands": HandlessPhotographs,
        "rhd": Rhd,
        "rhd-evaluation": partial(Rhd, split="evaluation"),
    }
)
"""From a folder, or the label file of photographs, to its hands; without MANO, so without pose and shape of others."""
