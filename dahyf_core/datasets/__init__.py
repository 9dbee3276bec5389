"""Labelled hands from many data sets, in one form."""

from dahyf_core.datasets.amplitude import AmplitudeMixing
from dahyf_core.datasets.annotation import Annotation, Annotator, CleaningLimits
from dahyf_core.datasets.coco_wholebody import CocoWholeBody
from dahyf_core.datasets.freihand import FreiHand
from dahyf_core.datasets.hanco import HanCo
from dahyf_core.datasets.handless import HandlessPhotographs
from dahyf_core.datasets.ho3d import Ho3d
from dahyf_core.datasets.labels import PhotoLabels, load_labels, save_labels
from dahyf_core.datasets.patch import Augmentation, Patch, crop_of, cut_sample
from dahyf_core.datasets.photographs import Photographs
from dahyf_core.datasets.readers import OPEN_HAND_READERS, READERS, Reader
from dahyf_core.datasets.rhd import Rhd
from dahyf_core.datasets.sample import HandDataset, Sample
from dahyf_core.datasets.splits import Split, rows_of, split_of

__all__ = [
    "OPEN_HAND_READERS",
    "READERS",
    "AmplitudeMixing",
    "Annotation",
    "Annotator",
    "Augmentation",
    "CleaningLimits",
    "CocoWholeBody",
    "FreiHand",
    "HanCo",
    "HandDataset",
    "HandlessPhotographs",
    "Ho3d",
    "Patch",
    "PhotoLabels",
    "Photographs",
    "Reader",
    "Rhd",
    "Sample",
    "Split",
    "crop_of",
    "cut_sample",
    "load_labels",
    "rows_of",
    "save_labels",
    "split_of",
]
