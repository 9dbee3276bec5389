"""The interface of pose estimators: their inputs and outputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Crops
from dahyf_core.hand_model import HandModel, Side


@dataclass(frozen=True)
class HandObservations:
    """Observations of a network in N patches.

    joints_2d: (N, 21, 2) px as filmed, FreiHAND order. presence: (N,), 0 to 1, that the patch shows a hand.
    right_score: (N,), 0 to 1, that it is a right hand in the picture as filmed.
    payload: (N, P) float32, the estimator's own data for `solve`. is_hand: (N,), 0 to 1, that the patch shows a hand
    and not something that is taken for one, by a head that was trained for nothing else; 1 where the network has none.
    """

    crops: Crops
    joints_2d: Array
    presence: Array
    right_score: Array
    payload: NDArray[np.float32]
    is_hand: Array

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All observations of at least one part, which share the camera."""
        names = [field.name for field in fields(cls) if field.name != "crops"]
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return cls(crops=Crops.concatenate([part.crops for part in parts]), **arrays)

    def __len__(self) -> int:
        return len(self.presence)

    def __getitem__(self, index: Any) -> "HandObservations":
        return HandObservations(
            self.crops[index],
            self.joints_2d[index],
            self.presence[index],
            self.right_score[index],
            self.payload[index],
            self.is_hand[index],
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
    """Estimates poses from patches in two steps: one for each frame, and one for all frames of a hand.

    Captures and live hands need only this protocol. Stills and labelling have protocols of their own.
    """

    @property
    def name(self) -> str:
        """Its name in capture files."""
        ...

    @property
    def provider(self) -> str:
        """The ONNX Runtime execution provider that runs its network."""
        ...

    @property
    def weights(self) -> str:
        """SHA-256 of the file of its network. Other weights give other results under the same name."""
        ...

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        """Look at the patches of one frame (H, W, 3), RGB, in one batch."""
        ...

    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        """Poses of one hand from all its observations, in the order of time."""
        ...


class StillsEstimator(PoseEstimator, Protocol):
    """An estimator that also looks at several pictures in one batch, and at one hand in several views."""

    @property
    def hand_models(self) -> Mapping[Side, HandModel]:
        """The hand models of its poses, by side."""
        ...

    def observe_all(self, pictures: Sequence[tuple[Image, Crops]]) -> list[HandObservations]:
        """Look at the patches of each of some pictures (H, W, 3), RGB, in one batch."""
        ...

    def merge(self, views: HandObservations, side: Side) -> HandEstimates:
        """The mean pose of one or more views of a hand, all from one picture and with one mirroring."""
        ...


class LabellingEstimator(Protocol):
    """An estimator that labels photographs."""

    @property
    def knows_both_sides(self) -> bool:
        """Whether it also handles patches that show a left hand."""
        ...

    def observe(self, image: Image, crops: Crops) -> HandObservations:
        """Look at the patches of one picture (H, W, 3), RGB, in one batch."""
        ...

    def points_3d(self, observations: HandObservations) -> Array:
        """(N, 21, 3) m, any origin: "mediapipe" keypoints in the camera's axes, as if amid the picture."""
        ...
