"""The streaming half of a capture: every frame is processed once, and its observations are kept."""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.capture.journal import Journal
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.detection import Detector, crops_from_palms
from dahyf_core.errors import OutputError
from dahyf_core.footage import Frame, FrameSource
from dahyf_core.pose import HandObservations, PoseEstimator
from dahyf_core.tracking import UNTRACKED, Tracker, TrackingSettings, show_same_hand

CHUNK_FRAMES = 128
"""Largest number of frames whose observations are lost when a run is killed."""

MEMORY_TIME = 0.5
MEMORY_BYTES = 64 << 20
"""How far back the last frames are remembered (s), and in how much memory at most."""


TRACKER_PREFIX = "tracker_"


@dataclass(frozen=True)
class Clip:
    """The part of footage to capture, and its camera.

    positions: of frames of the source, rising. mirrored: the footage shows a mirror image. Frames are then flipped as
    they are read, and capture and camera refer to the flipped frames.
    """

    source: FrameSource
    positions: range
    intrinsics: Intrinsics
    mirrored: bool = False

    @property
    def times(self) -> NDArray[np.float64]:
        """(T,) seconds from the footage's first frame."""
        return self.source.times[self.positions]


class Report(Protocol):
    """Receiver of a capture's messages."""

    def status(self, text: str) -> None: ...
    def progress(self, stage: str, done: int, total: int) -> None: ...
    def warning(self, text: str) -> None: ...


@dataclass
class _FrameResult:
    """A recently processed frame. joints_2d (N, 21, 2): of the hands seen in it."""

    position: int
    time: float
    image: Image
    joints_2d: NDArray[np.floating]


class FrameProcessor:
    """Runs detector, network and tracker on one frame after the other."""

    def __init__(self, detector: Detector, estimator: PoseEstimator, tracker: Tracker, intrinsics: Intrinsics) -> None:
        self._tracker = tracker
        self._detector = detector
        self._estimator = estimator
        self._intrinsics = intrinsics

    def process(self, position: int, time: float, image: Image) -> list[ObservationLog]:
        """The observations in the next frame (H, W, 3), RGB."""
        seen = self._follow(position, time, image)
        if self._tracker.wants_detection(time):
            seen += self._search(position, time, image)
        return seen

    def _follow(self, position: int, time: float, image: Image) -> list[ObservationLog]:
        crops = self._tracker.next_crops(time)
        if not len(crops):
            return []
        observations = self._observe_followed(self._tracker, image, crops)
        return _of_hands(position, self._tracker.follow(time, observations), observations)

    def _observe_followed(self, tracker: Tracker, image: Image, crops: Crops) -> HandObservations:
        """The observations in crops of followed hands."""
        return self._estimator.observe(image, crops)

    def _search(self, position: int, time: float, image: Image) -> list[ObservationLog]:
        palms = crops_from_palms(self._detector.detect(image), self._intrinsics)
        crops = self._tracker.candidates(time, palms)
        if len(crops):
            crops = self._tracker.refined_crops(self._estimator.observe(image, crops))
        if not len(crops):
            return []
        observations = self._estimator.observe(image, crops)
        return _of_hands(position, self._tracker.admit(time, observations), observations)


class BackwardTracker(FrameProcessor):
    """A FrameProcessor that remembers the last frames.

    It follows each new hand back through these frames to its first appearance, so that the detector need not run on
    every frame.
    """

    def __init__(self, detector: Detector, estimator: PoseEstimator, tracker: Tracker, intrinsics: Intrinsics) -> None:
        super().__init__(detector, estimator, tracker, intrinsics)
        self._memory: deque[_FrameResult] = deque()

    def process(self, position: int, time: float, image: Image) -> list[ObservationLog]:
        """The observations in the next frame (H, W, 3), RGB, and those of new hands in the frames before it."""
        seen = self._follow(position, time, image)
        if self._tracker.wants_detection(time):
            found = self._search(position, time, image)
            seen += found + [past for log in found for track in log.track for past in self._trace_back(track, time)]
        here = [log.observations.joints_2d for log in seen if log.position[0] == position]
        self.remember(position, time, image, np.concatenate([np.zeros((0, 21, 2)), *here]))
        return seen

    def _observe_followed(self, tracker: Tracker, image: Image, crops: Crops) -> HandObservations:
        """The same, with another look in the same frame at hands that are not where they were expected."""
        first = super()._observe_followed(tracker, image, crops)
        doubtful = tracker.doubtful(first)
        if not len(doubtful):
            return first
        palms = crops_from_palms(self._detector.detect(image), self._intrinsics)
        rows, others = tracker.other_crops(doubtful, first, palms)
        looks = HandObservations.concatenate([first, self._estimator.observe(image, others)])
        return looks[tracker.best_looks(np.concatenate([np.arange(len(first)), rows]), looks, palms)]

    def remember(self, position: int, time: float, image: Image, joints_2d: NDArray[np.floating]) -> None:
        """Remember a processed frame with the hands (N, 21, 2) seen in it, and forget old frames."""
        self._memory.append(_FrameResult(position, time, image, joints_2d))
        limit = MEMORY_BYTES // image.nbytes
        while len(self._memory) > limit or (self._memory and self._memory[0].time < time - MEMORY_TIME):
            self._memory.popleft()

    def _trace_back(self, track: int, now: float) -> Iterator[ObservationLog]:
        """Earlier observations of a newly found hand, back to the first gap."""
        past = self._tracker.past(track, now)
        for result in reversed(self._memory):
            backward = 2 * now - result.time
            observations = self._observe_followed(past, result.image, past.next_crops(backward))
            taken = show_same_hand(observations.joints_2d, result.joints_2d).any()
            if taken or past.follow(backward, observations)[0] == UNTRACKED:
                return
            result.joints_2d = np.concatenate([result.joints_2d, observations.joints_2d])
            yield ObservationLog(np.array([result.position]), np.array([track]), observations)


def _of_hands(position: int, track: NDArray[np.int64], observations: HandObservations) -> list[ObservationLog]:
    kept = np.flatnonzero(track != UNTRACKED)
    return [ObservationLog(np.full(len(kept), position), track[kept], observations[kept])] if len(kept) else []


class _ObservationRecorder:
    """The observations so far: in the journal, and of the last frames in memory. done: number of processed frames."""

    def __init__(self, journal: Journal, intrinsics: Intrinsics) -> None:
        self.done = 0
        self._journal = journal
        self._intrinsics = intrinsics
        self._new: list[ObservationLog] = []
        self._kept = 0

    def go_on(self, tracker: Tracker) -> None:
        """Read the observations of earlier runs, and restore the tracker's state."""
        for chunk in self._journal.read():
            self.done = self._kept = int(chunk["done"])
            state = {
                name.removeprefix(TRACKER_PREFIX): chunk[name] for name in chunk if name.startswith(TRACKER_PREFIX)
            }
            tracker.restore(state)

    def add(self, seen: list[ObservationLog], done: int) -> None:
        """Add the observations up to frame `done`."""
        self._new += seen
        self.done = done

    def keep(self, tracker: Tracker, every: int = 1) -> None:
        """Write the new observations to the journal if they cover at least `every` frames."""
        if self.done - self._kept < every:
            return
        log = ObservationLog.concatenate(self._new, self._intrinsics)
        state = {TRACKER_PREFIX + name: array for name, array in tracker.state().items()}
        self._journal.append(log.to_arrays() | state | {"done": np.array(self.done)})
        self._new.clear()
        self._kept = self.done

    def log(self) -> ObservationLog:
        """All observations in the order of time. Raises OutputError if the journal no longer holds all of them."""
        logs, done = [], 0
        for chunk in self._journal.read():
            logs.append(ObservationLog.from_arrays(chunk, self._intrinsics))
            done = int(chunk["done"])
        if done != self._kept:
            raise OutputError(
                f"Only {done} of the {self._kept} frames that were saved can be read back.",
                "Run the same command again, and do not change the folder beside the output while it runs.",
            )
        return ObservationLog.concatenate(logs, self._intrinsics).in_order()


@dataclass(frozen=True)
class TrackingResult:
    """The observations in the first `done` frames of a clip."""

    log: ObservationLog
    done: int


def run_tracking(
    clip: Clip,
    detector: Detector,
    estimator: PoseEstimator,
    settings: TrackingSettings,
    journal: Journal,
    report: Report,
    stop: Callable[[], bool],
) -> TrackingResult:
    """Process all frames of a clip, starting where the journal ends. `stop` is called after each frame; True ends it.

    Raises FootageError when the footage cannot be read, OutputError when the journal cannot be written.
    """
    total = len(clip.positions)
    tracker = Tracker(settings, clip.intrinsics, clip.times[0])
    processor = BackwardTracker(detector, estimator, tracker, clip.intrinsics)
    recorder = _ObservationRecorder(journal, clip.intrinsics)
    recorder.go_on(tracker)
    if recorder.done:
        report.status(f"Resuming after {recorder.done} frames that were done before.")
        _recall(processor, clip, recorder)
    with closing(_pictures(clip, recorder.done, total)) as pictures:
        for frame, image in pictures:
            recorder.add(processor.process(frame.position, frame.time, image), clip.positions.index(frame.position) + 1)
            report.progress("capture", recorder.done, total)
            if stop():
                break
            recorder.keep(tracker, every=CHUNK_FRAMES)
        else:
            recorder.add([], total)
    recorder.keep(tracker)
    return TrackingResult(recorder.log(), recorder.done)


def _pictures(clip: Clip, start: int, stop: int) -> Generator[tuple[Frame, Image], None, None]:
    """Frames `start` to `stop` of a clip, each with the image in which hands are searched."""
    with closing(clip.source.read(clip.positions[start:stop])) as frames:
        for frame in frames:
            yield frame, np.asarray(cv2.flip(frame.image, 1), np.uint8) if clip.mirrored else frame.image


def _recall(processor: BackwardTracker, clip: Clip, recorder: _ObservationRecorder) -> None:
    """Restore the memory of the last processed frames, as if the run had not been interrupted."""
    log = recorder.log()
    start = int(np.searchsorted(clip.times, clip.times[recorder.done - 1] - MEMORY_TIME))
    for frame, image in _pictures(clip, start, recorder.done):
        processor.remember(
            frame.position, frame.time, image, log.observations.joints_2d[log.position == frame.position]
        )
