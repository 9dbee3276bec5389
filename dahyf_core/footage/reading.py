"""Frames as a stream: the interface of frame sources, and footage that a thread decodes a few frames ahead."""

import warnings
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dahyf_core.errors import FootageError
from dahyf_core.footage.animations import is_animated_webp, read_webp
from dahyf_core.footage.info import FootageInfo, Frame
from dahyf_core.footage.pictures import read_pictures
from dahyf_core.footage.prefetch import prefetch
from dahyf_core.footage.video import read_video
from dahyf_core.profiling import stage, timed_beside

_AHEAD_BYTES = 64 << 20
_AHEAD_FRAMES = 8


class FrameSource(Protocol):
    """F frames whose times are known before they are read. A frame's index among them is its position."""

    @property
    def times(self) -> NDArray[np.float64]:
        """(F,) seconds from the first frame, rising."""
        ...

    @property
    def sha256(self) -> str:
        """A digest of the content. Sources with the same digest have the same frames."""
        ...

    def read(self, positions: range) -> Generator[Frame, None, None]:
        """The frames at these rising positions, in order. Damaged frames may be left out."""
        ...


@dataclass(frozen=True)
class Footage:
    """A video, an image sequence or a still as a FrameSource."""

    info: FootageInfo

    @property
    def times(self) -> NDArray[np.float64]:
        """(F,) seconds from the first frame."""
        return self.info.times

    @property
    def sha256(self) -> str:
        """A digest of the content."""
        return self.info.sha256

    def read(self, positions: range) -> Generator[Frame, None, None]:
        """The frames at these positions; see `read_frames` for arguments and errors."""
        return read_frames(self.info, positions)


def read_frames(info: FootageInfo, selection: range | slice) -> Generator[Frame, None, None]:
    """The frames at the selected positions, which must rise, in order.

    Decoding begins at the key frame before the first of them and runs ahead of the consumer in a thread, by at most
    8 frames or 64 MiB; closing the iterator ends the thread. Frames of a video that cannot be decoded are left out,
    with one warning at the end.

    Raises FootageError when no selected frame can be decoded, or a picture of a sequence is missing, damaged or of
    another size; IndexError when positions lie outside the footage.
    """
    positions = range(*selection.indices(len(info))) if isinstance(selection, slice) else selection
    if not positions:
        return
    if positions.step < 1 or positions[0] < 0 or positions[-1] >= len(info):
        raise IndexError(f"{positions} does not rise within the {len(info)} frames of {info.path}")
    frames = _reader(info)(info, positions)
    depth = max(1, min(_AHEAD_FRAMES, _AHEAD_BYTES // (3 * info.width * info.height)))
    count = 0
    with closing(prefetch(timed_beside("decoding", frames), depth)) as stream:
        while True:
            with stage("waiting for frames"):
                frame = next(stream, None)
            if frame is None:
                break
            count += 1
            yield frame
    if count == 0:
        raise FootageError(
            f"No frame of {info.path} can be decoded in the chosen range.",
            "The file may be damaged there; choose another range, or convert it again.",
        )
    if count < len(positions):
        warnings.warn(f"{len(positions) - count} of {len(positions)} frames of {info.path} are damaged.", stacklevel=2)


def _reader(info: FootageInfo) -> Callable[[FootageInfo, range], Generator[Frame, None, None]]:
    if info.kind != "video":
        return read_pictures
    return read_webp if is_animated_webp(info.path) else read_video
