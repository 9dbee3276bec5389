"""The loop of live capture: newest frame, hands, messages."""

import base64
import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np

from dahyf_core.arrays import Image
from dahyf_core.camera import Lens
from dahyf_core.live.sources import LiveFrame, LiveSource, newest
from dahyf_core.streaming import LiveHand, Stream

LATENCIES = 300
"""Last frames of which latencies are told."""
DIGITS = 5
BONE_COLOUR = (255, 196, 0)
LOW_COLOUR = (230, 60, 40)


@dataclass(frozen=True)
class LiveSettings:
    """mirror: show hands as a mirror does. threshold: hands of a lower confidence are left out.

    picture_width: width of the picture with its joints in each message, px; 0 for none. network: an ONNX file instead
    of the one that ships. recording: file for a capture of all frames, written at the end.
    """

    lens: Lens = Lens()  # noqa: RUF009 (frozen)
    max_hands: int = 2
    mirror: bool = False
    threshold: float = 0.5
    picture_width: int = 0
    network: Path | None = None
    recording: Path | None = None


class Receiver(Protocol):
    """Takes each frame's hands and the JSON text of its message."""

    def send(self, hands: list[LiveHand], text: str) -> None: ...


def run_live(
    source: LiveSource, settings: LiveSettings, receivers: Iterable[Receiver], stop: Callable[[], bool]
) -> int:
    """Send the hands of each frame to all receivers until the source ends or `stop` says so. Returns the frames.

    Raises FootageError, ModelFileError, SettingsError, OutputError.
    """
    stream = Stream(
        source.width,
        source.height,
        settings.lens,
        settings.max_hands,
        network=settings.network,
        recording=settings.recording is not None,
    )
    latencies: deque[float] = deque(maxlen=LATENCIES)
    number, first = 0, None
    with closing(newest(source)) as frames:  # type: ignore[type-var]
        for frame in frames:
            first = frame.captured if first is None else first
            image = np.asarray(cv2.flip(frame.image, 1), np.uint8) if settings.mirror else frame.image
            hands = stream.look(image, frame.captured - first)
            hands = [hand for hand in hands if hand.confidence >= settings.threshold]
            latencies.append(time.time() - frame.captured)
            text = json.dumps(message_of(number, frame, hands, latencies, picture_of(image, hands, settings)))
            for receiver in receivers:
                receiver.send(hands, text)
            number += 1
            if stop():
                break
    if settings.recording is not None and number:
        stream.recorded(settings.recording, source.name)
    return number


def message_of(
    number: int, frame: LiveFrame, hands: list[LiveHand], latencies: Iterable[float], picture: dict[str, Any] | None
) -> dict[str, Any]:
    """The message of one frame; docs/live.md describes it."""
    median, slowest = 1000 * np.percentile(list(latencies), (50, 99))
    return {
        "type": "frame",
        "number": number,
        "captured": round(frame.captured, 6),
        "latency_ms": {"p50": round(float(median), 2), "p99": round(float(slowest), 2)},
        "hands": [described(hand) for hand in hands],
    } | ({"picture": picture} if picture else {})


def described(hand: LiveHand) -> dict[str, Any]:
    """A hand as numbers and lists."""
    arrays = {name: getattr(hand, name) for name in ("pose", "shape", "translation", "joints_3d", "joints_2d")}
    return {
        "track": hand.track,
        "side": hand.side,
        "confidence": round(hand.confidence, 3),
        **{name: np.round(np.asarray(value, np.float64), DIGITS).tolist() for name, value in arrays.items()},
    }


def picture_of(image: Image, hands: list[LiveHand], settings: LiveSettings) -> dict[str, Any] | None:
    """The frame at the wanted width with the joints drawn in, as RGB bytes in base64; None if it is not wanted."""
    if not settings.picture_width:
        return None
    height, width = image.shape[:2]
    size = settings.picture_width, max(1, round(settings.picture_width * height / width))
    small = np.ascontiguousarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    for hand in hands:
        colour = BONE_COLOUR if hand.confidence >= 0.8 else LOW_COLOUR
        for x, y in hand.joints_2d * (size[0] / width, size[1] / height):
            cv2.circle(small, (round(x), round(y)), 2, colour, -1, cv2.LINE_AA)
    return {"width": size[0], "height": size[1], "rgb": base64.b64encode(small.tobytes()).decode("ascii")}
