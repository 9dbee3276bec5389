"""One hand over the T frames of a capture, before and after cleaning."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.hand_model import Side


@dataclass(frozen=True, eq=False)
class RawHand:
    """The estimates of one hand; rows of NaN in frames where the hand was not seen.

    box (T, 4): centre x, y and side in px, roll in radians. joints_2d, joints_2d_projected (T, 21, 2): located and
    projected, px as filmed. pose (T, 16, 3): axis-angle. shape (T, 10). translation (T, 3): m. confidence (T,): 0 to 1.
    What the source does not have at all (box and joints_2d, joints_2d_projected, confidence) is NaN everywhere.
    """

    side: Side
    box: Array
    joints_2d: Array
    joints_2d_projected: Array
    pose: Array
    shape: Array
    translation: Array
    confidence: Array

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(T,) frames that have an estimate."""
        return np.isfinite(self.pose[:, 0, 0])


@dataclass(frozen=True, eq=False)
class CleanHand:
    """One hand after gate and smoothing; rows of NaN where state is MISSING.

    pose (T, 16, 3): axis-angle. shape (10,): one for the clip. translation (T, 3): m. confidence (T,): the estimator's,
    0 where it saw no hand, half of it where the gate doubts the pose. state (T,) uint8: `State`. joints_3d (T, 21, 3):
    m, camera frame. joints_2d (T, 21, 2): their projection, px as filmed, NaN without a camera. Without confidences of
    the source, confidence is NaN everywhere.
    """

    pose: Array
    shape: Array
    translation: Array
    confidence: Array
    state: NDArray[np.uint8]
    joints_3d: Array
    joints_2d: Array
