"""Cameras, and clips that play like one: the newest frame at any time, older ones are dropped."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Protocol

import cv2
import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.errors import FootageError
from dahyf_core.footage import probe, read_frames

FIRST_FRAME_TIME = 10.0
"""Longest time that a camera may take for its first frame, s."""


@dataclass(frozen=True)
class LiveFrame:
    """image: (H, W, 3), RGB. captured: seconds since 1970 at which the camera gave it."""

    image: Image
    captured: float


class LiveSource(Protocol):
    """A source of frames of one size, px."""

    @property
    def name(self) -> str:
        """For messages."""
        ...

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def frames(self) -> Generator[LiveFrame, None, None]:
        """The frames as they come, until the source ends. Closing the generator frees it."""
        ...


class CameraSource:
    """A camera of this machine by its number, as OpenCV counts them."""

    def __init__(self, number: int) -> None:
        """Open the camera. Raises FootageError."""
        self.name = f"camera {number}"
        self._device = cv2.VideoCapture(number)
        done, image = self._device.read() if self._device.isOpened() else (False, None)
        if not done or image is None:
            self._device.release()
            raise FootageError(
                f"The camera {number} gives no picture.",
                "Connect it, close programs that use it, and allow this program to use cameras; or try another number.",
            )
        self._device.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self.height, self.width = image.shape[:2]

    def frames(self) -> Generator[LiveFrame, None, None]:
        """The camera's frames."""
        try:
            while True:
                done, image = self._device.read()
                if not done:
                    return
                yield LiveFrame(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), time.time())
        finally:
            self._device.release()


class PlayedClip:
    """Footage that plays at its own speed, as if a camera filmed it now."""

    def __init__(self, path: Path, repeat: bool = False) -> None:
        """repeat: start again at the end. Raises FootageError."""
        self.name = str(path)
        self._info = probe(path)
        self._repeat = repeat
        self.width, self.height = self._info.width, self._info.height

    def frames(self) -> Generator[LiveFrame, None, None]:
        """The footage's frames, each at its time."""
        while True:
            start = time.time()
            with closing(read_frames(self._info, slice(None))) as frames:
                for frame in frames:
                    time.sleep(max(0.0, start + frame.time - time.time()))
                    yield LiveFrame(frame.image, start + frame.time)
            if not self._repeat:
                return


def newest(source: LiveSource) -> Iterator[LiveFrame]:
    """The newest frame each time it is asked for one; frames that came in between are dropped.

    A thread reads the source. Raises what the source raises.
    """
    mailbox = _Mailbox(source.frames())
    try:
        yield from iter(mailbox.take, None)
    finally:
        mailbox.close()


class _Mailbox:
    """Holds one frame: a new one replaces one that was not taken."""

    def __init__(self, frames: Generator[LiveFrame, None, None]) -> None:
        self._frames = frames
        self._arrived = Condition()
        self._frame: LiveFrame | None = None
        self._error: Exception | None = None
        self._ended = self._closing = False
        self._thread = Thread(target=self._fill, name="camera", daemon=True)
        self._thread.start()

    def take(self) -> LiveFrame | None:
        """Wait for a frame that was not taken yet. None at the end of the source."""
        with self._arrived:
            while self._frame is None and not self._ended:
                self._arrived.wait(0.1)
            if self._frame is None and self._error is not None:
                raise self._error
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._thread.join(FIRST_FRAME_TIME)

    def _fill(self) -> None:
        error: Exception | None = None
        try:
            with closing(self._frames) as frames:
                for frame in frames:
                    if self._closing:
                        break
                    with self._arrived:
                        self._frame = frame
                        self._arrived.notify()
        except Exception as caught:
            error = caught
        with self._arrived:
            self._ended, self._error = True, error
            self._arrived.notify()
