"""Detector, network and tracker on one frame after the other: live, and in captures with all the effort of a still."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray, Image
from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.capture.finding import SURE_HAND, TILES, find_hands
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.detection import Detectors, crops_from_palms
from dahyf_core.pose import HandObservations, PoseEstimator
from dahyf_core.tracking import UNTRACKED, GivenHand, Tracker, boxed_crops, likelihood, show_same_hand, side_evidence
from dahyf_core.tracking.given import EIGHTH_TURNS

MEMORY_TIME = 0.5
MEMORY_BYTES = 64 << 20
"""How far back the last frames are remembered (s), and in how much memory at most."""

SMALL = 0.12
"""Patches of followed hands that are smaller than this, in longer sides of the frame, let expect that the other hand
is too small to be found without tiles."""

ENTER_SURETY = 0.1
"""By how much the surety of a hand that the hand detector finds must be more than a new hand's presence."""

SURE = 0.8
"""A hand that was seen with this presence in a frame is not looked for there again."""


@dataclass
class _FrameResult:
    """A recently processed frame. joints_2d (N, 21, 2), presence (N,): of the hands seen in it."""

    position: int
    time: float
    image: Image
    joints_2d: NDArray[np.floating]
    presence: NDArray[np.floating]


class FrameProcessor:
    """Runs detector, network and tracker on one frame after the other."""

    def __init__(
        self, detectors: Detectors, estimator: PoseEstimator, tracker: Tracker, intrinsics: Intrinsics
    ) -> None:
        self._tracker = tracker
        self._detectors = detectors
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

    def _search(self, position: int, time: float, image: Image, last: bool = False) -> list[ObservationLog]:
        """New hands where the palm detector sees one; else, now and then, where the hand detector does."""
        asks_both = self._tracker.wants_closer_search(time) or last
        palms = crops_from_palms(self._detectors.palms.detect(image), self._intrinsics)
        crops = self._tracker.candidates(time, palms)
        if len(crops):
            crops = self._tracker.refined_crops(self._estimator.observe(image, crops))
        if len(crops):
            observations = self._estimator.observe(image, crops)
            if found := _of_hands(position, self._tracker.admit(time, observations), observations):
                return found
        if self._detectors.hands is None or not asks_both:
            return []
        observations = find_hands(
            self._detectors.hands,
            self._estimator,
            image,
            self._intrinsics,
            tiles=self._tiles(),
            surety=min(SURE_HAND, self._tracker.enter_presence + ENTER_SURETY),
            choose=self._tracker.not_followed,
        )
        return _of_hands(position, self._tracker.admit(time, observations), observations)

    def _tiles(self) -> int:
        """In how many tiles along the longer side the hand detector looks: frames that arrive live cannot wait."""
        return 1


class CaptureProcessor(FrameProcessor):
    """A FrameProcessor that looks again in the same frame, knows given hands, and remembers the last frames.

    It follows each new hand back through these frames to its first appearance, so that the detector need not run on
    every frame. unfinished: the tracks that it followed back to the end of its memory; the caller may empty the list.
    """

    def __init__(
        self,
        detectors: Detectors,
        estimator: PoseEstimator,
        tracker: Tracker,
        intrinsics: Intrinsics,
        given: Sequence[GivenHand] = (),
    ) -> None:
        super().__init__(detectors, estimator, tracker, intrinsics)
        self._given = given
        self._memory: deque[_FrameResult] = deque()
        self.unfinished: list[int] = []

    def process(self, position: int, time: float, image: Image, last: bool = False) -> list[ObservationLog]:
        """The observations in the next frame (H, W, 3), RGB, and those of new hands in the frames before it.

        last: whether no frame follows. Then both detectors run, if a hand may be missing.
        """
        seen = self._follow(position, time, image)
        found = [log for hand in self._given if hand.position == position for log in self._take(hand, time, image)]
        if self._tracker.wants_detection(time) or (last and self._tracker.has_room):
            found += self._search(position, time, image, last)
        seen += found + [past for log in found for track in log.track for past in self._trace_back(int(track), time)]
        here = [log.observations for log in seen if log.position[0] == position]
        joints_2d = np.concatenate([np.zeros((0, 21, 2)), *(observations.joints_2d for observations in here)])
        presence = np.concatenate([np.zeros(0), *(observations.presence for observations in here)])
        self.remember(position, time, image, joints_2d, presence)
        return seen

    def remember(
        self,
        position: int,
        time: float,
        image: Image,
        joints_2d: NDArray[np.floating],
        presence: NDArray[np.floating],
    ) -> None:
        """Remember a processed frame with the hands (N, 21, 2) and (N,) seen in it, and forget old frames."""
        self._memory.append(_FrameResult(position, time, image, joints_2d, presence))
        limit = MEMORY_BYTES // image.nbytes
        while len(self._memory) > limit or (self._memory and self._memory[0].time < time - MEMORY_TIME):
            self._memory.popleft()

    def step_back(
        self, past: Tracker, time: float, image: Image, joints_2d: NDArray[np.floating], presence: NDArray[np.floating]
    ) -> HandObservations | None:
        """The hand of a tracker into the past in the frame at `time`; None where it is not seen, or seen already.

        joints_2d, presence: of the hands seen in the frame. One that was hardly seen does not count if the hand is seen
        better now.
        """
        observations = self._observe_followed(past, image, past.next_crops(-time))
        same = show_same_hand(observations.joints_2d, joints_2d)[0]
        taken = same & ((presence >= SURE) | (presence >= observations.presence[0]))
        if taken.any() or past.follow(-time, observations)[0] == UNTRACKED:
            return None
        return observations

    def past(self, track: int, times: NDArray[np.float64], seen: HandObservations) -> Tracker:
        """A tracker into the past of a track, from its first observations (N), seen at these times (N,)."""
        return self._tracker.before(track, times, seen)

    def _trace_back(self, track: int, now: float) -> Iterator[ObservationLog]:
        """Earlier observations of a newly found hand, back to the first gap."""
        past = self._tracker.past(track, now)
        for result in reversed(self._memory):
            observations = self.step_back(past, result.time, result.image, result.joints_2d, result.presence)
            if observations is None:
                return
            result.joints_2d = np.concatenate([result.joints_2d, observations.joints_2d])
            result.presence = np.concatenate([result.presence, observations.presence])
            yield ObservationLog(np.array([result.position]), np.array([track]), observations)
        self.unfinished.append(track)

    def _tiles(self) -> int:
        """Many where no hand is followed, or small ones are."""
        longer = max(self._intrinsics.width, self._intrinsics.height)
        return TILES if self._tracker.largest_side < SMALL * longer else 1

    def _observe_followed(self, tracker: Tracker, image: Image, crops: Crops) -> HandObservations:
        """The same, with another look in the same frame at hands that are not where they were expected."""
        first = super()._observe_followed(tracker, image, crops)
        doubtful = tracker.doubtful(first)
        if not len(doubtful):
            return first
        palms = crops_from_palms(self._detectors.palms.detect(image), self._intrinsics)
        rows, others = tracker.other_crops(doubtful, first, palms)
        looks = HandObservations.concatenate([first, self._estimator.observe(image, others)])
        return looks[tracker.best_looks(np.concatenate([np.arange(len(first)), rows]), looks, palms)]

    def _take(self, hand: GivenHand, time: float, image: Image) -> list[ObservationLog]:
        """Begin to follow a given hand, whichever way it is turned."""
        box: FloatArray = np.array(hand.box, dtype=np.float64)
        around = self._estimator.observe(image, boxed_crops(box, hand.mirrorings, EIGHTH_TURNS, self._intrinsics))
        worth = likelihood(around, box)
        left = bool(worth**2 @ side_evidence(around.right_score, around.presence) < 0)
        side = hand.side or ("left" if left else "right")
        closer = self._tracker.crops_of(around[[int(worth.argmax())]], side)
        observations = self._estimator.observe(image, closer)
        return _of_hands(hand.position, self._tracker.take(time, observations, hand.side), observations)


def _of_hands(position: int, track: NDArray[np.int64], observations: HandObservations) -> list[ObservationLog]:
    kept = np.flatnonzero(track != UNTRACKED)
    return [ObservationLog(np.full(len(kept), position), track[kept], observations[kept])] if len(kept) else []
