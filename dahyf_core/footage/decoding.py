"""FFmpeg through PyAV: opens containers safely, and decodes frames to upright RGB."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import av
import cv2
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from dahyf_core.arrays import Image
from dahyf_core.errors import FootageError
from dahyf_core.shared.limits import PICTURE_ASPECT, PICTURE_PIXELS, PICTURE_SIDE

_DECODER_OPTIONS = {"exr": {"apply_trc": "iec61966_2_1"}}
_DECODER_THREADS = min(4, os.cpu_count() or 1)
_TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}


@contextmanager
def open_video(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The container and its main video stream, ready to decode.

    Raises FootageError when FFmpeg cannot read the file, or it holds no moving pictures. FFmpeg's file protocol
    limits playlists to local files, never the network.
    """
    try:
        container = av.open(f"file:{path}", metadata_errors="ignore")
    except (FFmpegError, OSError) as error:
        raise FootageError(
            f"{path} cannot be read as video or picture ({error.strerror}).",
            "The file may be damaged, incomplete, or not footage; check that it plays in a video player.",
        ) from error
    with container:
        yield container, _main_stream(container, path)


def _main_stream(container: InputContainer, path: Path) -> VideoStream:
    stream = container.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        content = "only sound" if container.streams.audio else "no video"
        raise FootageError(f"{path} holds {content}.", "Choose a file that has moving pictures.")
    if stream.codec_context is None:
        raise FootageError(f"{path} is incomplete, or has a codec that FFmpeg cannot decode.", "Convert it to H.264.")
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = _DECODER_THREADS
    own_options = _DECODER_OPTIONS.get(stream.codec_context.name, {})
    stream.codec_context.options = {"max_pixels": str(PICTURE_PIXELS), **own_options}
    return stream


def check_size(path: Path, width: int, height: int) -> None:
    """Raise FootageError for pictures, px, that are too large to work with."""
    if max(width, height) > PICTURE_SIDE or width * height > PICTURE_PIXELS:
        raise FootageError(
            f"{path} is {width} x {height} pixels, which is too large.", "Scale it to 8,192 pixels or less."
        )


def check_form(path: Path, width: int, height: int) -> None:
    """Raise FootageError for pictures, px, that are too large to work with, or of a shape that no camera records."""
    check_size(path, width, height)
    if max(width, height) > PICTURE_ASPECT * min(width, height):
        raise FootageError(
            f"{path} is {width} x {height} pixels, a shape that no camera records.",
            f"Crop it until the longer side is less than {PICTURE_ASPECT} times the shorter one.",
        )


def decode(stream: VideoStream, packets: "Iterator[Packet[Any]]") -> Iterator[VideoFrame]:
    """The frames in the packets. Damaged ones are left out."""
    for packet in readable(packets):
        try:
            frames = packet.decode()
        except FFmpegError:
            continue
        yield from frames
    with suppress(FFmpegError):
        yield from stream.decode(None)


def readable(packets: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any]]":
    """The packets with data, up to where the container breaks off."""
    with suppress(FFmpegError):
        for packet in packets:
            if packet.size:
                yield packet


class Orientation(NamedTuple):
    """A frame's orientation in its metadata. rotation: degrees counter-clockwise, one of 0, 90, 180, 270.

    is_mirrored: the rotated frame is flipped left to right. is_sound: whether the metadata is usable.
    """

    rotation: int
    is_mirrored: bool = False
    is_sound: bool = True


def orientation(frame: VideoFrame) -> Orientation:
    """The orientation in the frame's display matrix. A matrix of zeros counts as no orientation."""
    matrix = frame.side_data.get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-overload]  # it takes types, too
    if matrix is None:
        return Orientation(0)
    (a, b), (c, d) = np.frombuffer(bytes(matrix), np.int32).reshape(3, 3)[:2, :2].tolist()
    determinant = a * d - b * c
    if determinant == 0:
        return Orientation(0, is_sound=False)
    if determinant < 0:
        a, c = -a, -c
    degrees = -math.degrees(math.atan2(b, a))
    return Orientation(round(degrees / 90) * 90 % 360, determinant < 0)


def upright_rotation(frame: VideoFrame) -> int:
    """Degrees counter-clockwise, one of 0, 90, 180, 270, by which the frame's metadata turns it."""
    return orientation(frame).rotation


def to_image(frame: VideoFrame, size: tuple[int, int] | None = None) -> Image:
    """The frame as (H, W, 3) uint8 RGB, turned upright. size: (width, height) before turning, if not the frame's own.

    Alpha is dropped: straight colours stay as they are, premultiplied ones are composited on black. Deep colours are
    rounded to 8 bits; linear light (OpenEXR) is encoded as sRGB.
    """
    width, height = size or (frame.width, frame.height)
    image: Image = np.ascontiguousarray(
        frame.to_ndarray(format="rgb24", width=width, height=height, threads=1), dtype=np.uint8
    )
    rotation = upright_rotation(frame)
    return cv2.rotate(image, _TURNS[rotation]).astype(np.uint8, copy=False) if rotation else image
