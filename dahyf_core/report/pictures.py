"""Pictures and charts as they stand inside the page."""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.preview import CapturedFootage, choose_frames, draw_tiles
from dahyf_core.report.flagged_frames import Flag
from dahyf_core.report.summary import STATE_WORDS, hand_names

STRIP_FRAMES = 12
TILE_AREA = 400 * 225  # px
JPEG_QUALITY = 80


@dataclass(frozen=True)
class Picture:
    """A picture in the page. alternative: what it shows, for who cannot see it."""

    uri: str
    alternative: str
    caption: str = ""


def strip(capture: Capture, footage: CapturedFootage) -> list[Picture]:
    """Frames spread over those that show a hand, with the hands drawn over them. Raises FootageError."""
    chosen = choose_frames(capture, STRIP_FRAMES)
    captions = [f"frame {capture.frame[index]}, {capture.time[index]:.2f} s" for index in chosen]
    return _photographs(capture, footage, chosen, captions)


def flagged(capture: Capture, footage: CapturedFootage, flags: Sequence[Flag]) -> list[Picture]:
    """The flagged frames, each with the reason. Raises FootageError."""
    if not flags:
        return []
    chosen = np.array([flag.index for flag in flags])
    return _photographs(capture, footage, chosen, [describe(capture, flag) for flag in flags])


def describe(capture: Capture, flag: Flag) -> str:
    """The reason of a flag, in words."""
    name, state = hand_names(capture)[flag.hand], State(capture.state[flag.hand, flag.index])
    frame = capture.frame[flag.index]
    return f"frame {frame}: {name.lower()}, {STATE_WORDS[state]}, {flag.distance:.2f} palms off"


def chart(svg: bytes, alternative: str) -> Picture:
    """A drawing in SVG."""
    return Picture(_data_uri("image/svg+xml", svg), alternative)


def _photographs(
    capture: Capture, footage: CapturedFootage, chosen: NDArray[np.intp], captions: Sequence[str]
) -> list[Picture]:
    record = capture.source.footage
    width = round(math.sqrt(TILE_AREA * record.width / record.height))
    tiles = draw_tiles(capture, footage, chosen, width)
    return [
        Picture(_jpeg(tile), _what_is_seen(capture, index), caption)
        for tile, index, caption in zip(tiles, chosen, captions, strict=True)
    ]


def _what_is_seen(capture: Capture, index: int) -> str:
    hands = [
        f"{name.lower()} {STATE_WORDS[State(state)]}" + (f", confidence {confidence:.2f}" if confidence >= 0 else "")
        for name, state, confidence in zip(
            hand_names(capture), capture.state[:, index], capture.confidence[:, index], strict=True
        )
        if state != State.MISSING
    ]
    return f"Frame {capture.frame[index]} with {'; '.join(hands) or 'no hand'}"


def _jpeg(picture: NDArray[np.uint8]) -> str:
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    encoded, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert encoded
    return _data_uri("image/jpeg", data.tobytes())


def _data_uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
