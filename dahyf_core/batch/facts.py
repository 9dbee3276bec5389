"""A capture in a few numbers and one small picture."""

import base64
import warnings

import cv2
import numpy as np

from dahyf_core.batch.results import Facts
from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.errors import FootageError
from dahyf_core.preview import CapturedFootage, choose_frames, draw_tiles

THUMBNAIL = (128, 72)
"""Width and height in px, in which the picture fits."""
QUALITY = 60


def facts_of(capture: Capture) -> Facts:
    """The facts of a capture. Its footage gives the picture, if it is there."""
    observed = capture.state == State.OBSERVED
    lost = 0
    for hand in observed:
        seen = np.flatnonzero(hand)
        if len(seen):
            lost += int(seen[-1] - seen[0] + 1 - len(seen))
    confidences = capture.confidence[observed & np.isfinite(capture.confidence)]
    return Facts(
        confidence=round(float(np.median(confidences)), 4) if len(confidences) else None,
        seen=int(observed.sum()),
        lost=lost,
        sides=tuple(capture.side.tolist()),
        thumbnail=thumbnail(capture),
    )


def thumbnail(capture: Capture) -> str:
    """A frame from the middle of those with hands, and the hands over it: a JPEG as base64; empty without footage."""
    width, height = THUMBNAIL
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            footage = CapturedFootage.find(capture)
            chosen = choose_frames(capture, 3)[1:2]
            (tile,) = draw_tiles(capture, footage, chosen if len(chosen) else choose_frames(capture, 1), 2 * width)
        except FootageError:
            return ""
    scale = min(width / tile.shape[1], height / tile.shape[0])
    size = [max(1, round(side * scale)) for side in (tile.shape[1], tile.shape[0])]
    small = cv2.resize(tile, size, interpolation=cv2.INTER_AREA)
    encoded, data = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return base64.b64encode(data.tobytes()).decode() if encoded else ""
