"""Image sequences and stills."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from footage_factory import Picture, number_of, numbered_picture, write_picture, write_pictures, write_video

from dahyf_core.errors import FootageError, SettingsError
from dahyf_core.footage import DEFAULT_RATE, probe, read_frames

EXIF_TURN_CLOCKWISE = bytes.fromhex(
    "4578696600004d4d002a000000080001011200030000000100060000000000 00".replace(" ", "")
)


@pytest.mark.parametrize(
    ("path", "as_sequence"),
    [("", False), ("shot_####.png", False), ("shot_%04d.png", False), ("shot_%d.png", False), ("shot_0008.png", True)],
)
def test_sequence_with_gaps_keeps_its_numbers(tmp_path: Path, path: str, as_sequence: bool) -> None:
    write_pictures(tmp_path, [8, 9, 10, 13, 20])
    (tmp_path / "notes.txt").write_text("not a picture")
    info = probe(tmp_path / path, rate=Fraction(30000, 1001), as_sequence=as_sequence)
    assert info.kind == "sequence"
    assert info.frames.tolist() == [8, 9, 10, 13, 20]
    assert info.times == pytest.approx(np.array([0, 1, 2, 5, 12]) * 1.001 / 30)
    assert not info.has_constant_rate
    frames = list(read_frames(info, slice(1, None)))
    assert [frame.number for frame in frames] == [9, 10, 13, 20]
    assert [number_of(frame.image) for frame in frames] == [9, 10, 13, 20]


def test_numbers_count_not_names(tmp_path: Path) -> None:
    info = probe(write_pictures(tmp_path, [1, 2, 10], pattern="{}.png"))
    assert info.frames.tolist() == [1, 2, 10]
    assert info.rate == DEFAULT_RATE


def test_one_numbered_picture_is_a_still_and_the_sequence_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, [8, 9, 10], pattern="IMG_{:04d}.png")
    with pytest.warns(UserWarning, match=r"is read as one picture. For the sequence of 3 .* give .*IMG_%04d\.png, the"):
        info = probe(tmp_path / "IMG_0008.png")
    assert (info.kind, len(info), info.frames.tolist()) == ("still", 1, [0])
    assert len(probe(tmp_path / "IMG_%04d.png")) == 3


@pytest.mark.parametrize(("first", "numbers"), [("shot_0009.png", [9, 12]), ("shot_0012.png", [12])])
def test_a_sequence_begins_with_the_picture_that_is_given(tmp_path: Path, first: str, numbers: list[int]) -> None:
    write_pictures(tmp_path, [8, 9, 12])
    info = probe(tmp_path / first, as_sequence=True)
    assert info.frames.tolist() == numbers
    assert [number_of(frame.image) for frame in read_frames(info, slice(None))] == numbers


def test_a_file_amid_a_series_is_a_still(tmp_path: Path) -> None:
    write_pictures(tmp_path, [8, 9])
    info = probe(tmp_path / "shot_0009.png")
    assert (info.kind, len(info), info.frames.tolist()) == ("still", 1, [0])
    assert [number_of(frame.image) for frame in read_frames(info, slice(None))] == [9]


def test_hidden_files_are_no_part_of_a_series(tmp_path: Path) -> None:
    write_pictures(tmp_path, [1, 2])
    write_pictures(tmp_path, [1], pattern="._shot_{:04d}.png")
    assert len(probe(tmp_path)) == 2
    assert probe(tmp_path / "._shot_0001.png").kind == "still"


def alpha_picture() -> Picture:
    picture = np.dstack([numbered_picture(5), np.full((48, 64, 1), 255, np.uint8)])
    picture[:24, :, 3] = 0
    return picture


@pytest.mark.parametrize(
    ("name", "picture"),
    [
        ("still.jpg", numbered_picture(5)),
        ("still.tif", numbered_picture(5)),
        ("still.webp", numbered_picture(5)),
        ("still.bmp", numbered_picture(5)),
        ("odd.png", numbered_picture(5, 65, 49)),
        ("grey.png", numbered_picture(5)[:, :, :1]),
        ("alpha.png", alpha_picture()),
        ("deep.png", numbered_picture(5).astype(np.uint16) * 257),
        ("brackets[1] 100%d.png", numbered_picture(5)),
    ],
)
def test_still_becomes_rgb(tmp_path: Path, name: str, picture: Picture) -> None:
    info = probe(write_picture(tmp_path / name, picture))
    assert info.kind == "still"
    (frame,) = read_frames(info, slice(None))
    assert frame.image == pytest.approx(numbered_picture(5, info.width, info.height), abs=12)


def test_film_formats_are_read_and_linear_light_is_encoded(tmp_path: Path) -> None:
    def grey(index: int, width: int, height: int) -> Picture:
        return np.full((height, width, 3), 128, dtype=np.uint8)

    write_video(tmp_path / "plate.0001.exr", frames=1, codec="exr", pixel_format="gbrpf32le", picture=grey)
    (frame,) = read_frames(probe(tmp_path / "plate.0001.exr"), slice(None))
    assert frame.image == pytest.approx(np.full((48, 64, 3), 188), abs=2)


def test_exif_orientation_turns_a_photograph(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "phone.jpg", numbered_picture(5))
    jpeg = path.read_bytes()
    segment = b"\xff\xe1" + (len(EXIF_TURN_CLOCKWISE) + 2).to_bytes(2, "big") + EXIF_TURN_CLOCKWISE
    path.write_bytes(jpeg[:2] + segment + jpeg[2:])
    info = probe(path)
    assert (info.width, info.height) == (48, 64)
    assert next(read_frames(info, range(1))).image.shape == (64, 48, 3)


def test_digest_sees_a_changed_picture(tmp_path: Path) -> None:
    before = probe(write_pictures(tmp_path, [1, 2, 3], pattern="{:03d}.bmp")).sha256
    write_picture(tmp_path / "002.bmp", numbered_picture(77))
    assert probe(tmp_path).sha256 != before


def test_folder_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"The folder .* holds no pictures"):
        probe(tmp_path)


def test_folder_with_two_series(tmp_path: Path) -> None:
    write_pictures(tmp_path, [1, 2])
    write_pictures(tmp_path, [1, 2], pattern="mask_{:04d}.png")
    with pytest.raises(FootageError, match=r"more than one series, such as mask_0001\.png and shot_0001\.png"):
        probe(tmp_path)
    assert len(probe(tmp_path / "mask_####.png")) == 2


def test_pattern_without_files(tmp_path: Path) -> None:
    with pytest.raises(FootageError, match=r"No file matches .*shot_####\.png"):
        probe(tmp_path / "shot_####.png")


def test_pictures_of_different_sizes(tmp_path: Path) -> None:
    write_pictures(tmp_path, [1, 2])
    write_pictures(tmp_path, [3], size=(32, 32))
    with pytest.raises(FootageError, match=r"shot_0003\.png is 32 x 32 pixels, but the sequence began with 64 x 48"):
        list(read_frames(probe(tmp_path), slice(None)))


def test_damaged_picture_is_named(tmp_path: Path) -> None:
    write_pictures(tmp_path, [1, 2, 3])
    (tmp_path / "shot_0002.png").write_bytes(b"damaged")
    with pytest.raises(FootageError, match=r"shot_0002\.png cannot be read"):
        list(read_frames(probe(tmp_path), slice(None)))


def test_heif_is_refused(tmp_path: Path) -> None:
    (tmp_path / "IMG_0001.HEIC").write_bytes(b"\0" * 64)
    with pytest.raises(FootageError, match="HEIF picture, which is not supported"):
        probe(tmp_path / "IMG_0001.HEIC")


def test_impossible_rate(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="rate of 0 frames per second"):
        probe(write_pictures(tmp_path, [1]), rate=Fraction(0))
