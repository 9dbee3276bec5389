"""The user's facts about the lens, converted to the intrinsics of a frame."""

import math
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from dahyf_core.arrays import FloatArray
from dahyf_core.camera.intrinsics import Intrinsics
from dahyf_core.errors import SettingsError
from dahyf_core.shared.limits import DISTORTION, FOCAL_PX, PIXEL

HAND_IN_FOCAL_LENGTHS = 1 / 3
"""Largest size of a hand over the focal length. A larger hand means that the picture was cut from a larger one."""

_DISTORTION_COEFFICIENTS = 5
_GRID_POINTS = 9
_TOLERANCE_PX = 0.1
_CALIBRATED_PART = 0.8
"""Share of the frame around its middle in which a distortion must hold. Calibrations seldom reach the corners."""


@dataclass(frozen=True)
class Lens:
    """One way to state the focal length, or none: then it is the frame's diagonal in pixels (paper, eq. 5).

    fov_degrees: horizontal field of view. focal_px: focal length in pixels. focal_mm with sensor_mm: focal length and
    width of the sensor along the picture's x axis, in mm. pinhole: fx, fy, cx, cy in pixels. The horizontal axis is
    that of the upright picture, after rotation metadata. distortion: up to five of OpenCV's k1, k2, p1, p2, k3.

    Raises SettingsError when values contradict each other or no camera can have them.
    """

    fov_degrees: float | None = None
    focal_px: float | None = None
    focal_mm: float | None = None
    sensor_mm: float | None = None
    pinhole: tuple[float, float, float, float] | None = None
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        given = [value is not None for value in (self.fov_degrees, self.focal_px, self.focal_mm, self.pinhole)]
        _require(sum(given) <= 1, "The focal length is stated in more than one way.", "State it in one way.")
        _require(
            (self.focal_mm is None) == (self.sensor_mm is None),
            "A focal length in mm and a sensor width in mm belong together.",
            "Give both, or give the field of view.",
        )
        if self.fov_degrees is not None:
            _require(
                0 < self.fov_degrees < 180,
                f"A horizontal field of view of {self.fov_degrees:g} degrees is impossible.",
                "Give a value between 0 and 180; most cameras have 40 to 80.",
            )
        for name, value in (
            ("focal length in pixels", self.focal_px),
            ("focal length in mm", self.focal_mm),
            ("sensor width in mm", self.sensor_mm),
        ):
            if value is not None:
                _require(
                    math.isfinite(value) and value > 0,
                    f"A {name} of {value:g} is impossible.",
                    "Give a positive number.",
                )
        if self.pinhole is not None:
            _require(
                len(self.pinhole) == 4 and all(map(math.isfinite, self.pinhole)) and min(self.pinhole[:2]) > 0,
                f"The intrinsics {self.pinhole} are impossible.",
                "Give fx, fy, cx, cy in pixels, with positive focal lengths.",
            )
        _require(
            len(self.distortion) <= _DISTORTION_COEFFICIENTS and all(abs(k) <= DISTORTION for k in self.distortion),
            f"The lens distortion {self.distortion} is not understood.",
            f"Give up to five numbers, each at most {DISTORTION:,}: OpenCV's k1, k2, p1, p2, k3.",
        )

    def intrinsics(self, width: int, height: int, pixel_aspect: float = 1.0) -> Intrinsics:
        """The camera of a frame of width x height px whose pixels are pixel_aspect times as wide as high.

        Warns when the distortion folds the picture over itself in the corners; raises SettingsError when it does so
        in the middle of the frame.
        """
        if self.pinhole is None:
            fx, source = self._focal_length(width, height)
            fy, cx, cy = fx * pixel_aspect, width / 2, height / 2
        else:
            fx, fy, cx, cy = self.pinhole
            source = "intrinsics as given"
        _require(
            all(FOCAL_PX[0] <= focal <= FOCAL_PX[1] for focal in (fx, fy)) and max(abs(cx), abs(cy)) <= PIXEL,
            f"A lens of {fx:.3g} x {fy:.3g} px focal length with its centre at {cx:.3g}, {cy:.3g} px is impossible.",
            f"Give focal lengths of {FOCAL_PX[0]} to {FOCAL_PX[1]:,} px.",
        )
        distortion = tuple(map(float, self.distortion))
        if any(distortion):
            distortion += (0.0,) * (_DISTORTION_COEFFICIENTS - len(distortion))
        else:
            distortion = ()
        intrinsics = Intrinsics(fx, fy, cx, cy, width, height, distortion, source)
        _check_distortion(intrinsics)
        return intrinsics

    def _focal_length(self, width: int, height: int) -> tuple[float, str]:
        """fx in pixels, and where it comes from."""
        if self.fov_degrees is not None:
            fx = width / 2 / math.tan(math.radians(self.fov_degrees) / 2)
            return fx, f"horizontal field of view of {self.fov_degrees:g} degrees"
        if self.focal_px is not None:
            return self.focal_px, f"focal length of {self.focal_px:g} px"
        if self.focal_mm is not None and self.sensor_mm is not None:
            fx = self.focal_mm / self.sensor_mm * width
            return fx, f"focal length of {self.focal_mm:g} mm on a sensor {self.sensor_mm:g} mm wide"
        return math.hypot(width, height), "assumed: focal length = diagonal of the frame"


def assumed_focal(picture_size: ArrayLike, box_sides: ArrayLike) -> FloatArray:
    """Focal lengths (...) of stills (..., 2), width and height, in which hands are this large (...): all in px.

    This is the diagonal of the picture, or more. A hand that fills its picture was seldom filmed from 20 cm: usually
    the picture was cut from a larger one.
    """
    width, height = np.moveaxis(np.asarray(picture_size, dtype=np.float64), -1, 0)
    focal: FloatArray = np.maximum(np.hypot(width, height), np.asarray(box_sides) / HAND_IN_FOCAL_LENGTHS)
    return focal


def _require(condition: bool, reason: str, remedy: str) -> None:
    if not condition:
        raise SettingsError(reason, remedy)


def _check_distortion(intrinsics: Intrinsics) -> None:
    if not intrinsics.distortion:
        return
    words = f"The lens distortion {intrinsics.distortion} folds the picture over itself"
    _require(
        _is_invertible(intrinsics, _CALIBRATED_PART),
        f"{words} inside the frame.",
        "Check the coefficients and the focal length: they belong together.",
    )
    if not _is_invertible(intrinsics, 1.0):
        warnings.warn(f"{words} in the corners of the frame; hands there will be misplaced.", stacklevel=3)


def _is_invertible(intrinsics: Intrinsics, part: float) -> bool:
    """Whether points in this share of the frame, around its middle, come back from being undistorted."""
    steps = (1 + part * np.linspace(-1, 1, _GRID_POINTS)) / 2
    x, y = np.meshgrid(steps * (intrinsics.width - 1), steps * (intrinsics.height - 1))
    filmed = np.stack([x, y], axis=-1)
    plane = intrinsics.normalise(filmed)
    again = intrinsics.project(np.concatenate([plane, np.ones_like(plane[..., :1])], axis=-1))
    return bool(np.isfinite(again).all() and np.abs(again - filmed).max() < _TOLERANCE_PX)
