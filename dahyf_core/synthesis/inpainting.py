"""Photographs with their hands painted over: rooms and people that hands were filmed in, as backgrounds."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.capture import replacing
from dahyf_core.datasets import PhotoLabels
from dahyf_core.datasets.files import read_image

LONG_SIDE = 320
"""Pixels that pictures are shrunk to."""
MOST_ERASED = 0.5
"""Share of a picture; with more painted over it shows nothing."""
ARM = 1.6
"""Length of the arm that is erased, in lengths of the palm."""


def inpaint_hands(labels: PhotoLabels, output: Path) -> int:
    """Write the first picture of each source, without its labelled hands, to output/SOURCE.jpg; how many there are.

    Raises DatasetError for a picture that cannot be read, OutputError where nothing can be written.
    """
    written = 0
    for source in np.unique(labels.source):
        file = labels.picture[labels.source == source][0]
        erased = inpainted_picture(read_image(labels.folder / file), labels.joints_2d[labels.picture == file])
        if erased is None:
            continue
        path = output / f"{source}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            stream.write(cv2.imencode(".jpg", cv2.cvtColor(erased, cv2.COLOR_RGB2BGR))[1].tobytes())
        written += 1
    return written


def inpainted_picture(picture: NDArray[np.uint8], joints: Array) -> NDArray[np.uint8] | None:
    """A picture (H, W, 3) shrunk to LONG_SIDE, its hands (N, 21, 2) px and their arms filled from around (Telea 2004).

    None where too little would be left.
    """
    scale = min(1.0, LONG_SIDE / max(picture.shape[:2]))
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    mask = np.zeros(small.shape[:2], np.uint8)
    for hand in joints * scale:
        span = np.ptp(hand, axis=0).max()
        elbow = hand[0] + ARM * (hand[0] - hand[9])
        cv2.fillConvexPoly(mask, cv2.convexHull(hand.astype(np.float32)).astype(int), 255)
        cv2.line(mask, tuple(map(int, hand[0])), tuple(map(int, elbow)), 255, int(0.3 * span) + 1)
        width = 2 * int(0.14 * span) + 1
        mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width)))
    if mask.mean() / 255 > MOST_ERASED:
        return None
    return np.asarray(cv2.inpaint(small, mask, 4, cv2.INPAINT_TELEA), np.uint8)
