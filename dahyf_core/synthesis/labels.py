"""Exact labels of each picture."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.geometry import relative_depths


@dataclass(frozen=True)
class Labels:
    """Truth of N pictures of S x S pixels, single precision, one hand each.

    The camera frame and its pixels are the project's: x right, y down, z forward, metres; the centre of a pixel at
    integer coordinates. A picture is a square cut from a larger frame that was not stored, so that its principal point
    lies anywhere, often outside of it; `pinhole` is all that its pixels need.

    index: (N,) int64, which picture of the seed. side: (N,) "left" | "right". kind: (N,), where the fingers' pose came
    from: "fitted", "prior", "gesture", "fist", "wide" or "grasp".
    pose: (N, 16, 3) axis-angle, the root's first, in the hand model of the hand's own side. shape: (N, 10).
    translation: (N, 3) m.
    pinhole: (N, 4) fx, fy, cx, cy of the picture, px.
    frame_size: (N, 2) width and height of the frame, px of the frame. crop: (N, 3) centre x, y and side of the square
    in the frame, px of the frame. The frame's principal point is its middle.
    joints_3d_*: (N, 21, 3) m, camera frame, FreiHAND's order. joints_2d_*: (N, 21, 2) px of the picture. Of the hand
    model's keypoint sets "own", "mediapipe" and "freihand".
    visible: (N, 21) bool, keypoints inside the frame of which the skin around them is seen, by the map of depths.
    dense_2d: (N, 128, 2) px, hand_model.dense_points of the picture. dense_visible: (N, 128) bool, those that are seen.
    """

    index: NDArray[np.int64]
    side: NDArray[np.str_]
    kind: NDArray[np.str_]
    pose: Array
    shape: Array
    translation: Array
    pinhole: Array
    frame_size: NDArray[np.int32]
    crop: Array
    joints_3d_own: Array
    joints_3d_mediapipe: Array
    joints_3d_freihand: Array
    joints_2d_own: Array
    joints_2d_mediapipe: Array
    joints_2d_freihand: Array
    visible: NDArray[np.bool_]
    dense_2d: Array
    dense_visible: NDArray[np.bool_]

    @property
    def depth(self) -> Array:
        """(N, 21) how far joints of the set "mediapipe" lie behind the wrist, in lengths of the palm."""
        return relative_depths(self.joints_3d_mediapipe)

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, rows: Any) -> Self:
        """A selection by a slice or an array of rows."""
        return type(self)(**{name: values[rows] for name, values in self.arrays().items()})

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """The rows of at least one part, in order."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


@dataclass(frozen=True)
class Batch:
    """N labelled pictures. pictures: (N, S, S, 3) uint8 RGB."""

    pictures: NDArray[np.uint8]
    labels: Labels

    def __len__(self) -> int:
        return len(self.pictures)


def picture_camera(labels: Labels, row: int, size: int) -> Intrinsics:
    """The camera of one picture of size x size pixels, as if the picture were a whole frame.

    Directions, and with them the paper's eq. 1-5, are those of the frame that it was cut from.
    """
    fx, fy, cx, cy = map(float, labels.pinhole[row])
    return Intrinsics(fx, fy, cx, cy, size, size, source="synthetic")
