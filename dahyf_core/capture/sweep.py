"""The way back: hands are followed to their first appearance, through footage that is read a second time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Image
from dahyf_core.capture.following import CaptureProcessor
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.pose import HandObservations
from dahyf_core.tracking import Tracker

HEAD = 8
"""Number of the first observations of a track that say where, how fast and how large the hand comes."""

SWEEP_BYTES = 256 << 20
SWEEP_FRAMES = 128
"""The most memory, and the largest number, of the frames that are read at a time."""


class Sweep:
    """Follows some tracks back from where they begin, to where their hands are lost or are others' hands already.

    All that it depends on is in the log, so that it goes on from any segment as if it had not been interrupted.
    """

    def __init__(self, processor: CaptureProcessor, tracks: Sequence[int], log: ObservationLog) -> None:
        """tracks: those whose beginnings are not known. log: all observations so far, in the order of time."""
        self._processor = processor
        self._log = log
        self._heads: dict[int, tuple[NDArray[np.int64], HandObservations]] = {}
        for track in sorted(set(tracks)):
            rows = np.flatnonzero(log.track == track)[:HEAD]
            self._heads[track] = log.position[rows], log.observations[rows]

    def next_segment(self, first: int, below: int, frame_bytes: int) -> range | None:
        """The next positions to read: those right before the latest beginning up to `below`; None if none is left.

        first: position of the clip's first frame.
        """
        begins = [begin for track in self._heads if first < (begin := self._begin(track)) <= below]
        if not begins:
            return None
        count = max(1, min(SWEEP_FRAMES, SWEEP_BYTES // frame_bytes))
        return range(max(first, max(begins) - count), max(begins))

    def follow(self, frames: Sequence[tuple[int, Image]], times: NDArray[np.float64]) -> list[ObservationLog]:
        """Follow hands back through frames, given by their positions in rising order. times: by position, s."""
        pasts: dict[int, Tracker] = {}
        found: list[ObservationLog] = []
        for position, image in reversed(frames):
            joints_2d, presence = self._seen(position)
            for track in self._heads:
                if self._begin(track) != position + 1:
                    continue
                if track not in pasts:
                    pasts[track] = self._past(track, times)
                seen = self._processor.step_back(pasts[track], float(times[position]), image, joints_2d, presence)
                if seen is None:
                    continue
                joints_2d = np.concatenate([joints_2d, seen.joints_2d])
                presence = np.concatenate([presence, seen.presence])
                self._put_before(track, position, seen)
                found.append(ObservationLog(np.array([position]), np.array([track]), seen))
        return found

    def _begin(self, track: int) -> int:
        return int(self._heads[track][0][0])

    def _past(self, track: int, times: NDArray[np.float64]) -> Tracker:
        positions, seen = self._heads[track]
        return self._processor.past(track, times[positions], seen)

    def _put_before(self, track: int, position: int, seen: HandObservations) -> None:
        positions, later = self._heads[track]
        head = HandObservations.concatenate([seen, later])[:HEAD]
        self._heads[track] = np.append(position, positions)[:HEAD], head

    def _seen(self, position: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        """Joints (N, 21, 2) and presence (N,) of the hands that were seen in a frame before."""
        rows = slice(*np.searchsorted(self._log.position, [position, position + 1]))
        return self._log.observations.joints_2d[rows], self._log.observations.presence[rows]
