"""One labelled hand of any data set, in the conventions of this project."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Intrinsics
from dahyf_core.geometry import relative_depths
from dahyf_core.hand_model import DENSE_VERTICES, Side

DENSE_POINTS = len(DENSE_VERTICES)


def unknown(*shape: int) -> Array:
    """NaN in an array of this shape."""
    return np.full(shape, np.nan)


@dataclass(frozen=True, eq=False)
class Sample:
    """A picture and the labels of one hand in it; unknown labels are NaN.

    image: (H, W, 3) RGB bytes. intrinsics: of the picture, without lens distortion; a picture cut out of a larger frame
    keeps that frame's principal point, which may lie outside. source: origin (photograph, clip, seed) that
    samples share; splits keep a source together.

    side: None in a picture without a hand. joints_2d: (21, 2) px, FreiHAND order. visible: (21,) bool, of those that
    should count. joints_3d: (21, 3) m, camera frame. keypoints: the named set of the hand model that the joints belong
    to. pose: (16, 3) axis-angle of the hand model of that side, full rotations from the flat hand, in the camera frame.
    shape: (10,). box: (4,) left, top, right, bottom in px, for a hand without better labels; in a picture without
    a hand, of something that looks like one.

    joint_visible: (21,) 1 for joints that are seen, 0 for hidden ones, also where both should count. dense_2d:
    (128, 2) px, hand_model.dense_points. dense_visible: (128,) 1 seen, 0 hidden.
    """

    image: Image
    intrinsics: Intrinsics
    source: str
    side: Side | None = None
    joints_2d: Array = field(default_factory=lambda: unknown(21, 2))
    visible: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(21, dtype=bool))
    joints_3d: Array = field(default_factory=lambda: unknown(21, 3))
    keypoints: str = "own"
    pose: Array = field(default_factory=lambda: unknown(16, 3))
    shape: Array = field(default_factory=lambda: unknown(10))
    box: Array = field(default_factory=lambda: unknown(4))
    joint_visible: Array = field(default_factory=lambda: unknown(21))
    dense_2d: Array = field(default_factory=lambda: unknown(DENSE_POINTS, 2))
    dense_visible: Array = field(default_factory=lambda: unknown(DENSE_POINTS))

    @property
    def depth(self) -> Array:
        """(21,) how far the joints lie behind the wrist along the view, in lengths of the palm."""
        return relative_depths(self.joints_3d)


class HandDataset(Protocol):
    """Data for training and evaluation. Labels are in memory or found by index; pictures are decoded when read."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...

    @property
    def sources(self) -> Sequence[str]:
        """(len(self),) the origin of each sample, without decoding it."""
        ...
