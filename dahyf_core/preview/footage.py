"""The pictures under a capture."""

import warnings
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.capture import Capture
from dahyf_core.errors import FootageError
from dahyf_core.footage import FootageInfo, probe, read_frames
from dahyf_core.shared.capture_schema import IMPORTED

REMEDY = "Give the path of the captured footage with --footage."


@dataclass(frozen=True)
class CapturedFootage:
    """Footage that holds the frames of a capture.

    positions: (T,) where each of them stands in the footage. mirrored: the capture lies on the flipped pictures.
    """

    info: FootageInfo
    positions: NDArray[np.int64]
    mirrored: bool

    @classmethod
    def find(cls, capture: Capture, moved_to: Path | None = None) -> Self:
        """Open the footage where the capture saw it, or where it is now. Warns when it is not the very same file.

        Raises FootageError when it is missing, or cannot be what was captured.
        """
        record = capture.source.footage
        if record.kind == IMPORTED:
            raise FootageError(
                f"The capture was imported from {record.path}, which has no pictures.",
                "Import the file again with --footage.",
            )
        path = moved_to or Path(record.path)
        if moved_to is None and record.kind != "sequence" and not path.exists():
            raise FootageError(f"The footage {path} is no longer there.", REMEDY)
        as_sequence = record.kind == "sequence"
        info = probe(path, record.rate, deinterlace=record.deinterlace, as_sequence=as_sequence)
        if (info.width, info.height) != (record.width, record.height):
            raise FootageError(
                f"{path} is {info.width} x {info.height} px, but the captured footage was {record.width} x"
                f" {record.height} px.",
                REMEDY,
            )
        positions = np.searchsorted(info.frames, capture.frame)
        if positions[-1] >= len(info) or not np.array_equal(info.frames[positions], capture.frame):
            raise FootageError(f"{path} lacks frames that were captured.", REMEDY)
        if info.sha256 != record.sha256:
            warnings.warn(f"{path} is not the same file as when it was captured.", stacklevel=2)
        return cls(info, positions, capture.source.mirrored)

    def pictures(self) -> Iterator[tuple[int, Image]]:
        """The captured frames in order, with their index in the capture: (H, W, 3) RGB. Damaged ones are left out."""
        span = range(int(self.positions[0]), int(self.positions[-1]) + 1)
        index_of = {int(position): index for index, position in enumerate(self.positions)}
        with closing(read_frames(self.info, span)) as frames:
            for frame in frames:
                if frame.position in index_of:
                    yield index_of[frame.position], self._as_captured(frame.image)

    def picture(self, index: int) -> Image:
        """The capture's frame `index`, (H, W, 3) RGB. Raises FootageError when it is damaged."""
        position = int(self.positions[index])
        with closing(read_frames(self.info, range(position, position + 1))) as frames:
            return self._as_captured(next(frames).image)

    def _as_captured(self, image: Image) -> Image:
        return image[:, ::-1] if self.mirrored else image
