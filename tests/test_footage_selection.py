"""Ranges in frames and seconds."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from dahyf_core.errors import SettingsError
from dahyf_core.footage import FootageInfo, select


def footage(frames: list[int], rate: int = 10) -> FootageInfo:
    numbers = np.array(frames)
    times = (numbers - numbers[0]) / rate
    return FootageInfo(Path("clip"), "sequence", 64, 48, Fraction(rate), times, numbers, "")


@pytest.mark.parametrize(
    ("text", "positions"),
    [
        (None, range(20)),
        ("", range(20)),
        (":", range(20)),
        ("0:19", range(20)),
        ("5:5", range(5, 6)),
        ("5:", range(5, 20)),
        (":5", range(6)),
        (" 5 : 7 ", range(5, 8)),
        ("0s:2s", range(20)),
        ("0.5s:1.0s", range(5, 10)),
        ("0.55s:1.05s", range(6, 11)),
        ("1s:", range(10, 20)),
        (":.3s", range(3)),
        ("5:1s", range(5, 10)),
    ],
)
def test_ranges(text: str | None, positions: range) -> None:
    assert select(footage(list(range(20))), text) == positions


def test_frames_are_the_numbers_of_files() -> None:
    info = footage([100, 101, 105, 110])
    assert select(info, "101:105") == range(1, 3)
    assert select(info, "102:110") == range(2, 4)
    assert select(info, "0.1s:0.6s") == range(1, 3)


def test_neighbouring_ranges_in_seconds_share_no_frame() -> None:
    info = footage(list(range(20)), rate=3)
    assert select(info, "0s:2s").stop == select(info, "2s:4s").start


@pytest.mark.parametrize("text", ["5:20", "20:", "0s:2.5s", "3s:"])
def test_outside_the_clip(text: str) -> None:
    with pytest.raises(SettingsError, match="is outside clip") as raised:
        select(footage(list(range(20))), text)
    assert raised.value.remedy == "The footage has frames 0 to 19, 0 s to 2.000 s."


@pytest.mark.parametrize("text", ["9:5", "1s:0.5s", "2s:", "1.01s:1.05s"])
def test_no_frame_in_it(text: str) -> None:
    with pytest.raises(SettingsError, match="contains no frame"):
        select(footage(list(range(20))), text)


@pytest.mark.parametrize("text", ["7", "a:b", "-3:5", "1:2:3", "1.5:3", "1e3s:"])
def test_not_a_range(text: str) -> None:
    with pytest.raises(SettingsError, match="is not understood"):
        select(footage(list(range(20))), text)
