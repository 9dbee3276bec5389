"""Data sets to measure on, by name."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets import FreiHand, HanCo, HandDataset, Ho3d, Reader, Sample
from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel
from dahyf_core.synthesis import ALL_READERS

CAVEATS: Mapping[str, str] = MappingProxyType(
    {
        "coco-wholebody": "Joints were marked by eye on the skin.",
        "ho3d": "HO-3D's finger tips are other vertices than FreiHAND's, a few mm away.",
        "photographs": "Labels are the annotator's own estimates, not measured truth. Sizes are assumed.",
        "rhd": "Joints are those of the characters' rigs, used as the hand model's bone heads.",
    }
)
"""Limits of the numbers on a data set."""


def reader_of(name: str) -> Reader:
    """Raises SettingsError for an unknown name."""
    if name not in ALL_READERS:
        raise SettingsError(f"There is no reader {name}.", f"Readers are {', '.join(sorted(ALL_READERS))}.")
    return ALL_READERS[name]


def spread_rows(length: int, limit: int | None) -> NDArray[np.integer]:
    """Indices of all samples, or of `limit` of them, evenly spread."""
    if limit is None or limit >= length:
        return np.arange(length)
    return np.linspace(0, length - 1, limit).astype(int)


def true_vertices(dataset: HandDataset, index: int, sample: Sample, model: HandModel) -> Array | None:
    """The true skin (V, 3) m of a sample, at any place, if it is known and has the vertices of `model`.

    FreiHAND publishes MANO's. HanCo and HO-3D have MANO's parameters, all other sets those of the open hand.
    """
    if isinstance(dataset, FreiHand):
        return dataset.vertices[index % len(dataset.vertices)] if model.name == "mano" else None
    parametrised = "mano" if isinstance(dataset, HanCo | Ho3d) else "open_hand"
    if model.name != parametrised or not np.isfinite(sample.pose).all() or not np.isfinite(sample.shape).all():
        return None
    vertices: Array = model(sample.pose[None], sample.shape[None], np.zeros((1, 3))).vertices[0]
    return vertices
