"""Parsing of a range of footage."""

import re

import numpy as np

from dahyf_core.errors import SettingsError
from dahyf_core.footage.info import FootageInfo

_MOMENT = re.compile(r"(?P<frame>\d{1,9})|(?P<seconds>\d+\.?\d*|\.\d+)s")
_SAME_TIME = 1e-6
"""Tolerance between a frame's time stamp and a time that a user wrote, seconds."""


def select(info: FootageInfo, text: str | None) -> range:
    """The positions of a range such as "10:250" (frame numbers, both included), "1.5s:4s" (seconds from the first
    frame, the end not included), "10:" or ":4s"; nothing, or ":", is everything.

    Raises SettingsError when the text is not a range, or the range reaches outside the footage or holds none of it.
    """
    start_text, colon, end_text = (part.strip() for part in (text or ":").partition(":"))
    if not colon:
        raise _not_understood(text)
    start = _position(info, start_text, is_end=False) if start_text else 0
    end = _position(info, end_text, is_end=True) if end_text else len(info)
    if start >= end:
        raise SettingsError(f"The range {text} contains no frame of {info.path}.", _extent(info))
    return range(start, end)


def _position(info: FootageInfo, text: str, is_end: bool) -> int:
    """The first position of a range that starts at this point, or one after the last of a range that ends there."""
    match = _MOMENT.fullmatch(text)
    if not match:
        raise _not_understood(text)
    if match["seconds"]:
        seconds = float(match["seconds"])
        if seconds > _duration(info) + _SAME_TIME:
            raise SettingsError(f"{seconds:g} s is outside {info.path}.", _extent(info))
        return int(np.searchsorted(info.times, seconds - _SAME_TIME))
    number = int(match["frame"])
    if not info.frames[0] <= number <= info.frames[-1]:
        raise SettingsError(f"Frame {number} is outside {info.path}.", _extent(info))
    return int(np.searchsorted(info.frames, number, side="right" if is_end else "left"))


def _duration(info: FootageInfo) -> float:
    return float(info.times[-1] + 1 / info.rate)


def _extent(info: FootageInfo) -> str:
    return f"The footage has frames {info.frames[0]} to {info.frames[-1]}, 0 s to {_duration(info):.3f} s."


def _not_understood(text: str | None) -> SettingsError:
    return SettingsError(f"The range {text!r} is not understood.", "Write 10:250 for frames or 1.5s:4s for seconds.")
