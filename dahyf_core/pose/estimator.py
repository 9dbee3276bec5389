"""What every pose estimator is given and gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Crops
from dahyf_core.hand_model import Side


@dataclass(frozen=True)
class HandObservations:
    """What a network saw in N patches.

    joints_2d: (N, 21, 2) px as filmed, FreiHAND order. presence: (N,), 0 to 1, that the patch shows a hand.
    right_score: (N,), 0 to 1, that it is a right hand in the picture as filmed.
    payload: (N, P) float32, what the estimator wants back in `solve`.
    """

    crops: Crops
    joints_2d: Array
    presence: Array
    right_score: Array
    payload: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.presence)

    def __getitem__(self, index: Any) -> "HandObservations":
        return HandObservations(
            self.crops[index],
            self.joints_2d[index],
            self.presence[index],
            self.right_score[index],
            self.payload[index],
        )


@dataclass(frozen=True)
class HandEstimates:
    """N poses of one hand, in the hand model of its own side and the camera frame.

    pose: (N, 16, 3) axis-angle, the root's first. shape: (N, 10). translation: (N, 3) m.
    joints_2d: (N, 21, 2) px as filmed, as located in the picture. joints_2d_projected: the same keypoints of the posed
    hand. joints_3d: (N, 21, 3) m, those keypoints in the camera frame. confidence: (N,), 0 to 1.
    """

    pose: Array
    shape: Array
    translation: Array
    joints_2d: Array
    joints_2d_projected: Array
    joints_3d: Array
    confidence: Array

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All estimates of at least one part."""
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})

    def __len__(self) -> int:
        return len(self.pose)


class PoseEstimator(Protocol):
    """From patches to poses, in two steps: one that streams, and one that has all frames of a hand."""

    @property
    def name(self) -> str:
        """What capture files call it."""
        ...

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs its network."""
        ...

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        """Look at the patches of one frame (H, W, 3), RGB, in one batch."""
        ...

    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        """Poses of one hand from all its observations, in the order of time."""
        ...
