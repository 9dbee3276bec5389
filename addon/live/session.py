"""The live session that runs: its child process, its rigs, its latencies, and the picture for the panel."""

import base64
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import bpy
import bpy.utils.previews
import numpy as np

from ..backend import worker
from ..backend.worker import Message
from .feed import Feed, is_frame
from .puppets import Puppets

LATENCIES: Final = 300
"""Last frames of which latencies are told."""
PICTURE: Final = "camera"


@dataclass
class Session:
    """One run of live. text: what the panel says. error: why it ended, if it failed."""

    feed: Feed
    template: Path
    recording: Path | None
    folder: Any
    text: str = "Starting the camera"
    error: Message | None = None
    puppets: Puppets | None = None
    to_pose: tuple[float, float] = (0.0, 0.0)
    to_viewport: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES))
    stopping: bool = False

    def tick(self, context: bpy.types.Context) -> bool:
        """Show the newest frame. True as long as the session goes on."""
        for message in self.feed.take():
            if is_frame(message):
                self._show(context, message)
            elif message["type"] == "error":
                self.error = message
            elif message["type"] in ("status", "warning"):
                self.text = str(message["text"])
        return self.feed.is_running

    def stop(self) -> None:
        """Ask the core to stop; `tick` goes on until it has written its recording."""
        self.stopping = True
        self.feed.stop()

    def end(self) -> None:
        """Remove what the session made but for its recording. Notes an error of the core that it did not tell."""
        if self.feed.returncode and self.error is None and not self.stopping:
            self.error = worker.failure(self.feed.returncode, [], self.feed.error_text())
        self.feed.close()
        if self.puppets is not None:
            self.puppets.remove()
        self.folder.cleanup()

    def facts(self) -> str:
        """Latencies in words."""
        if not self.to_viewport:
            return self.text
        median, slowest = 1000 * np.percentile(list(self.to_viewport), (50, 99))
        return (
            f"Camera to pose {self.to_pose[0]:.0f} ms (99 %: {self.to_pose[1]:.0f}), "
            f"camera to viewport {median:.0f} ms (99 %: {slowest:.0f})"
        )

    def _show(self, context: bpy.types.Context, message: Message) -> None:
        if self.puppets is None:
            self.puppets = Puppets(context, self.template)
        self.puppets.show(message["hands"])
        self.to_pose = float(message["latency_ms"]["p50"]), float(message["latency_ms"]["p99"])
        self.to_viewport.append(time.time() - float(message["captured"]))
        if "picture" in message:
            show_picture(message["picture"])


_current: Session | None = None
_pictures: bpy.utils.previews.ImagePreviewCollection | None = None


def current() -> Session | None:
    """The session that runs, or None."""
    return _current


def start(command: Sequence[str], template: Path, recording: Path | None, folder: Any) -> Session:
    """Start a session; only one runs at a time. Raises OSError when its process cannot start."""
    global _current
    if _current is not None:
        raise RuntimeError("live runs already")
    _current = Session(Feed(command), template, recording, folder)
    return _current


def finish() -> Session | None:
    """End the session that runs, and return it."""
    global _current
    ended, _current = _current, None
    if ended is not None:
        ended.end()
    return ended


def show_picture(picture: dict[str, Any]) -> None:
    """Make the picture of a message the icon that the panel shows."""
    if _pictures is None:
        return
    width, height = int(picture["width"]), int(picture["height"])
    rgb = np.frombuffer(base64.b64decode(picture["rgb"]), np.uint8).reshape(height, width, 3)[::-1]
    side = max(width, height)
    pixels = np.zeros((side, side, 4), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    pixels[top : top + height, left : left + width, :3] = rgb / np.float32(255)
    pixels[top : top + height, left : left + width, 3] = 1
    preview = _pictures[PICTURE] if PICTURE in _pictures else _pictures.new(PICTURE)
    preview.image_size = side, side
    cast(Any, preview.image_pixels_float).foreach_set(pixels.ravel())


def picture_icon() -> int:
    """The icon of the camera's last picture; 0 without one."""
    return _pictures[PICTURE].icon_id if _pictures is not None and PICTURE in _pictures else 0


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def end_before_loading(_scene: Any = None, _unused: Any = None) -> None:
    """End the session before another file is opened."""
    finish()


def register() -> None:
    """Create the collection for the picture."""
    global _pictures
    _pictures = bpy.utils.previews.new()
    bpy.app.handlers.load_pre.append(end_before_loading)


def unregister() -> None:
    """End the session, and remove the collection."""
    global _pictures
    finish()
    bpy.app.handlers.load_pre.remove(end_before_loading)
    bpy.utils.previews.remove(_pictures)
    _pictures = None
