"""The pinhole camera of a frame, with OpenCV's lens distortion."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from dahyf_core.arrays import FloatArray

_UNDISTORT_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 100, 1e-10)


@dataclass(frozen=True)
class Intrinsics:
    """A real camera: focal lengths and principal point in pixels of a width x height frame.

    fx != fy means pixels that are not square. distortion is empty, or OpenCV's k1, k2, p1, p2, k3. Points "as filmed"
    are where the lens put them; "ideal" points are where a lens without distortion would have. source says in words
    where the numbers come from.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    distortion: tuple[float, ...] = ()
    source: str = "given"

    @property
    def matrix(self) -> FloatArray:
        """The (3, 3) camera matrix: z = 1 plane to ideal pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def aspect(self) -> float:
        """fx / fy, which is the height of a pixel over its width."""
        return self.fx / self.fy

    def project(self, points: ArrayLike) -> FloatArray:
        """Points (..., 3) in the camera frame, z > 0, to pixels as filmed (..., 2)."""
        return _as_list(np.asarray(points, dtype=np.float64), self._project)

    def normalise(self, points: ArrayLike) -> FloatArray:
        """Pixels as filmed (..., 2) to the z = 1 plane of the camera frame (..., 2), distortion undone."""
        return _as_list(np.asarray(points, dtype=np.float64), self._normalise)

    def _project(self, points: FloatArray) -> FloatArray:
        if not self.distortion:
            return points[:, :2] / points[:, 2:] * (self.fx, self.fy) + (self.cx, self.cy)
        pixels, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), self.matrix, np.array(self.distortion))
        return pixels.reshape(-1, 2).astype(np.float64)

    def _normalise(self, points: FloatArray) -> FloatArray:
        if not self.distortion:
            return (points - (self.cx, self.cy)) / (self.fx, self.fy)
        distortion = np.array(self.distortion)
        normalised = cv2.undistortPoints(points, self.matrix, distortion, criteria=_UNDISTORT_CRITERIA)
        return normalised.reshape(-1, 2).astype(np.float64)


def _as_list(points: FloatArray, function: Callable[[FloatArray], FloatArray]) -> FloatArray:
    """Apply a function from (N, D) to (N, 2) to an array (..., D); NaN rows stay NaN."""
    flat = points.reshape(-1, points.shape[-1])
    known = np.isfinite(flat).all(axis=-1)
    result = np.full((len(flat), 2), np.nan)
    if known.any():
        result[known] = function(np.ascontiguousarray(flat[known]))
    return result.reshape(*points.shape[:-1], 2)
