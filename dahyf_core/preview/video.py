"""The preview as a video: the footage at its own pace with the hands drawn over it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from dahyf_core.capture import Capture, replacing
from dahyf_core.preview.footage import CapturedFootage
from dahyf_core.preview.overlay import draw_caption, draw_hands
from dahyf_core.preview.view import View

LONGEST_SIDE = 1920
VARIABLE_TIME_BASE = Fraction(1, 90_000)  # s, MPEG's usual tick
QUALITY = "18"  # x264's constant rate factor: no loss that an eye sees


def write_video(
    capture: Capture,
    footage: CapturedFootage,
    output: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write an H.264 video of the captured frames, which keeps their time stamps and starts at the first.

    Sides are at most 1,920 px, and even. progress: called with frames done and in all.
    Raises OutputError when the file cannot be written, FootageError when the footage breaks off.
    """
    record = capture.source.footage
    view = View.whole(record.width, record.height, LONGEST_SIDE)
    width, height = (side + side % 2 for side in view.size)
    time_base = 1 / record.rate if record.has_constant_rate else VARIABLE_TIME_BASE
    stamps = np.round((capture.time - capture.time[0]) / float(time_base)).astype(int)
    with (
        replacing(output) as file,
        _own_errors(_Written(file)) as written,
        av.open(written, "w", format="mp4") as container,
    ):
        stream = container.add_stream("libx264", rate=record.rate, options={"crf": QUALITY, "preset": "veryfast"})
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = time_base
        stream.codec_context.sample_aspect_ratio = footage.info.pixel_aspect
        for index, picture in footage.pictures():
            image = view.picture(picture)
            draw_hands(image, capture, index, view)
            draw_caption(image, capture, index, max(9.0, min(image.shape[:2]) / 45))
            frame = av.VideoFrame.from_ndarray(_padded(image, width, height), format="rgb24")
            frame.pts, frame.time_base = int(stamps[index]), time_base
            container.mux(stream.encode(frame))
            progress(index + 1, len(stamps))
        container.mux(stream.encode(None))


class _Written:
    """A file that FFmpeg writes to. error: what went wrong there, of which FFmpeg tells only that something did."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None
        self.seek, self.tell = file.seek, file.tell

    def write(self, data: bytes) -> int:
        """Write all of it."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise


@contextmanager
def _own_errors(written: _Written) -> Iterator[_Written]:
    """Raise the file's own error in place of FFmpeg's."""
    try:
        yield written
    except FFmpegError:
        if written.error is None:
            raise
        raise written.error from None


def _padded(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The picture with its last row and column repeated up to a size."""
    return np.pad(image, ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0)), mode="edge")
