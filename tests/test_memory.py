"""Long footage needs little memory beside what its capture holds: bytes a frame, of arrays and objects."""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_up_hands import CAMERA, Hand, detect, see, still
from numpy.typing import NDArray

from dahyf_core.camera import Crops
from dahyf_core.capture.following import FrameProcessor
from dahyf_core.capture.journal import Journal
from dahyf_core.capture.tracking_loop import _ObservationRecorder
from dahyf_core.cleaning import CleaningSettings, RawHand, clean
from dahyf_core.detection import Detectors, Palms
from dahyf_core.errors import OutputError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.pose import HandObservations
from dahyf_core.pose.dahyf import DahyfEstimator
from dahyf_core.tracking import Tracker, TrackingSettings

HANDS = (Hand(still(300, 300)),)
PAYLOAD = 106
"""Numbers of the shipped network's payload: 16 rotations of six, and the shape."""


class MadeUp:
    """Detector and estimator that know a hand which holds still, with as much to say of it as the shipped network."""

    name = provider = "made up"

    def detect(self, image: NDArray[np.uint8], *, tiles: int = 1) -> Palms:
        return detect(HANDS, 0.0)

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        seen = see(HANDS, 0.0, crops)
        payload = np.zeros((len(crops), PAYLOAD), np.float32)
        return HandObservations(seen.crops, seen.joints_2d, seen.presence, seen.right_score, payload, seen.is_hand)


def bytes_a_frame(work: Callable[[int], object], few: int, many: int, peak: bool) -> float:
    """How much more memory `work` takes for many frames than for few, by the frame: in the end, or at its peak."""

    def taken(frames: int) -> int:
        tracemalloc.start()
        kept = work(frames)
        gc.collect()
        now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        del kept
        return most if peak else now

    taken(few)  # what is made once
    return (taken(many) - taken(few)) / (many - few)


def test_tracking_takes_the_same_memory_for_clips_of_any_length(tmp_path: Path) -> None:
    def track(frames: int) -> _ObservationRecorder:
        tracker = Tracker(TrackingSettings(max_hands=1), CAMERA, 0.0)
        networks, recorder = MadeUp(), _ObservationRecorder(Journal(tmp_path, {"frames": frames}), CAMERA)
        image = np.zeros((8, 8, 3), np.uint8)
        processor = FrameProcessor(Detectors(networks, networks), networks, tracker, CAMERA)
        for frame in range(frames):
            recorder.add(processor.process(frame, frame / 25, image), frame + 1)
            recorder.keep(tracker, every=128)
        return recorder

    assert bytes_a_frame(track, 4 * 128, 20 * 128, peak=False) < 4
    assert track(300).done == 300


def test_observations_that_vanish_from_disk_are_not_taken_for_none(tmp_path: Path) -> None:
    tracker = Tracker(TrackingSettings(max_hands=1), CAMERA, 0.0)
    recorder = _ObservationRecorder(Journal(tmp_path, {}), CAMERA)
    recorder.add([], 128)
    recorder.keep(tracker)
    next(tmp_path.glob("chunk-*.npz")).unlink()
    with pytest.raises(OutputError, match="Only 0 of the 128 frames that were saved can be read back"):
        recorder.log()


def test_solving_and_cleaning_take_little_beside_their_results() -> None:
    """Estimates are 0.9 kB a frame, a clean hand is 1.4."""
    model = load_hand_model("open_hand")
    estimator = DahyfEstimator(None, {"right": model})
    rng = np.random.default_rng(0)
    one = MadeUp().observe(np.zeros((8, 8, 3), np.uint8), Crops(*still_crop(), CAMERA))
    rotations = np.tile([1, 0, 0, 0, 1, 0], 16)
    payload = np.concatenate([rotations, np.zeros(10)]).astype(np.float32)

    def observed(frames: int) -> HandObservations:
        rows = one[np.zeros(frames, int)]
        return HandObservations(
            rows.crops,
            rows.joints_2d + rng.normal(0, 0.5, (frames, 21, 2)),
            rows.presence,
            rows.right_score,
            np.tile(payload, (frames, 1)),
            rows.is_hand,
        )

    few, many = 8192, 16384
    observations = {frames: observed(frames) for frames in (few, many)}
    solving = bytes_a_frame(lambda frames: estimator.solve(observations[frames], "right"), few, many, peak=True)
    assert solving < 2200

    def cleaned(frames: int) -> object:
        return clean(raw[frames], np.arange(frames) / 25, CleaningSettings(), model, CAMERA)

    raw = {frames: raw_hand(observations[frames], estimator) for frames in observations}
    cleaning = bytes_a_frame(cleaned, few, many, peak=True)
    assert cleaning < 5500


def still_crop() -> tuple[NDArray, ...]:
    return np.array([[300.0, 300.0]]), np.array([300.0]), np.zeros(1), np.zeros(1, bool)


def raw_hand(observations: HandObservations, estimator: DahyfEstimator) -> RawHand:
    found = estimator.solve(observations, "right")
    crops = observations.crops
    return RawHand(
        side="right",
        box=np.column_stack([crops.center, crops.side, crops.roll]),
        joints_2d=found.joints_2d,
        joints_2d_projected=found.joints_2d_projected,
        pose=found.pose,
        shape=found.shape,
        translation=found.translation,
        confidence=found.confidence,
    )
