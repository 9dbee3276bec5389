"""Live hands: each frame gives one pose per hand."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics, Lens
from dahyf_core.capture import Capture, save_capture
from dahyf_core.capture.assembly import assemble_capture
from dahyf_core.capture.following import FrameProcessor
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.capture.pipeline import solve
from dahyf_core.capture.record import CaptureSource, FootageRecord, HandModelRecord
from dahyf_core.capture.tracking_loop import Clip
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.detection import Detectors
from dahyf_core.footage import Frame
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
        detectors: Detectors | None = None,
        hand_models: Mapping[Side, HandModel] | None = None,
        network: str | Path | None = None,
        recording: bool = False,
    ) -> None:
        """width, height: of the frames, px. estimator, detectors, hand_models: None for those that ship.

        network: an ONNX file in place of the network that ships, where no estimator is given. recording: keep all
        observations, about 2 kB a hand and frame, for `recorded`.

        Raises SettingsError, ModelFileError.
        """
        self._models = dict(hand_models or load_hand_models())
        self._estimator = estimator or network_estimator(self._models, network=Path(network) if network else None)
        self._intrinsics = lens.intrinsics(width, height)
        self._settings = TrackingSettings(max_hands=max_hands)
        tracker = Tracker(self._settings, self._intrinsics, 0.0)
        self._processor = FrameProcessor(detectors or Detectors.create(), self._estimator, tracker, self._intrinsics)
        self._logs: list[ObservationLog] | None = [] if recording else None
        self._times: list[float] = []
        self._memory: dict[int, _Memory] = {}
        self._frames = 0

    def look(self, image: NDArray[np.uint8], time: float) -> list[LiveHand]:
        """The hands in the next frame (H, W, 3), RGB, at `time`, seconds from 0 on, which rises."""
        logs = self._processor.process(self._frames, time, image)
        found = [
            self._hand(int(track), log.observations[[row]], time) for log in logs for row, track in enumerate(log.track)
        ]
        if self._logs is not None:
            self._logs += logs
            self._times.append(time)
        self._frames += 1
        self._memory = {hand.track: self._memory[hand.track] for hand in found}
        return found

    def recorded(self, path: Path, name: str) -> Capture:
        """Write a capture of all frames since the start, from the same observations. name: of the camera.

        It is as good as that of footage, because poses are solved and smoothed over the whole clip. Needs `recording`
        and at least one frame. Raises OutputError.
        """
        times = np.array(self._times, np.float64)
        clip = Clip(_Recorded(times), range(len(times)), self._intrinsics)
        log = ObservationLog.concatenate(self._logs or [], self._intrinsics)
        capture = assemble_capture(
            source=CaptureSource(
                footage=_record(name, times, self._intrinsics),
                intrinsics=self._intrinsics,
                estimator=self._estimator.name,
                hand_model=HandModelRecord.of(self._models),
            ),
            frame=np.arange(len(times)),
            time=times - times[0],
            hands=solve(clip, log, self._estimator, self._settings, _Silent()),
            models=self._models,
            settings=CleaningSettings(),
        )
        save_capture(capture, path)
        return capture

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


@dataclass(frozen=True)
class _Recorded:
    """The times of frames that are gone, as a FrameSource."""

    times: NDArray[np.float64]
    sha256: str = "0" * 64

    def read(self, positions: range) -> Generator[Frame, None, None]:
        """Nothing: a camera's frames are not kept."""
        yield from ()


class _Silent:
    """Receives a capture's messages, and tells nobody."""

    def status(self, text: str) -> None: ...
    def progress(self, stage: str, done: int, total: int) -> None: ...
    def warning(self, text: str) -> None: ...


def _record(name: str, times: Array, intrinsics: Intrinsics) -> FootageRecord:
    """The record of a camera's frames at these times; their rate is the mean one, in hundredths."""
    span = float(times[-1] - times[0])
    rate = Fraction(max(100, round(100 * (len(times) - 1) / span)), 100) if span else Fraction(30)
    return FootageRecord(name, "video", "0" * 64, intrinsics.width, intrinsics.height, rate, 0, False)
