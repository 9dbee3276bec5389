"""The hand detector that ships (docs/hand-detector.md)."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from dahyf_core.arrays import FloatArray, Image
from dahyf_core.detection.anchors import MIN_OVERLAP, decode
from dahyf_core.detection.letterbox import letterbox
from dahyf_core.detection.mediapipe import MIN_SCORE as MIN_PALM_SCORE
from dahyf_core.detection.mediapipe import PalmDetector
from dahyf_core.detection.network import AnchoredNetwork
from dahyf_core.detection.palms import Palms
from dahyf_core.detection.suppression import merge_overlapping
from dahyf_core.detection.tiles import Area, tiles_of
from dahyf_core.profiling import is_stage

MIN_SCORE = 0.2
"""Detections that are no surer improve the boxes of those that they overlap, and are mostly none themselves."""

LARGEST_IN_TILE = 0.3
"""Side of a palm's box, in sides of its tile. Larger ones may be cut by the tile, and are seen without tiles."""


class Detector(Protocol):
    """Finds hands in a frame (H, W, 3) of RGB bytes. tiles: above 1, it also looks at so many parts along a side."""

    def detect(self, image: Image, *, tiles: int = 1) -> Palms: ...


class HandDetector(AnchoredNetwork):
    """Finds hands in frames: of any colour, gloved, holding things, from all sides."""

    def __init__(self, min_score: float = MIN_SCORE, threads: int = 0) -> None:
        """min_score: hands of a lower probability are left out, in (0, 1). threads: CPU threads, 0 for one per core.

        Raises ModelFileError when the network cannot be loaded.
        """
        super().__init__("hand_detector.onnx", min_score, threads)

    @is_stage("detecting hands")
    def detect(self, image: Image, *, tiles: int = 1) -> Palms:
        """The hands in a frame (H, W, 3) of RGB bytes, best first.

        tiles: above 1, look at overlapping squares as well, so many along the longer side. The network needs hands of
        a tenth of what it sees; tiles let it find smaller ones, and each takes the time of a look.
        """
        height, width = image.shape[:2]
        found = [self._look(image, (0, 0, width, height))]
        for part in tiles_of(width, height, tiles) if tiles > 1 else []:
            score, values = self._look(image, part)
            side = (values[:, 2:4] - values[:, :2]).max(axis=1, initial=0)
            small = side <= LARGEST_IN_TILE * max(part[2] - part[0], part[3] - part[1])
            found.append((score[small], values[small]))
        score, values = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        score, values = merge_overlapping(score, values[:, :4], values, MIN_OVERLAP)
        return Palms(score, values[:, :4], values[:, 4:18].reshape(-1, 7, 2), values[:, 18:])

    def _look(self, image: Image, area: Area) -> tuple[FloatArray, FloatArray]:
        """All likely hands in a part of a frame: scores (N,), and values (N, 21) in pixels of the frame.

        The values are the palm's box (4) and keypoints (14), and the patch's centre and side (3).
        """
        left, top, right, bottom = area
        picture, part_from_picture = letterbox(image[top:bottom, left:right])
        scale, shift = part_from_picture[0, 0], part_from_picture[:, 2] + (left, top)
        boxes, score_logits, patches = self._session.run(image=picture[None])
        likely, score, points = decode(boxes[0], score_logits[0, :, 0], self._anchors, self._min_logit)
        patch = patches[0, likely].astype(np.float64)
        points = np.concatenate([points, (patch[:, :2] + self._anchors[likely])[:, None]], axis=1) * scale + shift
        return score, np.concatenate([points.reshape(-1, 20), scale * patch[:, 2:]], axis=1)


@dataclass(frozen=True)
class Detectors:
    """What looks for hands in moving pictures. palms: asked often. hands: asked now and then, None for never."""

    palms: Detector
    hands: Detector | None = None

    @classmethod
    def create(cls, min_score: float = MIN_PALM_SCORE, threads: int = 0) -> Self:
        """Those that ship. min_score: palms of a lower probability are left out, and hands if it is below MIN_SCORE.

        threads: CPU threads, 0 for one per core. Raises ModelFileError when a network cannot be loaded.
        """
        return cls(PalmDetector(min_score, threads), HandDetector(min(min_score, MIN_SCORE), threads))
