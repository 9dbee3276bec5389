"""Videos: an index of their frames, made without decoding them, and reading of the frames."""

import itertools
import warnings
from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from dahyf_core.errors import FootageError
from dahyf_core.footage.decoding import check_form, decode, open_video, orientation, readable, to_image
from dahyf_core.footage.digest import digest_files
from dahyf_core.footage.filters import Deinterlacing, ToneMapper, deinterlaced, dynamic_range, is_interlaced
from dahyf_core.footage.info import FootageInfo, Frame
from dahyf_core.footage.rates import DEFAULT_RATE, frame_rate
from dahyf_core.shared.limits import PAUSE

_FORMATS_IN_DECODING_ORDER = {"avi"}
"""Formats without presentation times. Those that FFmpeg makes up are wrong for reordered frames."""

_STATING_LENGTH = {"matroska", "webm", "mov", "mp4", "flv", "asf", "mxf", "nut"}
"""Formats that state their length in the header. For others, FFmpeg reports what it found or guessed."""

_SLACK = 0.1
"""Largest error of a stated length, seconds."""

_SEEK_MARGINS = (0, 10)
"""Seconds before the wanted frame at which a key frame is searched, before decoding from the start."""


class _Timeline(NamedTuple):
    """stamps: (F,), or empty where frames can only be counted. times: (F,) seconds from the first frame."""

    stamps: NDArray[np.int64]
    times: NDArray[np.float64]
    rate: Fraction
    is_constant: bool


def probe_video(path: Path, deinterlace: Deinterlacing = "auto") -> FootageInfo:
    """Index a video by reading its packets; one frame is decoded. deinterlace: of the frames that are read later.

    Raises FootageError when nothing in it can be decoded, or its pictures are of a size that no camera gives. Warns
    if it ends early, has a long pause, or has display metadata that is ignored.
    """
    first = _first_frame(path)
    check_form(path, first.width, first.height)
    with open_video(path) as (container, stream):
        timeline = _timeline(container, stream, first.pts)
        pixel_aspect = stream.sample_aspect_ratio or Fraction(1)
    rotation = _checked_rotation(path, first)
    _warn_of_pause(path, timeline)
    width, height = first.width, first.height
    if rotation % 180:
        width, height, pixel_aspect = height, width, 1 / pixel_aspect
    return FootageInfo(
        path=path,
        kind="video",
        width=width,
        height=height,
        rate=timeline.rate,
        times=timeline.times,
        frames=np.arange(len(timeline.times)),
        sha256=digest_files([path]),
        rotation=rotation,
        has_constant_rate=timeline.is_constant,
        pixel_aspect=pixel_aspect,
        stamps=timeline.stamps,
        deinterlace=deinterlace,
        is_interlaced=is_interlaced(first),
        dynamic_range=dynamic_range(first),
    )


def read_video(info: FootageInfo, positions: range) -> Generator[Frame, None, None]:
    """The frames at the given positions, which rise; those that cannot be decoded are left out.

    They are deinterlaced and tone-mapped as `filters` describes.
    """
    size = (info.width, info.height) if info.rotation % 180 == 0 else (info.height, info.width)
    tone_mapped = ToneMapper()
    before = max(positions.start - 1, 0)  # deinterlacing looks at the frame before
    for position, frame in deinterlaced(_located_frames(info, before), info.deinterlace):
        if position >= positions.stop:
            return
        if position in positions:
            image = to_image(tone_mapped(frame), size)
            yield Frame(position, int(info.frames[position]), float(info.times[position]), image)


def _first_frame(path: Path) -> VideoFrame:
    with open_video(path) as (container, stream):
        for frame in decode(stream, container.demux(stream)):
            return frame
    raise FootageError(
        f"{path} holds no frames that can be decoded.", "Check that it plays in a video player, or convert it again."
    )


def _checked_rotation(path: Path, first: VideoFrame) -> int:
    """Degrees counter-clockwise by which the pictures are turned. Warns of other display metadata."""
    found = orientation(first)
    if not found.is_sound:
        warnings.warn(f"{path} has an empty display matrix; it is read without rotation.", stacklevel=4)
    if found.is_mirrored:
        warnings.warn(
            f"{path} asks players to show it mirrored, which is ignored. If hands get the wrong side, capture it"
            " with --mirrored.",
            stacklevel=4,
        )
    return found.rotation


def _warn_of_pause(path: Path, timeline: _Timeline) -> None:
    pauses = np.diff(timeline.times)
    if len(pauses) and pauses.max() > PAUSE:
        after = int(pauses.argmax())
        warnings.warn(
            f"{path} pauses for {pauses.max() / 60:.0f} minutes between its frames {after} and {after + 1}: its time "
            "stamps may be damaged.",
            stacklevel=4,
        )


def _timeline(container: InputContainer, stream: VideoStream, first_pts: int | None) -> _Timeline:
    """When each frame is shown. Frames before the first that can be decoded do not count."""
    shown: list[tuple[int | None, int | None]] = []
    ends = {other.index: 0.0 for other in container.streams}
    count = 0
    for packet in readable(container.demux()):
        stamp = packet.pts if packet.pts is not None else packet.dts
        if stamp is not None and packet.time_base:
            end = float((stamp + (packet.duration or 0)) * packet.time_base)
            ends[packet.stream_index] = max(ends[packet.stream_index], end)
        if packet.stream_index != stream.index:
            continue
        count += 1
        if not packet.is_discard:
            shown.append((packet.pts, packet.dts))
    _warn_of_cut(container, stream, count, ends)
    tick = float(stream.time_base or 0)
    stated = [rate for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate) if rate]

    stamps = None
    if container.format.name not in _FORMATS_IN_DECODING_ORDER:
        stamps = _in_order([pts for pts, _ in shown])
    if stamps is not None and first_pts is not None and first_pts in stamps:
        stamps = stamps[stamps >= first_pts]
        times = _seconds(stamps, tick)
        return _Timeline(stamps, times, *frame_rate(times, tick, stated))

    no_stamps = np.zeros(0, dtype=np.int64)
    order = _in_order([dts for _, dts in shown])
    if order is not None:
        times = _seconds(order, tick)
        return _Timeline(no_stamps, times, *frame_rate(times, tick, stated))
    rate = stated[0] if stated else DEFAULT_RATE
    times = _seconds(np.arange(len(shown)), rate.denominator / rate.numerator)
    return _Timeline(no_stamps, times, rate, True)


def _warn_of_cut(container: InputContainer, stream: VideoStream, count: int, ends: dict[int, float]) -> None:
    """Warn if a file holds less than it states. ends: seconds at which the packets of each stream end.

    A stream may leave out repeated frames, so fewer frames can fill its whole time.
    """
    path = container.name.removeprefix("file:")
    frame = float(1 / stream.guessed_rate) if stream.guessed_rate else 0.0
    end = ends[stream.index] - float((stream.start_time or 0) * (stream.time_base or 0))
    whole = stream.duration is not None and end >= float(stream.duration * (stream.time_base or 0)) - 1.5 * frame
    if count < stream.frames and not whole:
        warnings.warn(f"{path} ends early: only {count} of its {stream.frames} frames are there.", stacklevel=5)
        return
    if stream.frames or container.duration is None or not _STATING_LENGTH & set(container.format.name.split(",")):
        return
    promised, there = container.duration / av.time_base, max(ends.values())
    if there < promised - 2 * frame - _SLACK:
        expected = f" of about {round(promised / frame)}" if frame else ""
        warnings.warn(
            f"{path} ends early: only {there:.2f} of its {promised:.2f} seconds are there, {count}{expected} frames.",
            stacklevel=5,
        )


def _in_order(stamps: list[int | None]) -> NDArray[np.int64] | None:
    """The stamps in rising order and each once, or None when any is missing."""
    known = [stamp for stamp in stamps if stamp is not None]
    return np.unique(np.array(known, dtype=np.int64)) if known and len(known) == len(stamps) else None


def _seconds(stamps: NDArray[np.int64], tick: float) -> NDArray[np.float64]:
    return np.asarray((stamps - stamps[0]) * tick, dtype=np.float64)


def _located_frames(info: FootageInfo, start: int) -> Iterator[tuple[int, VideoFrame]]:
    """Decoded frames with their positions, which rise, from `start` or earlier."""
    if not len(info.stamps):
        yield from enumerate(itertools.islice(_all_frames(info.path), len(info)))
        return
    done = -1
    for frame in _frames_from(info.path, int(info.stamps[start])) if start else _all_frames(info.path):
        position = int(np.searchsorted(info.stamps, frame.pts)) if frame.pts is not None else len(info)
        if done < position < len(info) and info.stamps[position] == frame.pts:
            done = position
            yield position, frame


def _all_frames(path: Path) -> Iterator[VideoFrame]:
    with open_video(path) as (container, stream):
        yield from decode(stream, container.demux(stream))


def _frames_from(path: Path, stamp: int) -> Iterator[VideoFrame]:
    """Decoded frames that begin at or before the stamp.

    After a seek, decoders hold back frames that they cannot decode exactly: those before the key frame of an open group
    of pictures, or during an intra refresh. So if the first frame is not too late, all following frames are exact.
    """
    for margin in _SEEK_MARGINS:
        with open_video(path) as (container, stream):
            with suppress(FFmpegError):
                container.seek(stamp - round(margin / float(stream.time_base or 1)), stream=stream)
            frames = decode(stream, container.demux(stream))
            first = next(frames, None)
            if first is not None and first.pts is not None and first.pts <= stamp:
                yield first
                yield from frames
                return
    yield from _all_frames(path)
