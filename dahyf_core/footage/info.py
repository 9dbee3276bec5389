"""Facts about footage that are known before it is decoded, and one frame of it."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.footage.filters import Deinterlacing, DynamicRange


def _no_stamps() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class FootageInfo:
    """F frames in the order of presentation; a frame's index among them is its position.

    width, height: pixels of the upright picture. rate: frames per second; where frames come at a variable rate, the
    nominal one. times: (F,) seconds from the first frame, as the container stamps them. frames: (F,) frame numbers,
    from 0 in a video, the files' own in a sequence. sha256: digest of the content (see digest.py). rotation: degrees
    counter-clockwise, in steps of 90, by which a video's stored pictures are turned to be upright. pixel_aspect: width
    of a pixel over its height.

    stamps: (F,) time stamps in the container's own unit, or empty where the container has none to rely on. files: (F,)
    pictures of a sequence or still. deinterlace: the frames of a video that are deinterlaced when they are read.
    is_interlaced: the first frame is, or is said to be, interlaced. dynamic_range: of the first frame; HDR is read as
    SDR.
    """

    path: Path
    kind: Literal["video", "sequence", "still"]
    width: int
    height: int
    rate: Fraction
    times: NDArray[np.float64]
    frames: NDArray[np.int64]
    sha256: str
    rotation: int = 0
    has_constant_rate: bool = True
    pixel_aspect: Fraction = Fraction(1)
    stamps: NDArray[np.int64] = field(default_factory=_no_stamps)
    files: tuple[Path, ...] = ()
    deinterlace: Deinterlacing = "auto"
    is_interlaced: bool = False
    dynamic_range: DynamicRange = "SDR"

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded frame. image: (height, width, 3) uint8 RGB, upright. time: seconds from the footage's first frame."""

    position: int
    number: int
    time: float
    image: Image
