"""Animated pictures. PNG and AVIF are videos to FFmpeg; it does not read animated WebP, which OpenCV decodes."""

from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from dahyf_core.errors import FootageError
from dahyf_core.footage.decoding import check_form
from dahyf_core.footage.digest import digest_files
from dahyf_core.footage.info import FootageInfo, Frame
from dahyf_core.footage.rates import frame_rate

_HEADER: Final = 64
_AT_ONCE: Final = 256 << 20
"""Bytes: of a file's beginning that says whether it is animated; of the frames that are decoded together."""

_SHORTEST: Final = 10
_INSTEAD: Final = 100
"""Milliseconds: a frame that is to be shown for less than this is shown for that, as browsers do."""

_TICK: Final = 1e-3


def is_animation(path: Path) -> bool:
    """Whether a picture is an animated PNG, WebP or AVIF. TIFF's pages do not follow each other in time."""
    with path.open("rb") as stream:
        start = stream.read(_HEADER)
    if is_webp(start):
        return start[12:16] == b"VP8X" and bool(start[20] & 2)
    if start[:8] == b"\x89PNG\r\n\x1a\n":
        return cv2.imcount(str(path)) > 1
    return start[4:12] == b"ftypavis"


def is_webp(start: bytes) -> bool:
    """Whether a file begins as WebP does."""
    return start[:4] == b"RIFF" and start[8:12] == b"WEBP"


def is_animated_webp(path: Path) -> bool:
    """Whether a file is an animated WebP, whatever its name."""
    with path.open("rb") as stream:
        start = stream.read(_HEADER)
    return is_webp(start) and is_animation(path)


def probe_webp(path: Path) -> FootageInfo:
    """Index an animated WebP by its chunks; nothing is decoded. Raises FootageError when it holds no frames."""
    size, durations = _frames(path)
    if not durations:
        raise FootageError(f"{path} holds no frames that can be decoded.", "Export it again.")
    check_form(path, *size)
    times = np.cumsum([0, *durations[:-1]]) * _TICK
    rate, is_constant = frame_rate(times, _TICK, [Fraction(1000, durations[0])])
    return FootageInfo(
        path=path,
        kind="video",
        width=size[0],
        height=size[1],
        rate=rate,
        times=times,
        frames=np.arange(len(times)),
        sha256=digest_files([path]),
        has_constant_rate=is_constant,
    )


def read_webp(info: FootageInfo, positions: range) -> Generator[Frame, None, None]:
    """The frames at the given positions, which rise; alpha is dropped. What cannot be decoded is left out."""
    content = np.fromfile(info.path, dtype=np.uint8)
    step = max(1, _AT_ONCE // (4 * info.width * info.height))
    for start in range(positions.start, positions.stop, step):
        count = min(step, positions.stop - start)
        try:
            _, animation = cv2.imdecodeanimation(content, start=start, count=count)
        except cv2.error:
            return
        for position, image in enumerate(animation.frames, start):
            if position in positions:
                picture = np.ascontiguousarray(image[..., 2::-1], dtype=np.uint8)
                yield Frame(position, int(info.frames[position]), float(info.times[position]), picture)


def _frames(path: Path) -> tuple[tuple[int, int], list[int]]:
    """Width and height, px, and the duration of each frame, ms, from the chunks of an animated WebP."""
    size, durations = (0, 0), []
    with path.open("rb") as stream:
        stream.seek(12)
        while len(head := stream.read(8)) == 8:
            name, length = head[:4], int.from_bytes(head[4:], "little")
            after = stream.tell() + length + length % 2
            body = stream.read(min(length, 16))
            if name == b"VP8X" and len(body) >= 10:
                size = (_number(body[4:7]) + 1, _number(body[7:10]) + 1)
            elif name == b"ANMF" and len(body) == 16:
                shown = _number(body[12:15])
                durations.append(shown if shown >= _SHORTEST else _INSTEAD)
            stream.seek(after)
    return size, durations


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")
