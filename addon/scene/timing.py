"""Where the footage's frames lie on Blender's timeline. No bpy here."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..backend.capture_file import Capture
from ..backend.limits import TIMELINE_FRAMES
from ..errors import CaptureFileError


def scene_rate(rate: Fraction) -> tuple[int, float]:
    """A rate in frames per second as Blender's fps and fps_base: 30000/1001 is 30 and 1.001."""
    fps = max(1, round(rate))
    return fps, float(fps / rate)


def timeline_frames(capture: Capture, first_frame: int) -> NDArray[np.float64]:
    """(T,) frames of the timeline when the footage's own first frame, captured or not, lies on `first_frame`.

    The timeline shows each picture for one frame. Where a video comes at a variable rate, its pictures lie where their
    time stamps say, between two frames as a rule.
    """
    footage = capture.footage
    if footage.kind == "video" and not footage.constant_rate:
        return first_frame + capture.time * float(footage.rate)
    return first_frame + (capture.frame - first_number(capture)).astype(np.float64)


def check_timeline(capture: Capture, first_frame: int) -> None:
    """Raise CaptureFileError for a capture that is longer than Blender's timeline."""
    last = timeline_frames(capture, first_frame)[-1]
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
    return int(capture.frame[0]) - round(capture.time[0] * float(capture.footage.rate))
