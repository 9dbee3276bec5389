"""At which frames of Blender's timeline the footage's pictures are. No bpy here."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..backend.capture_file import Capture
from ..errors import CaptureFileError
from ..shared.limits import TIMELINE_FRAMES

FIRST_FRAME: Final = "dahyf_first_frame"
TIMELINE_RATE: Final = "dahyf_timeline_rate"
"""Properties of a captured hand's armature: the timeline on which it was keyed."""

SAME_RATE: Final = 1e-5
"""Relative difference up to which rates are equal, as Blender stores its rate as a 32-bit float."""


@dataclass(frozen=True)
class Timeline:
    """The place of footage on a timeline.

    first_frame: the frame of its first picture, captured or not. rate: the scene's frames per second; None: that of the
    footage, so that each picture takes one frame.
    """

    first_frame: float = 1
    rate: float | None = None

    def frames(self, capture: Capture) -> NDArray[np.float64]:
        """(T,) frames of the timeline at which the captured pictures are.

        The motion keeps its speed. So at another rate than the footage's, most pictures are between whole frames. The
        pictures of a video with a variable rate are placed by their time stamps.
        """
        return self.first_frame + pictures(capture) * self.frames_per_picture(capture.footage.rate)

    def frames_per_picture(self, footage_rate: Fraction) -> float:
        """How many frames of the timeline a picture is shown; exactly 1 at the footage's own rate."""
        ratio = 1.0 if self.rate is None else self.rate / float(footage_rate)
        return 1.0 if abs(ratio - 1) < SAME_RATE else ratio


def scene_rate(rate: Fraction) -> tuple[int, float]:
    """A rate in frames per second as Blender's fps and fps_base: 30000/1001 is 30 and 1.001."""
    fps = max(1, round(rate))
    return fps, float(fps / rate)


def pictures(capture: Capture) -> NDArray[np.float64]:
    """(T,) positions of the captured pictures, counted from 0 at the footage's first; fractional at a variable rate."""
    footage = capture.footage
    if footage.kind == "video" and not footage.constant_rate:
        return capture.time * float(footage.rate)
    return (capture.frame - first_number(capture)).astype(np.float64)


def check_timeline(capture: Capture, timeline: Timeline) -> None:
    """Raise CaptureFileError for a capture that is longer than Blender's timeline."""
    last = timeline.frames(capture)[-1]
    if last > TIMELINE_FRAMES:
        raise CaptureFileError(
            f"The capture {capture.path} would reach to frame {last:,.0f}, but the timeline ends at "
            f"{TIMELINE_FRAMES:,}.",
            "Capture a part of the footage, before or after the pause in it.",
        )


def first_number(capture: Capture) -> int:
    """The number of the footage's first frame: 0 in a video, its file's number in an image sequence."""
    if capture.footage.kind == "video":
        return 0
    number: int = int(capture.frame[0]) - round(capture.time[0] * float(capture.footage.rate))
    return number
