"""The motion of a hand before and after cleaning: joint angles, jitter and flips, from the capture alone."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dahyf_core.arrays import Array
from dahyf_core.capture import Capture
from dahyf_core.cleaning import find_jumps
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle, quaternion_from_axis_angle
from dahyf_core.hand_model import KEYPOINT_BONES, TIPS
from dahyf_core.metrics import acceleration
from dahyf_core.preview import bone_moves

WRIST, MIDDLE_KNUCKLE = 0, 4  # bones


@dataclass(frozen=True, eq=False)
class Motion:
    """One hand over T frames; NaN where it is absent.

    joints: (T, 21, 3) m, camera frame: 16 bone heads, then 5 tips. wrist_turn: (T, 3) degrees, the rotation vector from
    the hand's mean orientation, in the camera frame. finger_angles: (T, 15) degrees, how far each joint is turned from
    the flat hand. quaternions: (T, 16, 4), w first.
    """

    joints: Array
    wrist_turn: Array
    finger_angles: Array
    quaternions: Array

    @property
    def present(self) -> NDArray[np.bool_]:
        """(T,) frames with values."""
        return np.isfinite(self.quaternions[:, 0, 0])


@dataclass(frozen=True)
class BeforeAfter:
    """One measure of the raw estimates and of the cleaned hand; NaN where there were too few frames."""

    raw: float
    cleaned: float

    @classmethod
    def of_jitter(cls, raw: Array, cleaned: Array, times: Array, palm: float) -> Self:
        """Mean acceleration of points (T, K, 3), in palms/s², over those frames where both can say it."""
        before, after = acceleration(raw, times) / palm, acceleration(cleaned, times) / palm
        both = np.isfinite(before) & np.isfinite(after)
        return cls(float(before[both].mean()), float(after[both].mean())) if both.any() else cls(np.nan, np.nan)


def raw_motion(capture: Capture, hand: int) -> Motion:
    """The estimates of one hand. Its joints are those of the clip's one shape, to compare with the cleaned ones."""
    return _motion(capture, hand, capture.raw_pose[hand], capture.raw_translation[hand])


def cleaned_motion(capture: Capture, hand: int) -> Motion:
    """One hand after gate and smoothing."""
    return _motion(capture, hand, capture.pose[hand], capture.translation[hand])


def palm_length(capture: Capture, hand: int) -> float:
    """From the wrist to the knuckle of the middle finger, m."""
    rest = capture.rest_joints[hand]
    return float(np.linalg.norm(rest[MIDDLE_KNUCKLE] - rest[WRIST]))


def count_flips(motion: Motion, times: Array) -> int:
    """Steps from one frame to the next in which the wrist or a finger turns farther than hands can."""
    steps = np.flatnonzero(motion.present[:-1] & motion.present[1:])
    jumps = find_jumps(motion.quaternions[steps], motion.quaternions[steps + 1], np.diff(times)[steps])
    return int(np.count_nonzero(jumps))


def _motion(capture: Capture, hand: int, pose: Array, translation: Array) -> Motion:
    """The motion of pose (T, 16, 3) and translation (T, 3)."""
    present = np.isfinite(pose[:, 0, 0])
    angles = np.degrees(np.linalg.norm(pose[:, 1:], axis=-1))
    frames = len(pose)
    joints, turn = np.full((frames, 21, 3), np.nan), np.full((frames, 3), np.nan)
    quaternions = np.full((frames, 16, 4), np.nan)
    if present.any():
        rest = np.concatenate([capture.rest_joints[hand], capture.rest_tips[hand]])
        moves = bone_moves(capture.rest_joints[hand], capture.parents, pose[present])[
            :, [*range(16), *KEYPOINT_BONES[TIPS]]
        ]
        moved = np.einsum("tkij,kj->tki", moves[..., :3], rest) + moves[..., 3]
        joints[present] = moved + translation[present, None]
        turn[present] = np.degrees(_turn_from_mean(pose[present, 0], capture.pose[hand, :, 0]))
        quaternions[present] = quaternion_from_axis_angle(pose[present])
    return Motion(joints, turn, angles, quaternions)


def _turn_from_mean(wrist: Array, cleaned: Array) -> Array:
    """Rotation vectors (N, 3) of orientations (N, 3) from the mean of the cleaned ones (T, 3), or of their own."""
    reference = cleaned[np.isfinite(cleaned[:, 0])]
    mean = Rotation.from_rotvec(reference if len(reference) else wrist).mean().as_matrix()
    return axis_angle_from_matrix(matrix_from_axis_angle(wrist) @ mean.T)
