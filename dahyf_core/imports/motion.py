"""What a reader makes of another tool's file: hands as they are in it, before they become a capture."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics, Lens
from dahyf_core.geometry import MIRROR, Up
from dahyf_core.hand_model import HandModel, Side

Axes = Up | Literal["camera"]
"""The axes of a file: y or z up, right-handed; or those of a camera, x right, y down, z forward."""
SideRule = Literal["auto", "named", "swapped"]


@dataclass(frozen=True)
class ImportOptions:
    """What the user knows of the file. None is what the file says, or the default of its format.

    rate: frames per second. axes: of the file. side: of hands whose side the file does not say. sides: whether the
    file's names of sides hold; "auto" looks at the hands where a format is known for wrong ones. flat_hand_mean:
    whether a pose of zeros is the flat hand. lens: of the footage. size: width and height of the pictures, px.
    """

    rate: Fraction | None = None
    axes: Axes | None = None
    side: Side | None = None
    sides: SideRule = "auto"
    flat_hand_mean: bool | None = None
    lens: Lens = field(default_factory=Lens)
    size: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class ManoHand:
    """A hand in MANO's parameters over T frames, NaN where it is not seen, in the axes of the file.

    pose: (T, 16, 3) axis-angle. shape: (T, 10) of MANO, or None. translation: (T, 3) m, added to every point as smplx
    does, or None. flat_hand_mean: whether a pose of zeros is the flat hand, None where nobody says. points:
    (T, 21, 3) m, joints and fingertips at translation 0, or None. confidence: (T,) or None.
    """

    side: Side
    pose: Array
    shape: Array | None
    translation: Array | None
    flat_hand_mean: bool | None
    points: Array | None = None
    confidence: Array | None = None


@dataclass(frozen=True, eq=False)
class PointsHand:
    """21 points of a hand over T frames, NaN where it is not seen, in the axes of the file.

    points: (T, 21, 3) m, or None where there are only pictures of them. is_placed: the origin of the points is that of
    the file, not of the hand. keypoints: the hand model's set that they are. sigma: m, their noise. pixels: (T, 21, 2)
    or None. confidence: (T,) or None.
    """

    side: Side
    points: Array | None
    is_placed: bool
    keypoints: str
    sigma: float
    pixels: Array | None = None
    confidence: Array | None = None


@dataclass(frozen=True, eq=False)
class BonesHand:
    """A hand as a skeleton of MANO's 16 bones, of any rest pose, over T frames, in the axes of the file.

    rest: (16, 3) m, heads in the rest pose. worlds: (T, 16, 3, 3), rotations of the bones from it. wrist: (T, 3) m.
    """

    side: Side
    rest: Array
    worlds: Array
    wrist: Array


Hand = ManoHand | PointsHand | BonesHand


@dataclass(frozen=True, eq=False)
class Motion:
    """All hands of a file. frames: (T,) numbers. times: (T,) s, or None for even frames. rate: frames per second.

    axes: of all points. camera: that the file speaks of. notes: sentences on what was assumed. sides_in_doubt: the
    format is known for swapped names of sides.
    """

    hands: tuple[Hand, ...]
    frames: NDArray[np.int64]
    axes: Axes
    rate: Fraction | None = None
    times: Array | None = None
    camera: Intrinsics | None = None
    notes: tuple[str, ...] = ()
    sides_in_doubt: bool = False


@dataclass(frozen=True)
class Reading:
    """What a reader may look at besides the file: options, and the hand models by side."""

    options: ImportOptions
    models: dict[Side, HandModel]


def mirrored_pose(pose: Array) -> Array:
    """The pose (..., 3), axis-angle, of the other hand, its mirror image in x."""
    mirrored: Array = pose * -MIRROR
    return mirrored
