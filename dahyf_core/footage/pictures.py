"""Stills and image sequences: finding the files, and reading them."""

import re
import warnings
from collections import defaultdict
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.errors import FootageError
from dahyf_core.files import is_file
from dahyf_core.footage.animations import is_animation
from dahyf_core.footage.decoding import check_form, check_size, decode, open_video, to_image
from dahyf_core.footage.digest import digest_files
from dahyf_core.footage.filters import ToneMapper
from dahyf_core.footage.info import FootageInfo, Frame

# fmt: off
PICTURE_SUFFIXES = frozenset({
    ".avif", ".bmp", ".dpx", ".exr", ".j2k", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm",
    ".tga", ".tif", ".tiff", ".webp",
})
# fmt: on

_NUMBERED = re.compile(r"(?P<head>.*?)(?P<number>\d{1,9})(?P<tail>\D*)")
_PLACEHOLDER = re.compile(r"#+|%0?\d*d")

Series = dict[int, Path]


def find_pictures(path: Path, as_sequence: bool = False) -> Series | None:
    """The pictures of a path by their numbers, in order; None if the path is a file but not a picture, or animated.

    A path is a folder, a pattern such as shot_####.png or shot_%04d.png, or one picture, which is number 0.
    as_sequence: one picture stands for all that are numbered like it, from its own number on.

    Warns of a picture that may be meant as the first of a sequence. Raises FootageError when there is nothing at the
    path, or a folder holds no picture or several series.
    """
    if path.is_dir():
        return _series_in_folder(path)
    if not path.exists():
        if _PLACEHOLDER.search(path.name):
            return _series_of_pattern(path)
        raise FootageError(f"{path} does not exist.", "Check the spelling of the path.")
    if not path.is_file():
        raise FootageError(f"{path} is a pipe or a device, not a file.", "Save the footage as a file first.")
    if path.suffix.lower() not in PICTURE_SUFFIXES or is_animation(path):
        return None
    name, first = _series_name(path)
    series = {number: file for number, file in _group(path.parent).get(name, {}).items() if number >= first}
    if as_sequence:
        return series or {0: path}
    if len(series) > 1 and next(iter(series.values())) == path:
        warnings.warn(
            f"{path} is read as one picture. For the sequence of {len(series)} that begins with it, give "
            f"{pattern_of(path)}, the folder, or --sequence.",
            stacklevel=4,
        )
    return {0: path}


def pattern_of(picture: Path) -> Path:
    """The pattern of the pictures that are numbered like this one: shot_%04d.png."""
    (head, tail), _ = _series_name(picture)
    digits = len(picture.name) - len(head) - len(tail)
    return picture.with_name(f"{head}%0{digits}d{tail}")


def probe_pictures(path: Path, pictures: Series, rate: Fraction) -> FootageInfo:
    """Describe a still or a sequence, by its first picture. Raises FootageError when that cannot be read."""
    files = tuple(pictures.values())
    numbers = np.array(list(pictures), dtype=np.int64)
    image = read_picture(files[0])
    check_form(files[0], image.shape[1], image.shape[0])
    return FootageInfo(
        path=path,
        kind="sequence" if len(files) > 1 else "still",
        width=image.shape[1],
        height=image.shape[0],
        rate=rate,
        times=(numbers - numbers[0]) * (rate.denominator / rate.numerator),
        frames=numbers,
        sha256=digest_files(files),
        has_constant_rate=bool(len(numbers) == numbers[-1] - numbers[0] + 1),
        files=files,
    )


def read_pictures(info: FootageInfo, positions: range) -> Generator[Frame, None, None]:
    """The pictures at the given positions. Raises FootageError when one cannot be read or has another size."""
    for position in positions:
        path = info.files[position]
        image = read_picture(path)
        if image.shape != (info.height, info.width, 3):
            raise FootageError(
                f"{path} is {image.shape[1]} x {image.shape[0]} pixels, but the sequence began with "
                f"{info.width} x {info.height}.",
                "Give all pictures of the sequence the same size, or choose a single picture.",
            )
        yield Frame(position, int(info.frames[position]), float(info.times[position]), image)


def read_picture(path: Path) -> Image:
    """One picture as (H, W, 3) uint8 RGB, turned upright as its EXIF data says; alpha is dropped.

    OpenCV reads the common formats, FFmpeg those of film. Raises FootageError.
    """
    if not is_file(path):
        raise FootageError(f"{path} is not a file.", "Choose a picture.")
    image = _decoded_by_opencv(path)
    if image is None:
        image = _decoded_by_ffmpeg(path)
    check_size(path, image.shape[1], image.shape[0])
    return image


def _decoded_by_opencv(path: Path) -> Image | None:
    try:
        image = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error as error:
        if "MAX_IMAGE" in error.err:
            raise FootageError(f"{path} has too many pixels.", "Scale it to 8,192 pixels or less a side.") from error
        return None
    except OSError:
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def _decoded_by_ffmpeg(path: Path) -> Image:
    with open_video(path) as (container, stream):
        for frame in decode(stream, container.demux(stream)):
            check_size(path, frame.width, frame.height)
            return to_image(ToneMapper()(frame))
    raise FootageError(f"{path} cannot be read as a picture.", "It may be damaged; export it again.")


def _series_in_folder(folder: Path) -> Series:
    groups = _group(folder)
    if not groups:
        raise FootageError(f"The folder {folder} holds no pictures.", "Choose a video file or a folder of pictures.")
    if len(groups) > 1:
        first, second, *_ = (next(iter(series.values())).name for series in groups.values())
        raise FootageError(
            f"The folder {folder} holds pictures of more than one series, such as {first} and {second}.",
            "Choose the first file of the series that you want.",
        )
    return next(iter(groups.values()))


def _series_of_pattern(pattern: Path) -> Series:
    literal = [re.escape(part) for part in _PLACEHOLDER.split(pattern.name, maxsplit=1)]
    matches = re.compile(r"(\d{1,9})".join(literal))
    found: Series = {}
    if pattern.parent.is_dir():
        for path in sorted(pattern.parent.iterdir()):
            if (match := matches.fullmatch(path.name)) and path.is_file():
                found.setdefault(int(match[1]), path)
    if not found:
        raise FootageError(f"No file matches {pattern}.", "Check the folder and the pattern.")
    return dict(sorted(found.items()))


def _group(folder: Path) -> dict[tuple[str, str], Series]:
    """The pictures of a folder by series, and by number within each; hidden files are not among them."""
    groups: defaultdict[tuple[str, str], Series] = defaultdict(dict)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in PICTURE_SUFFIXES and not path.name.startswith(".") and path.is_file():
            name, number = _series_name(path)
            groups[name].setdefault(number, path)
    return {name: dict(sorted(series.items())) for name, series in groups.items()}


def _series_name(path: Path) -> tuple[tuple[str, str], int]:
    """The text before and after the last number in a file's name, and that number, or 0 without one."""
    if match := _NUMBERED.fullmatch(path.stem):
        return (match["head"], match["tail"] + path.suffix), int(match["number"])
    return (path.stem, path.suffix), 0
