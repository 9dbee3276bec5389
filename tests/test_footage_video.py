"""Videos: exact rates, times and frames, whatever the container and pixel format."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from footage_factory import cut_short, number_of, numbered_picture, write_video

from dahyf_core.footage import FootageInfo, probe, read_frames

OPEN_GROUPS = {"x265-params": "keyint=10:min-keyint=10:open-gop=1:bframes=3:log-level=none"}
INTRA_REFRESH = {"g": "10", "x264-params": "intra-refresh=1"}


def numbers(info: FootageInfo, selection: range | slice = slice(None)) -> list[int]:
    return [number_of(frame.image) for frame in read_frames(info, selection)]


@pytest.mark.parametrize("rate", ["25", "30000/1001", "24000/1001", "60000/1001", "12", "50"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi", "ts"])
def test_rate_is_the_exact_rational(tmp_path: Path, rate: str, suffix: str) -> None:
    info = probe(write_video(tmp_path / f"clip.{suffix}", frames=40, rate=Fraction(rate)))
    assert info.rate == Fraction(rate)
    assert info.has_constant_rate
    assert info.times == pytest.approx(np.arange(40) / float(Fraction(rate)), abs=1.1e-3)
    assert info.frames.tolist() == list(range(40))


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_variable_rate_keeps_each_time_stamp(tmp_path: Path, suffix: str) -> None:
    milliseconds = [0, 33, 66, 133, 166, 200, 400, 433, 466, 500]
    info = probe(write_video(tmp_path / f"clip.{suffix}", frames=10, milliseconds=milliseconds))
    assert info.times == pytest.approx(np.array(milliseconds) / 1000, abs=1e-4)
    assert not info.has_constant_rate
    frames = list(read_frames(info, slice(None)))
    assert [frame.time for frame in frames] == info.times.tolist()
    assert [number_of(frame.image) for frame in frames] == list(range(10))


def test_times_begin_at_the_first_frame(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "late.mkv", frames=4, milliseconds=[5000, 5040, 5080, 5120]))
    assert info.times == pytest.approx([0, 0.04, 0.08, 0.12])
    assert numbers(info) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("clip.mp4", "libx264", {"g": "10", "bf": "3"}),
        ("clip.mkv", "libx264", {"g": "10", "bf": "3"}),
        ("clip.ts", "libx264", {"g": "10", "bf": "3"}),
        ("clip.avi", "libx264", {"g": "10", "bf": "3"}),
        ("clip.h264", "libx264", {"g": "10", "bf": "3"}),
        ("clip.mp4", "libx265", OPEN_GROUPS),
        ("clip.mkv", "libx265", OPEN_GROUPS),
        ("clip.mp4", "libx264", INTRA_REFRESH),
        ("clip.ts", "libx264", INTRA_REFRESH),
        ("clip.mkv", "libx264", {"g": "10", "bf": "3", "x264-params": "open-gop=1"}),
        ("clip.mpg", "mpeg2video", {"g": "10", "bf": "2"}),
        ("clip.avi", "mpeg4", {"g": "10", "bf": "2"}),
        ("clip.webm", "libvpx-vp9", {"g": "10"}),
        ("clip.mov", "mjpeg", {}),
    ],
)
def test_every_start_gives_exactly_its_frames(tmp_path: Path, name: str, codec: str, options: dict[str, str]) -> None:
    pixel_format = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    info = probe(write_video(tmp_path / name, frames=36, codec=codec, pixel_format=pixel_format, options=options))
    assert len(info) == 36
    whole = [frame.image for frame in read_frames(info, slice(None))]
    assert [number_of(image) for image in whole] == list(range(36))
    for start in range(36):
        part = list(read_frames(info, range(start, min(start + 3, 36))))
        assert [frame.position for frame in part] == list(range(start, min(start + 3, 36)))
        assert all(np.array_equal(frame.image, whole[frame.position]) for frame in part)


def test_a_recording_that_begins_amid_a_group_starts_at_its_first_whole_frame(tmp_path: Path) -> None:
    path = write_video(tmp_path / "broadcast.ts", frames=60, options={"g": "20"})
    content = path.read_bytes()
    packet = 188
    path.write_bytes(content[len(content) // packet * 3 // 10 * packet :])
    info = probe(path)
    found = numbers(info)
    assert found[0] > 5
    assert found == list(range(found[0], 60))
    assert len(info) == len(found)
    assert info.times[0] == 0


def test_selection_may_skip(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "clip.mp4", frames=20))
    assert numbers(info, slice(3, 15, 4)) == [3, 7, 11]
    assert numbers(info, range(5, 5)) == []


def test_selection_outside_the_clip_is_refused(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "clip.mp4"))
    with pytest.raises(IndexError):
        next(read_frames(info, range(10, 13)))


def corner_picture(index: int, width: int, height: int) -> np.ndarray:
    """White in the upper left corner."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[: height // 2, : width // 2] = 255
    return picture


@pytest.mark.parametrize(
    ("rotation", "corner", "size"),
    [(0, (0, 0), (64, 48)), (90, (-1, 0), (48, 64)), (180, (-1, -1), (64, 48)), (-90, (0, -1), (48, 64))],
)
def test_rotation_metadata_turns_the_picture(
    tmp_path: Path, rotation: int, corner: tuple[int, int], size: tuple[int, int]
) -> None:
    info = probe(write_video(tmp_path / "phone.mp4", frames=2, rotation=rotation, picture=corner_picture))
    assert (info.width, info.height) == size
    assert info.rotation == rotation % 360
    image = next(read_frames(info, range(1))).image
    assert image.shape == (size[1], size[0], 3)
    assert image[corner].mean() > 200
    assert image.mean() < 80


def test_pixel_aspect_turns_with_the_picture(tmp_path: Path) -> None:
    aspect = Fraction(16, 11)
    assert probe(write_video(tmp_path / "pal.mp4", pixel_aspect=aspect)).pixel_aspect == aspect
    assert probe(write_video(tmp_path / "turned.mp4", pixel_aspect=aspect, rotation=90)).pixel_aspect == 1 / aspect


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format", "size"),
    [
        ("grey.mkv", "ffv1", "gray", (64, 48)),
        ("grey16.mkv", "ffv1", "gray16le", (64, 48)),
        ("alpha.mov", "qtrle", "argb", (64, 48)),
        ("alpha12.mov", "prores_ks", "yuva444p10le", (64, 48)),
        ("deep.mkv", "ffv1", "yuv444p16le", (64, 48)),
        ("hdr.mkv", "libx265", "yuv420p10le", (64, 48)),
        ("odd.mkv", "ffv1", "yuv420p", (65, 49)),
        ("film.mov", "prores_ks", "yuv422p10le", (64, 48)),
        ("palette.gif", "gif", "rgb8", (64, 48)),
    ],
)
def test_any_pixel_format_becomes_rgb(
    tmp_path: Path, name: str, codec: str, pixel_format: str, size: tuple[int, int]
) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = write_video(tmp_path / name, frames=6, size=size, codec=codec, pixel_format=pixel_format, options=options)
    info = probe(path)
    assert (info.width, info.height) == size
    for frame in read_frames(info, slice(None)):
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        assert np.abs(frame.image - numbered_picture(frame.position, *size).astype(int)).mean() < 2


def test_8k(tmp_path: Path) -> None:
    path = write_video(tmp_path / "8k.mov", frames=1, size=(7680, 4320), codec="mjpeg", pixel_format="yuvj420p")
    (frame,) = read_frames(probe(path), slice(None))
    assert frame.image.shape == (4320, 7680, 3)


@pytest.mark.filterwarnings("ignore:.* are damaged")
def test_video_that_breaks_off_gives_what_is_there(tmp_path: Path) -> None:
    path = cut_short(write_video(tmp_path / "cut.mp4", frames=40, options={"bf": "0"}), 0.8)
    with pytest.warns(UserWarning, match=r"cut\.mp4 ends early: only \d+ of its 40 frames are there"):
        info = probe(path)
    assert 5 < len(info) < 40
    found = numbers(info)
    assert found == list(range(len(found)))


def test_damage_in_the_middle_leaves_frames_out_with_a_warning(tmp_path: Path) -> None:
    path = write_video(tmp_path / "scratched.mov", frames=30, codec="png", pixel_format="rgb24", size=(256, 128))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 600] = bytes(600)
    path.write_bytes(content)
    info = probe(path)
    with pytest.warns(UserWarning, match=r"\d+ of \d+ frames of .*scratched\.mov are damaged"):
        found = [(frame.position, number_of(frame.image)) for frame in read_frames(info, slice(None))]
    assert 20 < len(found) < len(info)
    assert all(position == number for position, number in found)


def test_digest_knows_the_content_not_the_name(tmp_path: Path) -> None:
    first = write_video(tmp_path / "a.mp4")
    same = tmp_path / "b.mp4"
    same.write_bytes(first.read_bytes())
    other = write_video(tmp_path / "c.mp4", frames=11)
    assert probe(first).sha256 == probe(same).sha256 != probe(other).sha256


def test_sample_clip() -> None:
    info = probe(Path(__file__).parent.parent / "samples" / "one_hand.mp4")
    assert (info.width, info.height, info.rate, len(info)) == (640, 360, 25, 120)
    assert sum(1 for _ in read_frames(info, slice(None))) == 120


def test_real_clip(shared_data: Path) -> None:
    info = probe(shared_data / "clips" / "gestures_1280x720.mp4")
    assert (info.width, info.height, info.rate, len(info)) == (1280, 720, 25, 195)
    assert [frame.position for frame in read_frames(info, range(100, 104))] == [100, 101, 102, 103]
