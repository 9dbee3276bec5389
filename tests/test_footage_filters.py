"""Interlaced and HDR footage: what FFmpeg's filters make of it, with every frame at its own time."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from footage_factory import Picture, number_of, numbered_picture, write_video

from dahyf_core.footage import Deinterlacing, probe, read_frames

SIZE = (128, 96)
BAR = 16


def moving_bar(index: int, width: int, height: int, fields: bool = True) -> Picture:
    """An upright white bar that moves on by its width each field; the lower lines show the first field's."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    for field in range(2):
        left = (2 * index + (field if fields else 0)) * BAR // 2 % width
        picture[1 - field :: 2, left : left + BAR] = 255
    return picture


def write_interlaced(path: Path, frames: int = 8, marked: bool = True) -> Path:
    """An interlaced MPEG-2 clip, lower field first. marked: its frames are marked as interlaced."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv422p"
        stream.codec_context.bit_rate = 8_000_000
        if marked:
            stream.codec_context.options = {"flags": "+ildct+ilme"}
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(moving_bar(index, *SIZE), "rgb24").reformat(format="yuv422p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def combing(picture: Picture) -> float:
    """Mean difference of neighbouring lines."""
    return float(np.abs(np.diff(picture.astype(float), axis=0)).mean())


def pictures(path: Path, deinterlace: Deinterlacing, start: int = 0) -> list[Picture]:
    return [frame.image for frame in read_frames(probe(path, deinterlace=deinterlace), slice(start, None))]


@pytest.mark.parametrize(
    ("marked", "rule", "is_whole"),
    [(True, "auto", True), (True, "on", True), (True, "off", False), (False, "auto", False), (False, "on", True)],
)
def test_interlaced_frames_become_whole(tmp_path: Path, marked: bool, rule: Deinterlacing, is_whole: bool) -> None:
    clip = write_interlaced(tmp_path / "clip.mpg", marked=marked)
    assert probe(clip).is_interlaced == marked
    seen = pictures(clip, rule)
    assert len(seen) == 8
    assert [combing(picture) < 8 for picture in seen] == [is_whole] * 8


def test_deinterlaced_frames_show_their_first_field_at_its_time(tmp_path: Path) -> None:
    clip = write_interlaced(tmp_path / "clip.mpg")
    info = probe(clip)
    assert info.times == pytest.approx(np.arange(8) / 25)
    for index, frame in enumerate(read_frames(info, slice(None))):
        assert (frame.position, frame.time) == (index, pytest.approx(index / 25))
        expected = moving_bar(index, *SIZE, fields=False)
        assert np.abs(frame.image[1::2].astype(float) - expected[1::2]).mean() < 6, index


@pytest.mark.parametrize("start", [1, 3, 7])
def test_a_frame_is_the_same_wherever_reading_begins(tmp_path: Path, start: int) -> None:
    clip = write_interlaced(tmp_path / "clip.mpg")
    for whole, part in zip(pictures(clip, "auto")[start:], pictures(clip, "auto", start), strict=True):
        np.testing.assert_array_equal(whole, part)


@pytest.mark.parametrize("rule", ["auto", "off"])
def test_other_footage_stays_as_it_is(tmp_path: Path, rule: Deinterlacing) -> None:
    clip = write_video(tmp_path / "clip.mp4", frames=4, picture=moving_bar, size=SIZE)
    assert not probe(clip).is_interlaced
    np.testing.assert_array_equal(pictures(clip, rule), pictures(clip, "off"))


def test_one_interlaced_frame(tmp_path: Path) -> None:
    assert len(pictures(write_interlaced(tmp_path / "clip.mpg", frames=1), "on")) == 1


def pq_code(candelas: float) -> float:
    """The component of PQ for light in candelas per square metre (ITU-R BT.2100, equation of the inverse EOTF)."""
    power = (candelas / 10_000) ** 0.1593017578125
    return float(((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375)


def hlg_code(candelas: float) -> float:
    """The component of HLG for grey light on a screen of 1000 candelas per square metre (ITU-R BT.2100)."""
    scene = (candelas / 1000) ** (1 / 1.2)
    return float(np.sqrt(3 * scene) if scene <= 1 / 12 else 0.17883277 * np.log(12 * scene - 0.28466892) + 0.55991073)


def write_hdr(path: Path, components: tuple[float, float, float], transfer: int, rotation: int = 0) -> Path:
    """One flat colour, from its components in BT.2020, as 10-bit HEVC with the marks of HDR."""
    red, green, blue = components
    luma = 0.2627 * red + 0.6780 * green + 0.0593 * blue
    planes = 64 + 876 * luma, 512 + 896 * (blue - luma) / 1.8814, 512 + 896 * (red - luma) / 1.4746
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=25, options={"x265-params": "lossless=1:log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        codec = stream.codec_context
        codec.color_trc, codec.color_primaries, codec.colorspace, codec.color_range = transfer, 9, 9, 1
        if rotation:
            stream.set_display_rotation(rotation)
        frame = av.VideoFrame(64, 48, "yuv420p10le")
        for plane, value in zip(frame.planes, planes, strict=True):
            plane.update(np.full(plane.buffer_size // 2, round(value), np.uint16).tobytes())
        for index in range(3):
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def seen_colour(path: Path) -> list[int]:
    picture = next(read_frames(probe(path), range(1))).image
    assert np.ptp(picture, axis=(0, 1)).max() == 0
    return [int(value) for value in picture[0, 0]]


@pytest.mark.parametrize(
    ("candelas", "expected"), [(0, 0), (5, 43), (26, 100), (60, 148), (203, 216), (600, 249), (1000, 255)]
)
def test_light_is_pressed_into_the_range_of_a_screen(tmp_path: Path, candelas: float, expected: int) -> None:
    for transfer, code, name in ((16, pq_code(candelas), "PQ"), (18, hlg_code(candelas), "HLG")):
        clip = write_hdr(tmp_path / f"{name}.mp4", (code,) * 3, transfer)
        assert probe(clip).dynamic_range == name
        assert seen_colour(clip) == pytest.approx([expected] * 3, abs=3), name


def test_colours_keep_their_hue(tmp_path: Path) -> None:
    """Skin in dim light, below the knee: BT.709's (0.25, 0.13, 0.09) of diffuse white, as sRGB."""
    to_bt2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    red, green, blue = (pq_code(203 * light) for light in to_bt2020 @ [0.25, 0.13, 0.09])
    assert seen_colour(write_hdr(tmp_path / "clip.mp4", (red, green, blue), 16)) == pytest.approx([137, 101, 85], abs=3)


def test_hdr_is_turned_upright_and_read_from_any_frame(tmp_path: Path) -> None:
    clip = write_hdr(tmp_path / "clip.mov", (0.5, 0.5, 0.5), 16, rotation=90)
    info = probe(clip)
    assert (info.width, info.height) == (48, 64)
    frames = list(read_frames(info, slice(1, None)))
    assert [frame.image.shape for frame in frames] == [(64, 48, 3)] * 2


def test_ordinary_footage_is_not_toned(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", frames=2)
    assert probe(clip).dynamic_range == "SDR"
    assert number_of(next(read_frames(probe(clip), range(1, 2))).image) == number_of(numbered_picture(1))
