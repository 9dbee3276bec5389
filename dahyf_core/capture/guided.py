"""What the user knows of the hands put to use: checked against the footage, it limits detector and estimator."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.camera import Crops
from dahyf_core.capture.guidance import GivenBox, Guidance, Region
from dahyf_core.detection import Detector, Detectors, Palms
from dahyf_core.errors import SettingsError
from dahyf_core.footage import FootageInfo
from dahyf_core.hand_model import Side
from dahyf_core.pose import HandEstimates, HandObservations, PoseEstimator
from dahyf_core.tracking import GivenHand


def check_guidance(guidance: Guidance, info: FootageInfo, positions: range) -> None:
    """Raise SettingsError for a box or region outside the picture, or a box outside the captured frames."""
    for box in guidance.boxes:
        position = position_of(info, box)
        if position is None or position not in positions:
            first, last = info.frames[positions[0]], info.frames[positions[-1]]
            raise SettingsError(
                f"The box {box} is for frame {box.frame}, which is not captured.",
                f"Give a frame from {first} to {last}.",
            )
        _check_place(f"The box {box}", Region(*box[1:5]), info)
    if guidance.region is not None:
        _check_place("The region", guidance.region, info)


def position_of(info: FootageInfo, box: GivenBox) -> int | None:
    """The position of a box's frame in the footage; None where there is no such frame."""
    position = int(np.searchsorted(info.frames, box.frame))
    return position if position < len(info) and info.frames[position] == box.frame else None


def flipped(region: Region, width: int) -> Region:
    """The region on the picture of this width, px, flipped left to right."""
    return region._replace(x=width - region.x - region.width)


def given_hands(guidance: Guidance, info: FootageInfo, mirrored: bool) -> tuple[GivenHand, ...]:
    """The boxes as hands of the frames that are searched, which are flipped where the footage is mirrored."""
    hands = []
    for box in guidance.boxes:
        place = Region(*box[1:5])
        x, y, width, height = flipped(place, info.width) if mirrored else place
        position = position_of(info, box)
        assert position is not None
        hands.append(GivenHand(position, (x, y, x + width, y + height), box.side))
    return tuple(hands)


class RegionDetector:
    """Finds palms in a part of the frame alone, which it sees larger than the whole."""

    def __init__(self, detector: Detector, region: Region) -> None:
        self._detector = detector
        self._region = region

    def detect(self, image: Image, *, tiles: int = 1) -> Palms:
        """The palms in that part of a frame (H, W, 3), px of the frame."""
        x, y, width, height = self._region
        left, top = max(math.floor(x), 0), max(math.floor(y), 0)
        part = image[top : math.ceil(y + height), left : math.ceil(x + width)]
        palms = self._detector.detect(np.ascontiguousarray(part), tiles=tiles)
        corner = np.array([left, top], dtype=np.float64)
        return palms.moved(corner)


def in_region(detectors: Detectors, region: Region) -> Detectors:
    """The same detectors, for a part of the frame."""
    hands = detectors.hands and RegionDetector(detectors.hands, region)
    return Detectors(RegionDetector(detectors.palms, region), hands)


class OneSided:
    """An estimator for footage whose hands are all of one known side."""

    def __init__(self, estimator: PoseEstimator, side: Side) -> None:
        self._estimator = estimator
        self._right_score = float(side == "right")

    @property
    def name(self) -> str:
        """The estimator's name in capture files."""
        return self._estimator.name

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs its network."""
        return self._estimator.provider

    @property
    def weights(self) -> str:
        """SHA-256 of the file of its network."""
        return self._estimator.weights

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        """The estimator's observations, all of the known side."""
        seen = self._estimator.observe(image, crops)
        return replace(seen, right_score=np.full_like(seen.right_score, self._right_score))

    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        """The estimator's poses."""
        return self._estimator.solve(observations, side)


def _check_place(name: str, region: Region, info: FootageInfo) -> None:
    inside = region.x < info.width and region.y < info.height
    if not inside or region.x + region.width <= 0 or region.y + region.height <= 0:
        raise SettingsError(
            f"{name} lies outside the picture of {info.width} x {info.height} pixels.",
            "Give its left and upper edge, width and height, in pixels of the footage.",
        )
