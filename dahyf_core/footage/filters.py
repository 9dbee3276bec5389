"""FFmpeg's filters between decoder and picture: interlaced frames become whole ones, HDR becomes SDR."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal

import av.filter
from av.error import BlockingIOError, EOFError
from av.video.frame import VideoFrame

Deinterlacing = Literal["auto", "on", "off"]
"""Which frames are deinterlaced: those that are marked as interlaced, all, or none."""

_FIELD_RULES: Final = {"auto": "interlaced", "on": "all"}
"""Names of FFmpeg's bwdif for the first two."""

_GIVEN: Final = -1
"""Stands for the position of a frame that has been given already, which the filter needs to see."""

DynamicRange = Literal["SDR", "PQ", "HLG"]

_RANGES: Final[dict[int, DynamicRange]] = {16: "PQ", 18: "HLG"}
_BT2020: Final = 9
"""Codes of ITU-T H.273: transfer characteristics 16 and 18, colour primaries 9."""

_CODE: Final = "clip(val/65280,0,1)"
"""A value of a 16-bit picture, 0 to 1. FFmpeg makes 8-bit white 255 of video into 255 * 256."""

_WHITE: Final = 203
_PEAK: Final = 1000 / _WHITE
"""Candelas per square metre of diffuse white (ITU-R BT.2408), which is 1 below; the brightest light, in whites."""

_KNEE: Final = 0.3
"""Light up to here, in whites, keeps its brightness."""

_PQ_ROOT: Final = f"pow({_CODE},1/78.84375)"
_LIGHT: Final = {
    "PQ": f"pow(max({_PQ_ROOT}-0.8359375,0)/(18.8515625-18.6875*{_PQ_ROOT}),1/0.1593017578125)*10000/{_WHITE}",
    "HLG": f"pow(if(lte({_CODE},0.5),pow({_CODE},2)/3,(exp(({_CODE}-0.55991073)/0.17883277)+0.28466892)/12),1.2)"
    f"*1000/{_WHITE}",
}
"""Light in whites of a colour component (ITU-R BT.2100). HLG is that of a screen of 1000 candelas per square metre;
its system gamma is applied to each component, not to their luminance."""


def _toned(light: str) -> str:
    """Light of up to _PEAK whites as 16-bit values of up to 1 white, by the Möbius curve of FFmpeg's tonemap filter."""
    a = -(_KNEE**2) * (_PEAK - 1) / (_KNEE**2 - 2 * _KNEE + _PEAK)
    b = (_KNEE**2 - 2 * _KNEE * _PEAK + _PEAK) / (_PEAK - 1)
    scale = (b**2 + 2 * b * _KNEE + _KNEE**2) / (b - a)
    return f"st(0,min({light},{_PEAK}));65535*if(lte(ld(0),{_KNEE}),ld(0),{scale}*(ld(0)+{a})/(ld(0)+{b}))"


_TO_BT709: Final = "rr=1.6605:rg=-0.5876:rb=-0.0728:gr=-0.1246:gg=1.1329:gb=-0.0083:br=-0.0182:bg=-0.1006:bb=1.1187"
"""Linear light of BT.2020's primaries to that of BT.709's (ITU-R BT.2087)."""

_TO_SRGB: Final = "st(0,val/65535);65535*if(lte(ld(0),0.0031308),12.92*ld(0),1.055*pow(ld(0),1/2.4)-0.055)"


class _Filters:
    """A chain of filters that gives one frame for each that it takes, in order, some of them later."""

    def __init__(self, first: VideoFrame, filters: Iterable[tuple[str, str]]) -> None:
        self._graph = av.filter.Graph()
        nodes = [
            self._graph.add_buffer(
                width=first.width,
                height=first.height,
                format=first.format,
                time_base=first.time_base or Fraction(1, 1000),
            ),
            *(self._graph.add(name, arguments) for name, arguments in filters),
            self._graph.add("buffersink"),
        ]
        for node, following in pairwise(nodes):
            node.link_to(following)
        self._graph.configure()

    def __call__(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """The frames that are done when this one is taken; with None, all the others."""
        self._graph.vpush(frame)
        while True:
            try:
                yield self._graph.vpull()
            except (BlockingIOError, EOFError):
                return


def is_interlaced(frame: VideoFrame) -> bool:
    """Whether a frame is marked as two fields of different times."""
    return frame.interlaced_frame


def deinterlaced(frames: Iterable[tuple[int, VideoFrame]], rule: Deinterlacing) -> Iterator[tuple[int, VideoFrame]]:
    """Decoded frames with their positions; interlaced ones show the time of their first field only.

    FFmpeg's bwdif takes the lines of the other field from this and the neighbouring frames. So a frame is exact when
    the frame before it has been given, too. Positions, number and time stamps stay.
    """
    waiting: list[int] = []
    filters, form, before = None, None, None
    for position, frame in frames:
        if filters is not None and _form(frame) != form:
            yield from _numbered(waiting, filters(None))
            filters = before = None
        if rule == "off" or (filters is None and rule == "auto" and not is_interlaced(frame)):
            yield position, frame
            before = frame
            continue
        if filters is None:
            filters, form = _Filters(frame, [("bwdif", f"mode=send_frame:deint={_FIELD_RULES[rule]}")]), _form(frame)
            if before is not None and _form(before) == form:
                waiting.append(_GIVEN)
                yield from _numbered(waiting, filters(before))
        waiting.append(position)
        yield from _numbered(waiting, filters(frame))
    if filters is not None:
        yield from _numbered(waiting, filters(None))


def _numbered(waiting: list[int], done: Iterable[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
    """The frames that are done, with the positions that have waited the longest; those given before are left out."""
    for frame in done:
        position = waiting.pop(0)
        if position != _GIVEN:
            yield position, frame


def _form(frame: VideoFrame) -> tuple[int, int, str]:
    return frame.width, frame.height, frame.format.name


def dynamic_range(frame: VideoFrame) -> DynamicRange:
    """How a frame encodes light."""
    return _RANGES.get(int(frame.color_trc), "SDR")


class ToneMapper:
    """Makes pictures for screens of today from HDR frames; others stay as they are.

    Light up to 61 candelas per square metre keeps its brightness; the rest, up to 1000, is pressed together, so that
    diffuse white becomes 216 of 255.
    """

    def __init__(self) -> None:
        self._filters: dict[tuple[int, int, str, int, int], _Filters] = {}

    def __call__(self, frame: VideoFrame) -> VideoFrame:
        """The frame, with its colours as sRGB's where it was HDR."""
        encoding = dynamic_range(frame)
        if encoding == "SDR":
            return frame
        key = (*_form(frame), int(frame.color_trc), int(frame.color_primaries))
        if key not in self._filters:
            self._filters = {key: _Filters(frame, _tone_mapping(encoding, int(frame.color_primaries)))}
        return next(self._filters[key](frame))


def _tone_mapping(encoding: DynamicRange, primaries: int) -> list[tuple[str, str]]:
    toned = _toned(_LIGHT[encoding])
    return [
        ("format", "gbrp16le"),
        ("lutrgb", f"r='{toned}':g='{toned}':b='{toned}'"),
        *([("colorchannelmixer", _TO_BT709)] if primaries == _BT2020 else []),
        ("lutrgb", f"r='{_TO_SRGB}':g='{_TO_SRGB}':b='{_TO_SRGB}'"),
        ("format", "rgb24"),
    ]
