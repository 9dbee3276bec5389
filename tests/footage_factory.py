"""Small footage made on the spot. Every picture carries its number as bars: a test can tell which one it got."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
_BITS = 8


def numbered_picture(number: int, width: int = 64, height: int = 48) -> Picture:
    """(height, width, 3) RGB: eight upright bars, white for the ones of the number's bits, highest on the left."""
    bits = [number >> bit & 1 for bit in reversed(range(_BITS))]
    bars = np.repeat(np.array(bits, dtype=np.uint8) * 255, -(-width // _BITS))[:width]
    return np.ascontiguousarray(np.broadcast_to(bars[None, :, None], (height, width, 3)))


def number_of(picture: Picture) -> int:
    """The number that `numbered_picture` drew, compression and small changes of colour notwithstanding."""
    width = -(-picture.shape[1] // _BITS)
    bars = [picture[:, bar * width : (bar + 1) * width].mean() > 127 for bar in range(_BITS)]
    return sum(int(bar) << bit for bar, bit in zip(bars, reversed(range(_BITS)), strict=True))


def write_video(
    path: Path,
    frames: int = 12,
    size: tuple[int, int] = (64, 48),
    rate: Fraction = Fraction(25),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    milliseconds: Sequence[int] | None = None,
    rotation: int = 0,
    pixel_aspect: Fraction = Fraction(1),
    options: dict[str, str] | None = None,
    picture: Callable[[int, int, int], Picture] = numbered_picture,
) -> Path:
    """A video of numbered pictures, its index in front. milliseconds: each frame's time, where the rate is to vary.
    rotation: degrees counter-clockwise that the metadata asks for. options: the encoder's."""
    width, height = size
    time_base = Fraction(1, 1000) if milliseconds else 1 / rate
    container_options = {"movflags": "faststart"} if path.suffix in {".mp4", ".mov"} else {}
    with av.open(str(path), "w", options=container_options) as container:
        stream = container.add_stream(codec, rate=rate, options=options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = time_base
        stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation:
            stream.set_display_rotation(rotation)
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(index, width, height), "rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = milliseconds[index] if milliseconds else index, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_frameless_video(path: Path) -> Path:
    """A well-formed video with no frame in it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    return path


def write_sound(path: Path) -> Path:
    """A second of silence."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 48000), dtype=np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_pictures(
    folder: Path, numbers: Iterable[int], pattern: str = "shot_{:04d}.png", size: tuple[int, int] = (64, 48)
) -> Path:
    """A folder of numbered pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        write_picture(folder / pattern.format(number), numbered_picture(number, *size))
    return folder


def write_picture(path: Path, picture: Picture) -> Path:
    """One picture (H, W, 1, 3 or 4), RGB or RGBA, of 8 or 16 bits."""
    channels = picture.shape[2]
    swapped = picture[..., [2, 1, 0, 3][:channels]] if channels > 1 else picture
    assert cv2.imwrite(str(path), swapped)
    return path


def cut_short(path: Path, share: float = 0.5) -> Path:
    """Keep the given share of a file's bytes."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path
