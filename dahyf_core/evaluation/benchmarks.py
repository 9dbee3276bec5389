"""The formats of FreiHAND's and HO-3D's servers: MANO's vertices, and joints in their own order and axes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.datasets import READERS, HandDataset
from dahyf_core.datasets.ho3d import FREIHAND_FROM_HO3D, OPENCV_FROM_OPENGL
from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel, load_hand_model
from dahyf_core.hand_model.mano_file import TIP_VERTICES

Benchmark = Literal["freihand", "ho3d"]
BENCHMARKS: tuple[Benchmark, ...] = get_args(Benchmark)

JOINTS, VERTICES = 21, 778
HO3D_TIPS = np.array([728, 353, 442, 576, 694])
"""Vertices of the fingertips, thumb to little finger."""


@dataclass(frozen=True)
class Layout:
    """Order of joints and axes of a data set.

    order: (21,) of the 16 joints of MANO and the tips from thumb to little finger. tips: (5,) vertices of the tips.
    axes: (3,) signs that bring OpenCV's camera to the set's. has_root: whether predictions may know the wrist's place.
    """

    order: NDArray[np.integer]
    tips: NDArray[np.integer]
    axes: Array
    has_root: bool

    @property
    def tip_places(self) -> NDArray[np.integer]:
        """(5,) of the tips among the joints."""
        return np.argsort(self.order)[-5:]

    def joints(self, bones: Array, vertices: Array) -> Array:
        """(N, 21, 3) from MANO's joints (N, 16, 3) and vertices (N, 778, 3)."""
        return np.concatenate([bones, vertices[:, self.tips]], axis=1)[:, self.order]


LAYOUTS: Mapping[Benchmark, Layout] = MappingProxyType(
    {
        "freihand": Layout(FREIHAND_FROM_HO3D, TIP_VERTICES, axes=np.ones(3), has_root=False),
        "ho3d": Layout(np.arange(JOINTS), HO3D_TIPS, axes=OPENCV_FROM_OPENGL.diagonal(), has_root=True),
    }
)


def open_benchmark(benchmark: Benchmark, folder: Path) -> HandDataset:
    """The evaluation set, in the order of submissions. Raises DatasetError."""
    return READERS[benchmark](folder, "test")


def load_mano(path: Path | None) -> HandModel:
    """The right hand of the user's MANO file. Raises SettingsError where none is named, ModelFileError."""
    if path is None:
        raise SettingsError(
            "A submission needs MANO's 778 vertices, and MANO's licence does not allow shipping it with this program.",
            "Download MANO_RIGHT.pkl from mano.is.tue.mpg.de and give it with --hand-model.",
        )
    return load_hand_model(path)
