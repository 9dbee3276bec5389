"""Live hands: each frame gives one pose per hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Lens
from dahyf_core.capture.following import FrameProcessor
from dahyf_core.detection import Detector, PalmDetector
from dahyf_core.geometry import (
    axis_angle_from_quaternion,
    continuous_quaternions,
    quaternion_from_axis_angle,
)
from dahyf_core.hand_model import HandModel, Side, load_hand_models
from dahyf_core.pose import HandObservations, PoseEstimator, network_estimator
from dahyf_core.streaming.one_euro import OneEuro
from dahyf_core.tracking import Tracker, TrackingSettings, side_evidence

ROTATION = partial(OneEuro, 1.5, 2.0)
"""Filter for unit quaternions, whose speed is half the rotation's, in radians per second."""
TRANSLATION = partial(OneEuro, 1.5, 20.0)
"""Filter for translations in metres."""
SHAPE = partial(OneEuro, 0.1, 0.0)


@dataclass(frozen=True, eq=False)
class LiveHand:
    """One hand in one frame, in the hand model of its side and the camera frame (x right, y down, z forward).

    track: the same for the same hand as long as it is seen. confidence: 0 to 1, of this frame alone; captures take 0.8
    and more. pose: (16, 3) axis-angle, the root's first, shape: (10,), translation: (3,) m; smoothed. joints_3d:
    (21, 3) m, MediaPipe's keypoints of the smoothed hand, FreiHAND order. joints_2d: (21, 2) px, located, not smoothed.
    """

    track: int
    side: Side
    confidence: float
    pose: Array
    shape: Array
    translation: Array
    joints_3d: Array
    joints_2d: Array


@dataclass
class _Memory:
    """State of a followed hand. vote: evidence for a right hand. quaternions: (16, 4), the last ones."""

    vote: float = 0.0
    rotation: OneEuro = field(default_factory=ROTATION)
    translation: OneEuro = field(default_factory=TRANSLATION)
    shape: OneEuro = field(default_factory=SHAPE)
    quaternions: Array | None = None


class Stream:
    """Hands in frames that arrive one by one, as from a camera.

    There is no batch and no look-ahead: each call returns the hands of its frame. Poses are those of a capture before
    cleaning, smoothed by 1 euro filters, whose lag is smaller for faster hands.
    """

    def __init__(
        self,
        width: int,
        height: int,
        lens: Lens = Lens(),  # noqa: B008 (frozen)
        max_hands: int = 2,
        estimator: PoseEstimator | None = None,
        detector: Detector | None = None,
        hand_models: Mapping[Side, HandModel] | None = None,
        network: str | Path | None = None,
    ) -> None:
        """width, height: of the frames, px. estimator, detector, hand_models: None for those that ship.

        network: an ONNX file in place of the network that ships, where no estimator is given.

        Raises SettingsError, ModelFileError.
        """
        self._models = dict(hand_models or load_hand_models())
        self._estimator = estimator or network_estimator(self._models, network=Path(network) if network else None)
        intrinsics = lens.intrinsics(width, height)
        tracker = Tracker(TrackingSettings(max_hands=max_hands), intrinsics, 0.0)
        self._processor = FrameProcessor(detector or PalmDetector(), self._estimator, tracker, intrinsics)
        self._memory: dict[int, _Memory] = {}
        self._frames = 0

    def look(self, image: NDArray[np.uint8], time: float) -> list[LiveHand]:
        """The hands in the next frame (H, W, 3), RGB, at `time`, seconds from 0 on, which rises."""
        found = [
            self._hand(int(track), log.observations[[row]], time)
            for log in self._processor.process(self._frames, time, image)
            for row, track in enumerate(log.track)
        ]
        self._frames += 1
        self._memory = {hand.track: self._memory[hand.track] for hand in found}
        return found

    def _hand(self, track: int, observation: HandObservations, time: float) -> LiveHand:
        memory = self._memory.setdefault(track, _Memory())
        memory.vote += float(side_evidence(observation.right_score, observation.presence)[0])
        side: Side = "left" if memory.vote < 0 else "right"
        found = self._estimator.solve(observation, side)
        pose, shape = self._smooth_pose(memory, found.pose[0], time), memory.shape(found.shape[0], time)
        translation = memory.translation(found.translation[0], time)
        model = self._models[side]
        joints = model.keypoints(model.skeleton(pose[None], shape[None], translation[None]), "mediapipe")
        return LiveHand(
            track, side, float(found.confidence[0]), pose, shape, translation, joints[0], found.joints_2d[0]
        )

    def _smooth_pose(self, memory: _Memory, pose: Array, time: float) -> Array:
        """(16, 3) rotations, smoothed as quaternions on one half of their sphere."""
        quaternions = quaternion_from_axis_angle(pose)
        if memory.quaternions is not None:
            quaternions = continuous_quaternions(np.stack([memory.quaternions, quaternions]))[1]
        memory.quaternions = memory.rotation(quaternions, time)
        return axis_angle_from_quaternion(memory.quaternions)
