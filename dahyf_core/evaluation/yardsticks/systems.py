"""The measured systems, which find hands in pictures and follow them through clips."""

import shutil
import tempfile
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Crops, Intrinsics, Lens, crops_around, upright_crops
from dahyf_core.capture import Capture, CaptureSource, FootageRecord, HandModelRecord, assemble_capture
from dahyf_core.capture.journal import Journal
from dahyf_core.capture.pipeline import never, solve
from dahyf_core.capture.tracking_loop import Clip, run_tracking
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.datasets import Sample
from dahyf_core.detection import Detector, Detectors
from dahyf_core.footage import Footage, probe, select
from dahyf_core.geometry import matrix_from_axis_angle
from dahyf_core.hand_model import Side, load_hand_models
from dahyf_core.pose import HandEstimates, PoseEstimator, StillsEstimator
from dahyf_core.stills.refinement import WantedHand, estimate_hands, sensible_box
from dahyf_core.tracking import TrackingSettings

MODELS = load_hand_models()
LOOKS = 3
"""Number of looks at a hand that is known by its box. Each look is centred on the result of the last one."""


@dataclass(frozen=True, eq=False)
class Motion:
    """A hand over the T frames of a clip, NaN where it was not found. wrist: (T, 3, 3). joints: (T, 21, 3) m."""

    wrist: Array
    joints: Array

    @property
    def seen(self) -> NDArray[np.bool_]:
        """(T,)"""
        return np.isfinite(self.joints[:, 0, 0])


@dataclass(frozen=True, eq=False)
class Followed:
    """The one hand of a clip: raw, and cleaned with the defaults of a capture."""

    raw: Motion
    cleaned: Motion


class System(Protocol):
    """The interface of a measured system. Answers are of one hand, in the hand model of its side."""

    name: str

    @property
    def in_crops(self) -> "CropSystem | None":
        """This system as a CropSystem, which has a confidence for any crop; None if it is not one."""
        ...

    def look(self, sample: Sample) -> HandEstimates | None:
        """The hand of a sample with known position and side; None if it was missed."""
        ...

    def look_in(self, picture: Image, box: Array, intrinsics: Intrinsics) -> tuple[Side, HandEstimates] | None:
        """The hand in a box (4,), left, top, right, bottom in px. Nothing else is known about it."""
        ...

    def find(self, picture: Path) -> float | None:
        """The highest confidence of the hands that it detects in a picture file; None without any."""
        ...

    def follow(self, clip: Path, lens: Lens) -> Followed:
        """The hand in a clip that shows one hand."""
        ...


class CropSystem(System, Protocol):
    """A system that answers in any crop."""

    def look(self, sample: Sample) -> HandEstimates:
        """The hand of a sample. No hand is missed."""
        ...

    def look_at(self, picture: Image, crop: Crops, side: Side) -> HandEstimates:
        """The hand of that side in one crop, with a confidence."""
        ...


class Quiet:
    """A report that ignores all messages of a capture."""

    def status(self, text: str) -> None: ...
    def progress(self, stage: str, done: int, total: int) -> None: ...
    def warning(self, text: str) -> None: ...


class EstimatorSystem:
    """A pose estimator of this project, in crops or in a whole capture."""

    def __init__(self, name: str, estimator: PoseEstimator, detector: Detector) -> None:
        self.name = name
        self.estimator = estimator
        self.detector = detector
        self.follow = lru_cache(self._follow)  # two yardsticks use the same clips

    @property
    def in_crops(self) -> CropSystem:
        """Itself."""
        return self

    def look(self, sample: Sample) -> HandEstimates:
        """In the upright crop around the true joints."""
        assert sample.side is not None
        return self.look_at(sample.image, true_crop(sample), sample.side)

    def look_at(self, picture: Image, crop: Crops, side: Side) -> HandEstimates:
        """In one crop."""
        return self.estimator.solve(self.estimator.observe(picture, crop), side)

    def look_in(self, picture: Image, box: Array, intrinsics: Intrinsics) -> tuple[Side, HandEstimates]:
        left, top, right, bottom = box
        corners = np.array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
        seen = self.estimator.observe(picture, crops_around(corners, np.zeros(1), np.zeros(1, dtype=bool), intrinsics))
        for _ in range(LOOKS - 1):
            seen = self.estimator.observe(picture, upright_crops(seen.joints_2d, seen.right_score < 0.5, intrinsics))
        side: Side = "left" if seen.crops.mirrored[0] else "right"
        return side, self.estimator.solve(seen, side)

    def find(self, picture: Path) -> float | None:
        with tempfile.TemporaryDirectory() as folder:
            alone = Path(shutil.copy(picture, folder))  # among others it would be a frame of a sequence
            confidence = self._capture(alone, Lens(), max_hands=2).raw_confidence
        return float(np.nanmax(confidence)) if np.isfinite(confidence).any() else None

    def _follow(self, clip: Path, lens: Lens) -> Followed:
        captured = self._capture(clip, lens, max_hands=1)
        return Followed(
            _motion(captured, captured.raw_pose, captured.raw_shape, captured.raw_translation),
            _motion(captured, captured.pose, _every_frame(captured.shape, captured), captured.translation),
        )

    def _capture(self, footage: Path, lens: Lens, max_hands: int) -> Capture:
        """`dahyf capture` with its defaults, in memory."""
        info = probe(footage, None)
        intrinsics = lens.intrinsics(info.width, info.height, float(info.pixel_aspect))
        clip = Clip(Footage(info), select(info, None), intrinsics)
        tracking = TrackingSettings(max_hands=max_hands)
        with tempfile.TemporaryDirectory() as folder:
            journal = Journal(Path(folder) / "journal", {})
            log = run_tracking(clip, Detectors(self.detector), self.estimator, tracking, journal, Quiet(), never).log
        source = CaptureSource(FootageRecord.of(info), intrinsics, self.estimator.name, HandModelRecord.of(MODELS))
        hands = solve(clip, log, self.estimator, tracking, Quiet())
        return assemble_capture(source, info.frames[clip.positions], clip.times, hands, MODELS, CleaningSettings())


class NetworkSystem(EstimatorSystem):
    """An estimator for stills. It handles hands that are known only by a box as `dahyf predict` does."""

    estimator: StillsEstimator

    def __init__(self, name: str, estimator: StillsEstimator, detector: Detector) -> None:
        super().__init__(name, estimator, detector)

    def look_in(self, picture: Image, box: Array, intrinsics: Intrinsics) -> tuple[Side, HandEstimates]:
        height, width = picture.shape[:2]
        wanted = WantedHand(
            picture, sensible_box(np.asarray(box, np.float64), width, height), None, intrinsics, roll=0.0
        )
        return estimate_hands(self.estimator, [wanted])[0]


def true_crop(sample: Sample) -> Crops:
    """The upright patch around all joints of a sample."""
    return upright_crops(sample.joints_2d[None], np.array([sample.side == "left"]), sample.intrinsics)


def gather(answers: list[HandEstimates | None]) -> HandEstimates:
    """One row per answer, NaN where there is none. At least one answer must exist."""
    blank = next(answer for answer in answers if answer is not None)
    names = [field.name for field in fields(HandEstimates)]
    columns = {
        name: np.concatenate(
            [getattr(blank, name) * np.nan if answer is None else getattr(answer, name) for answer in answers]
        )
        for name in names
    }
    return HandEstimates(**columns)


def _motion(captured: Capture, pose: Array, shape: Array, translation: Array) -> Motion:
    """The motion of a capture: in each frame, the first of its H hands that is present."""
    wrist, joints = np.full((len(captured.frame), 3, 3), np.nan), np.full((len(captured.frame), 21, 3), np.nan)
    for hand in reversed(range(captured.hands)):
        model = MODELS["left" if captured.side[hand] == "left" else "right"]
        seen = np.isfinite(translation[hand]).all(axis=1)
        skeleton = model.skeleton(pose[hand, seen], shape[hand, seen], translation[hand, seen])
        wrist[seen] = matrix_from_axis_angle(pose[hand, seen, 0])
        joints[seen] = model.keypoints(skeleton, "mediapipe")
    return Motion(wrist, joints)


def _every_frame(shape: Array, captured: Capture) -> Array:
    return np.repeat(shape[:, None], len(captured.frame), axis=1)
