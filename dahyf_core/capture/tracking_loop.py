"""The tracking half of a capture: all frames once forwards, some once more backwards; observations are kept on disk."""

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.camera import Intrinsics
from dahyf_core.capture.following import MEMORY_TIME, CaptureProcessor
from dahyf_core.capture.journal import Journal
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.capture.sweep import Sweep
from dahyf_core.detection import Detectors
from dahyf_core.errors import OutputError
from dahyf_core.footage import Frame, FrameSource
from dahyf_core.pose import PoseEstimator
from dahyf_core.tracking import GivenHand, Tracker, TrackingSettings

CHUNK_FRAMES = 128
"""Largest number of frames whose observations are lost when a run is killed."""

TRACKER_PREFIX = "tracker_"


@dataclass(frozen=True)
class Clip:
    """The part of footage to capture, and its camera.

    positions: of frames of the source, rising. mirrored: the footage shows a mirror image. Frames are then flipped as
    they are read, and capture and camera refer to the flipped frames. given: hands that somebody has seen in it.
    """

    source: FrameSource
    positions: range
    intrinsics: Intrinsics
    mirrored: bool = False
    given: tuple[GivenHand, ...] = ()

    @property
    def times(self) -> NDArray[np.float64]:
        """(T,) seconds from the footage's first frame."""
        return self.source.times[self.positions]


class Report(Protocol):
    """Receiver of a capture's messages."""

    def status(self, text: str) -> None: ...
    def progress(self, stage: str, done: int, total: int) -> None: ...
    def warning(self, text: str) -> None: ...


class _ObservationRecorder:
    """The observations so far: in the journal, and of the last frames in memory.

    done: number of processed frames. unfinished: the tracks that began before what could be remembered. swept: the
    first position on the way back that has been processed; None before the first.
    """

    def __init__(self, journal: Journal, intrinsics: Intrinsics) -> None:
        self.done = 0
        self.unfinished: list[int] = []
        self.swept: int | None = None
        self._journal = journal
        self._intrinsics = intrinsics
        self._new: list[ObservationLog] = []
        self._new_unfinished: list[int] = []
        self._kept = 0

    def go_on(self, tracker: Tracker) -> None:
        """Read the observations of earlier runs, and restore the tracker's state."""
        for chunk in self._journal.read():
            self.done = self._kept = int(chunk["done"])
            self.unfinished += chunk["unfinished"].tolist()
            if "swept" in chunk:
                self.swept = int(chunk["swept"])
                continue
            state = {
                name.removeprefix(TRACKER_PREFIX): chunk[name] for name in chunk if name.startswith(TRACKER_PREFIX)
            }
            tracker.restore(state)

    def add(self, seen: list[ObservationLog], done: int, unfinished: Sequence[int] = ()) -> None:
        """Add the observations up to frame `done`, and the tracks that began before what is remembered."""
        self._new += seen
        self.done = done
        self.unfinished += unfinished
        self._new_unfinished += unfinished

    def keep(self, tracker: Tracker, every: int = 1) -> None:
        """Write the new observations to the journal if they cover at least `every` frames."""
        if self.done - self._kept < every:
            return
        state = {TRACKER_PREFIX + name: array for name, array in tracker.state().items()}
        self._write(self._new, state)
        self._new.clear()
        self._new_unfinished.clear()

    def keep_swept(self, seen: list[ObservationLog], swept: int) -> None:
        """Write the observations of the way back down to position `swept` to the journal."""
        self.swept = swept
        self._write(seen, {"swept": np.array(swept)})

    def _write(self, seen: list[ObservationLog], more: dict[str, NDArray[Any]]) -> None:
        log = ObservationLog.concatenate(seen, self._intrinsics)
        progress = {"done": np.array(self.done), "unfinished": np.array(self._new_unfinished, dtype=np.int64)}
        self._journal.append(log.to_arrays() | more | progress)
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
    """The observations in the first `done` frames of a clip. complete: whether both ways through it are done."""

    log: ObservationLog
    done: int
    complete: bool


def run_tracking(
    clip: Clip,
    detectors: Detectors,
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
    processor = CaptureProcessor(detectors, estimator, tracker, clip.intrinsics, clip.given)
    recorder = _ObservationRecorder(journal, clip.intrinsics)
    recorder.go_on(tracker)
    if recorder.done:
        report.status(f"Resuming after {recorder.done} frames that were done before.")
    goes_on = recorder.done == total or _go_forwards(clip, processor, tracker, recorder, report, stop)
    complete = recorder.done == total and not recorder.unfinished
    if goes_on and not complete:
        complete = _go_backwards(clip, processor, recorder, report, stop)
    return TrackingResult(recorder.log(), recorder.done, complete)


def _go_forwards(
    clip: Clip,
    processor: CaptureProcessor,
    tracker: Tracker,
    recorder: _ObservationRecorder,
    report: Report,
    stop: Callable[[], bool],
) -> bool:
    """Process the frames that are not done, up to the last or the one in which it is stopped, which gives False."""
    goes_on, total = True, len(clip.positions)
    if recorder.done:
        _recall(processor, clip, recorder)
    with closing(pictures(clip, recorder.done, total)) as frames:
        for frame, image in frames:
            done = clip.positions.index(frame.position) + 1
            seen = processor.process(frame.position, frame.time, image, last=done == total)
            recorder.add(seen, done, processor.unfinished)
            processor.unfinished = []
            report.progress("capture", recorder.done, total)
            if stop():
                goes_on = False
                break
            recorder.keep(tracker, every=CHUNK_FRAMES)
        else:
            recorder.add([], total)
    recorder.keep(tracker)
    return goes_on


def _go_backwards(
    clip: Clip,
    processor: CaptureProcessor,
    recorder: _ObservationRecorder,
    report: Report,
    stop: Callable[[], bool],
) -> bool:
    """Follow the hands that were found late back to where they appeared; False if it was stopped before that."""
    first, end = clip.positions[0], clip.positions[-1] + 1
    sweep = Sweep(processor, recorder.unfinished, recorder.log())
    frame_bytes = 3 * clip.intrinsics.width * clip.intrinsics.height
    swept = end if recorder.swept is None else recorder.swept
    while segment := sweep.next_segment(first, swept, frame_bytes):
        with closing(pictures(clip, segment.start - first, segment.stop - first)) as seen:
            frames = [(frame.position, image) for frame, image in seen]
        found = sweep.follow(frames, clip.source.times)
        swept = segment.start
        recorder.keep_swept(found, swept)
        report.status(f"Following hands back from frame {segment.stop - first} to {segment.start - first}.")
        if stop():
            return False
    return True


def pictures(clip: Clip, start: int, stop: int) -> Generator[tuple[Frame, Image], None, None]:
    """Frames `start` to `stop` of a clip, each with the image in which hands are searched."""
    with closing(clip.source.read(clip.positions[start:stop])) as frames:
        for frame in frames:
            yield frame, np.asarray(cv2.flip(frame.image, 1), np.uint8) if clip.mirrored else frame.image


def _recall(processor: CaptureProcessor, clip: Clip, recorder: _ObservationRecorder) -> None:
    """Restore the memory of the last processed frames, as if the run had not been interrupted."""
    log = recorder.log()
    start = int(np.searchsorted(clip.times, clip.times[recorder.done - 1] - MEMORY_TIME))
    for frame, image in pictures(clip, start, recorder.done):
        seen = log.observations[log.position == frame.position]
        processor.remember(frame.position, frame.time, image, seen.joints_2d, seen.presence)
