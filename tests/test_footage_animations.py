"""Animated PNG, WebP and AVIF are clips with their own times."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from footage_factory import number_of, numbered_picture, write_picture

from dahyf_core.errors import FootageError
from dahyf_core.footage import animations, probe, read_frames

DURATIONS = [100, 50, 200, 100, 40, 100]
TIMES = [0, 0.1, 0.15, 0.35, 0.45, 0.49]


def write_animation(path: Path, durations: list[int], size: tuple[int, int] = (64, 48)) -> Path:
    """An animated picture whose frames carry the numbers from 1 on. durations: of the frames, ms."""
    animation = cv2.Animation()
    animation.frames = [numbered_picture(number, *size) for number in range(1, len(durations) + 1)]
    animation.durations = np.array(durations, dtype=np.int32)
    try:
        assert cv2.imwriteanimation(str(path), animation)
    except cv2.error:
        pytest.skip(f"this OpenCV writes no animated {path.suffix}")
    return path


@pytest.fixture(params=[".png", ".webp", ".avif"])
def clip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An animation in each of the formats."""
    return write_animation(tmp_path / f"clip{request.param}", DURATIONS)


def test_an_animation_is_a_clip_with_its_own_times(clip: Path) -> None:
    info = probe(clip)
    assert (info.kind, info.width, info.height, info.has_constant_rate) == ("video", 64, 48, False)
    assert info.times == pytest.approx(TIMES)
    frames = list(read_frames(info, slice(None)))
    assert [number_of(frame.image) for frame in frames] == [1, 2, 3, 4, 5, 6]
    assert [frame.time for frame in frames] == pytest.approx(TIMES)


def test_frames_amid_an_animation(clip: Path) -> None:
    assert [number_of(frame.image) for frame in read_frames(probe(clip), range(2, 6, 2))] == [3, 5]


def test_even_times_are_a_rate(tmp_path: Path) -> None:
    info = probe(write_animation(tmp_path / "clip.webp", [40] * 5))
    assert (info.rate, info.has_constant_rate) == (25, True)


def test_colours_are_those_of_the_picture(tmp_path: Path) -> None:
    picture = np.full((48, 64, 3), (200, 120, 40), dtype=np.uint8)
    animation = cv2.Animation()
    animation.frames, animation.durations = [picture[..., ::-1]] * 2, np.array([40, 40], dtype=np.int32)
    assert cv2.imwriteanimation(str(tmp_path / "clip.webp"), animation)
    frame = next(read_frames(probe(tmp_path / "clip.webp"), range(1)))
    assert frame.image == pytest.approx(picture, abs=6)


def test_long_webp_is_decoded_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(animations, "_AT_ONCE", 3 * 4 * 64 * 48)
    info = probe(write_animation(tmp_path / "clip.webp", [40] * 8))
    assert [number_of(frame.image) for frame in read_frames(info, range(1, 8))] == [2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("name", ["still.png", "still.webp", "still.avif"])
def test_one_picture_stays_a_still(tmp_path: Path, name: str) -> None:
    try:
        write_picture(tmp_path / name, numbered_picture(5))
    except cv2.error:
        pytest.skip("this OpenCV writes no AVIF")
    info = probe(tmp_path / name)
    assert (info.kind, len(info)) == ("still", 1)
    assert number_of(next(read_frames(info, range(1))).image) == 5


def test_a_cut_webp_gives_its_frames_up_to_there(tmp_path: Path) -> None:
    clip = write_animation(tmp_path / "clip.webp", [40] * 8, (320, 240))
    content = clip.read_bytes()
    clip.write_bytes(content[: len(content) // 2])
    reading = read_frames(probe(clip), slice(None))
    try:
        seen = [number_of(frame.image) for frame in reading]
    except FootageError:
        seen = []
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) < 8


def test_a_webp_without_frames_is_refused(tmp_path: Path) -> None:
    clip = write_animation(tmp_path / "clip.webp", [40] * 3)
    clip.write_bytes(clip.read_bytes()[:50])
    with pytest.raises(FootageError, match="holds no frames that can be decoded"):
        probe(clip)
