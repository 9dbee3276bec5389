"""Tracks hands from frame to frame: search regions, association, and when to run the palm detector."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray, IntArray
from dahyf_core.camera import Crops, Intrinsics
from dahyf_core.tracking.assignment import assigned
from dahyf_core.tracking.association import (
    LIKELY_HAND,
    Observation,
    distance,
    distinct,
    radius,
    show_same_hand,
    side_evidence,
)
from dahyf_core.tracking.boxes import crops_from_joints, steadied
from dahyf_core.tracking.second_look import LEAST_RADIUS, doubtful_rows, other_crops, plausibility
from dahyf_core.tracking.settings import TrackingSettings
from dahyf_core.tracking.tracks import Tracks

PALM_JOINTS = (0, 1, 2, 5, 9, 13, 17)

UNTRACKED = -1
"""The track of an observation that shows no hand, or one that is followed already."""

VELOCITY_WEIGHT = 0.8
VELOCITY_HORIZON = 0.2
"""A hand is expected to keep this part of its velocity, for this many seconds at most."""

SIDE_WEIGHT = 0.5
YOUTH_WEIGHT = 0.25
"""Association costs of the wrong side and of a track that has just begun, in radii of distance."""

MIRROR_VOTE = 1.0
"""Patches are mirrored from this much evidence for a left hand on, and no more from as much for a right hand."""

FOLLOWED_SHIFT = 0.2
FOLLOWED_GROWTH = 1.6
"""A palm's crop this close to a followed hand's, in sides and as a ratio of sides, shows the same hand."""

CLOSER_DELAY = 0.5
CLOSER_INTERVAL = 1.0
"""Seconds from a loss, in which a hand is blurred rather than gone, and from one closer search, to the next."""

SURE_NEW = 0.8
"""Presence and is_hand of a new hand that may be one which is followed, but was lost to something else."""

SEEN_SHIFT = 0.35
"""A palm's patch this near to that of a followed hand, in its sides, says that a hand is there."""

MISSING_SIDE = 1.25
"""How much more a new hand counts if none of its side is followed."""

HAND_SECONDS = 0.4
LEAST_HAND = 0.15
"""A track ends where its mean probability of a hand over this time is less."""

MOST_NEW = 0.999
"""Largest share of what is new in such a mean: not 1, because the mean of what somebody says is a hand is infinite."""

GIVEN_EVIDENCE = 30.0
"""Log-odds of a side that somebody has stated: ten frames that are sure of the other do not outvote it."""

SIZE_SECONDS = 0.4
"""Time in which the size that a hand is known by follows the size that it is seen in."""

TIME_TOLERANCE = 1e-3


class Tracker:
    """Follows up to settings.max_hands hands through footage, one frame after the other.

    For each frame, in this order: the network sees `next_crops`, and `follow` takes what it saw. Where
    `wants_detection` then says so, the palm detector runs; the network sees the `candidates` among its crops, then the
    crops of a `refined_crops`, and `admit` takes what it saw there. All times are the frame's own, in seconds.
    """

    def __init__(self, settings: TrackingSettings, intrinsics: Intrinsics, start: float) -> None:
        self._settings = settings
        self._intrinsics = intrinsics
        self._tracks = Tracks.none()
        self._next_id = 0
        self._time = start
        self._detected = -np.inf
        self._search_until = start
        self._closer_due = start
        self._unseen: list[int] = []

    def next_crops(self, time: float) -> Crops:
        """Crops (N,) in which to look for the N followed hands."""
        tracks = self._tracks
        crops = crops_from_joints(self._predicted(time), self._mirrored(), self._intrinsics)
        return steadied(crops, tracks.crops(self._intrinsics))

    def follow(self, time: float, seen: Observation) -> IntArray:
        """Take what was seen in `next_crops`; returns the track (N,) of each observation, or UNTRACKED.

        Hands that were seen twice are kept once. Which observation continues which track is decided for all at once, by
        motion, shape and side, so that hands which cross keep their identity. Tracks without an observation end, and so
        do those that no longer look like hands.
        """
        usable = self._are_hands(seen, self._settings.keep_presence)
        rows = np.flatnonzero(usable)
        rows = rows[distinct(seen.joints_2d[rows], seen.presence[rows])]
        tracks, columns = assigned(self._costs(time, seen, rows))
        lasting = self._judged(self._tracks[tracks], rows[columns], time, seen) >= LEAST_HAND
        tracks, columns = tracks[lasting], columns[lasting]
        result = np.full(len(usable), UNTRACKED, dtype=np.int64)
        result[rows[columns]] = self._tracks.id[tracks]
        self._end_all_but(tracks, time)
        self._tracks = self._continued(self._tracks[tracks], rows[columns], time, seen)
        self._time = time
        return result

    def doubtful(self, seen: Observation) -> IntArray:
        """Those of the followed hands at which to look again in the same frame, before `follow`.

        Patch and joints disagree there, the hand changed its size, or hardly any hand is seen.
        """
        return doubtful_rows(seen, self._tracks)

    def other_crops(self, doubtful: IntArray, seen: Observation, palms: Crops) -> tuple[IntArray, Crops]:
        """Crops (M,) in which to look at these hands again, and which of the followed hands each of them is for.

        palms: crops of the palms that the detector finds in the frame.
        """
        return other_crops(doubtful, seen, self._tracks, self._mirrored(), palms)

    def best_looks(self, row: IntArray, seen: Observation, palms: Crops) -> IntArray:
        """For each followed hand, which of the observations (M,), of the hands `row` (M,), shows it best."""
        worth = plausibility(seen, self._tracks[row], palms)
        order = np.lexsort((-worth, row))
        return order[np.unique(row[order], return_index=True)[1]]

    def crops_of(self, seen: Observation, side: str) -> Crops:
        """Crops around the joints of hands of a known side."""
        return crops_from_joints(seen.joints_2d, np.full(len(seen.presence), side == "left"), self._intrinsics)

    def take(self, time: float, seen: Observation, side: str | None) -> IntArray:
        """Begin a track for a hand that is surely there, whatever its presence; returns its track (1,), or UNTRACKED.

        If the hand is followed already, only its side is noted. If all hands are followed, the youngest track ends.
        side: None if unknown.
        """
        evidence = {None: 0.0, "left": -GIVEN_EVIDENCE, "right": GIVEN_EVIDENCE}[side]
        same = show_same_hand(seen.joints_2d, self._tracks.joints_2d)[0]
        if same.any() or not self._are_hands(seen, 0.0)[0]:
            self._tracks = replace(self._tracks, vote=self._tracks.vote + evidence * same)
            return np.array([UNTRACKED])
        if not self.has_room:
            self._tracks = self._tracks[np.arange(len(self._tracks)) != self._tracks.born.argmax()]
        row = np.zeros(1, dtype=np.int64)
        begun = self._begun(row + self._next_id, row, time, seen)
        self._tracks += replace(begun, vote=begun.vote + evidence, is_hand=np.array([np.inf]))
        self._next_id += 1
        self._time = time
        return begun.id

    @property
    def has_room(self) -> bool:
        """Whether fewer hands are followed than may be."""
        return len(self._tracks) < self._settings.max_hands

    @property
    def enter_presence(self) -> float:
        """Presence from which a new hand is followed."""
        return self._settings.enter_presence

    @property
    def largest_side(self) -> float:
        """Side of the largest patch of a followed hand, px; 0 where none is followed."""
        return float(self._tracks.side.max(initial=0.0))

    def wants_closer_search(self, time: float) -> bool:
        """Whether it is time for another detector too, where the palm detector finds nothing new. Asked once a search.

        That is at the start, CLOSER_DELAY after each loss, and every CLOSER_INTERVAL.
        """
        wanted = time >= self._closer_due - TIME_TOLERANCE
        if wanted:
            self._closer_due = time + CLOSER_INTERVAL
        return wanted

    def wants_detection(self, time: float) -> bool:
        """Whether a hand may have appeared that is not followed."""
        settings = self._settings
        if not self.has_room:
            return False
        searches = not len(self._tracks) or time <= self._search_until
        interval = settings.search_interval if searches else settings.watch_interval
        return time - self._detected >= interval - TIME_TOLERANCE

    def candidates(self, time: float, palms: Crops) -> Crops:
        """Those crops of detected palms, best first, that show no followed hand."""
        self._detected = time
        tracks = self._tracks
        apart = np.linalg.norm(palms.center[:, None] - tracks.center[None], axis=-1) / tracks.side
        self._unseen = tracks.id[(apart > SEEN_SHIFT).all(axis=0)].tolist()
        return palms[self.not_followed(palms)[: 2 * self._settings.max_hands]]

    def not_followed(self, palms: Crops) -> IntArray:
        """The rows of those crops of detected hands that show no followed one."""
        tracks = self._tracks
        shift = np.linalg.norm(palms.center[:, None] - tracks.center[None], axis=-1) / tracks.side
        growth = np.abs(np.log(palms.side[:, None] / tracks.side[None]))
        followed = (shift < FOLLOWED_SHIFT) & (growth < np.log(FOLLOWED_GROWTH))
        return np.flatnonzero(~followed.any(axis=1))

    def refined_crops(self, seen: Observation) -> Crops:
        """Crops around the joints of those candidates that showed a hand, mirrored for left hands."""
        rows = np.flatnonzero(self._are_hands(seen, self._settings.keep_presence))
        return crops_from_joints(seen.joints_2d[rows], seen.right_score[rows] < 0.5, self._intrinsics)

    def admit(self, time: float, seen: Observation) -> IntArray:
        """Begin a track for each new hand in a closer look; returns the track (N,), or UNTRACKED.

        Where there are too many, the surest and largest go first, and those of a side that is not followed. A track
        ends where a sure hand of its side is elsewhere and the detector sees none at its place: it went to a thing.
        """
        usable = self._are_hands(seen, self._settings.enter_presence) & (np.asarray(seen.is_hand) >= LIKELY_HAND)
        usable &= ~show_same_hand(seen.joints_2d, self._tracks.joints_2d).any(axis=1)
        rows = np.flatnonzero(usable)
        rows = rows[distinct(seen.joints_2d[rows], seen.presence[rows])]
        self._end_lost_to_things(seen, rows, time)
        free = self._settings.max_hands - len(self._tracks)
        if len(rows) > free:
            rows = rows[np.argsort(-self._worth(seen, rows), kind="stable")][:free]
        rows = rows[np.argsort(-seen.presence[rows], kind="stable")]
        result = np.full(len(usable), UNTRACKED, dtype=np.int64)
        if len(rows):
            result[rows] = np.arange(self._next_id, self._next_id + len(rows))
            self._tracks += self._begun(result[rows], rows, time, seen)
            self._next_id += len(rows)
            self._search_until = time
            self._time = time
        return result

    def past(self, track: int, time: float) -> "Tracker":
        """A tracker that follows one of the followed hands back through earlier frames, from now, which is `time`.

        Time runs backwards there: what it is told must be -t for the frame of time t.
        """
        past = Tracker(self._settings, self._intrinsics, -time)
        tracks = self._tracks[self._tracks.id == track]
        past._tracks = replace(tracks, velocity=-tracks.velocity, born=np.full(len(tracks), -time))
        return past

    def before(self, track: int, times: FloatArray, seen: Observation) -> "Tracker":
        """The same for a track that is no longer followed, from its first observations (N), seen at times (N,)."""
        past = Tracker(self._settings, self._intrinsics, -times[0])
        first = np.zeros(1, dtype=np.int64)
        palms = seen.joints_2d[:, PALM_JOINTS].mean(axis=1)
        comes = len(times) > 1 and times[1] - times[0] <= VELOCITY_HORIZON
        velocity = (palms[:1] - palms[1:2]) / (times[1] - times[0]) if comes else np.zeros((1, 2))
        size = np.median(radius(seen.joints_2d), keepdims=True)
        evidence = side_evidence(seen.right_score[1:], seen.presence[1:]).sum(keepdims=True)
        past._tracks = _as_seen(seen, first, first + track, -times[:1], velocity, size, evidence, np.ones(1))
        return past

    def state(self) -> dict[str, NDArray[Any]]:
        """All that later frames depend on, as plain arrays."""
        tracks = {f"track_{field.name}": getattr(self._tracks, field.name) for field in fields(Tracks)}
        schedule = np.array([self._time, self._detected, self._search_until, self._closer_due])
        return tracks | {"schedule": schedule, "next_id": np.array(self._next_id)}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Go on from a `state`."""
        self._tracks = Tracks(**{field.name: state[f"track_{field.name}"] for field in fields(Tracks)})
        self._time, self._detected, self._search_until, self._closer_due = map(float, state["schedule"])
        self._next_id = int(state["next_id"])

    def _worth(self, seen: Observation, rows: IntArray) -> FloatArray:
        """(N,) how much speaks for some new hands, against each other: presence, size, and a side that is missing."""
        sizes = radius(seen.joints_2d[rows])
        right = np.asarray(seen.right_score)[rows] >= 0.5
        followed = self._tracks.vote >= 0
        is_missing = np.where(right, not followed.any(), not (~followed).any())
        worth: FloatArray = seen.presence[rows] * sizes / sizes.max(initial=1.0) * np.where(is_missing, MISSING_SIDE, 1)
        return worth

    def _predicted(self, time: float) -> FloatArray:
        elapsed = min(time - self._time, VELOCITY_HORIZON)
        return self._tracks.joints_2d + VELOCITY_WEIGHT * elapsed * self._tracks.velocity[:, None]

    def _mirrored(self) -> NDArray[np.bool_]:
        tracks = self._tracks
        return np.where(np.abs(tracks.vote) < MIRROR_VOTE, tracks.mirrored, tracks.vote < 0)

    def _costs(self, time: float, seen: Observation, rows: NDArray[np.integer]) -> FloatArray:
        """(tracks, rows) how unlikely it is that an observation continues a track."""
        tracks = self._tracks
        expected_right = 1 / (1 + np.exp(-np.clip(tracks.vote, -5, 5)))
        wrong_side = np.abs(expected_right[:, None] - seen.right_score[rows][None])
        youth = 1 / (1 + (time - tracks.born) / self._settings.established_time)
        moved = distance(self._predicted(time), seen.joints_2d[rows])
        return moved + SIDE_WEIGHT * wrong_side + YOUTH_WEIGHT * youth[:, None]

    def _end_all_but(self, kept: NDArray[np.integer], time: float) -> None:
        """Where an established hand has been lost, search at once, and eagerly for a while."""
        lost = np.ones(len(self._tracks), dtype=bool)
        lost[kept] = False
        if (time - self._tracks.born[lost] >= self._settings.established_time).any():
            self._detected = -np.inf
            self._search_until = time + self._settings.search_time
            self._closer_due = time + CLOSER_DELAY

    def _end_lost_to_things(self, seen: Observation, rows: IntArray, time: float) -> None:
        tracks = self._tracks
        sure = rows[(seen.presence[rows] >= SURE_NEW) & (seen.is_hand[rows] >= SURE_NEW)]
        evidence = side_evidence(seen.right_score[sure], seen.presence[sure])
        side = np.where(np.abs(tracks.vote) >= MIRROR_VOTE, np.sign(tracks.vote), 0)
        replaced = (side[:, None] * evidence >= MIRROR_VOTE).any(axis=1)
        kept = ~(replaced & np.isin(tracks.id, self._unseen) & np.isfinite(tracks.is_hand))
        if not kept.all():
            self._end_all_but(np.flatnonzero(kept), time)
            self._tracks = tracks[kept]

    def _continued(self, tracks: Tracks, rows: NDArray[np.integer], time: float, seen: Observation) -> Tracks:
        moved = (seen.joints_2d[rows] - tracks.joints_2d)[:, PALM_JOINTS].mean(axis=1)
        velocity = moved / max(time - self._time, TIME_TOLERANCE)
        growth = np.log(radius(seen.joints_2d[rows]) / tracks.size)
        size = tracks.size * np.exp(self._followed(time, SIZE_SECONDS) * growth)
        is_hand = self._judged(tracks, rows, time, seen)
        return _as_seen(seen, rows, tracks.id, tracks.born, velocity, size, tracks.vote, is_hand)

    def _judged(self, tracks: Tracks, rows: NDArray[np.integer], time: float, seen: Observation) -> FloatArray:
        """(N,) how much tracks look like hands after these observations."""
        followed = self._followed(time, HAND_SECONDS)
        return (1 - followed) * tracks.is_hand + followed * seen.is_hand[rows]

    def _followed(self, time: float, seconds: float) -> float:
        """The share of what is new in a mean over the last `seconds`."""
        return min(1 - float(np.exp(-(time - self._time) / seconds)), MOST_NEW)

    def _begun(self, ids: IntArray, rows: NDArray[np.integer], time: float, seen: Observation) -> Tracks:
        count = len(rows)
        size = radius(seen.joints_2d[rows])
        return _as_seen(
            seen, rows, ids, np.full(count, time), np.zeros((count, 2)), size, np.zeros(count), seen.is_hand[rows]
        )

    def _are_hands(self, seen: Observation, presence: float) -> NDArray[np.bool_]:
        """(N,) observations with enough presence whose palm is centred on the picture and has a size."""
        palm = seen.joints_2d[:, PALM_JOINTS].mean(axis=1)
        in_frame = ((palm >= 0) & (palm <= (self._intrinsics.width, self._intrinsics.height))).all(axis=1)
        return (seen.presence >= presence) & in_frame & (radius(seen.joints_2d) >= LEAST_RADIUS)


def _as_seen(
    seen: Observation,
    rows: NDArray[np.integer],
    ids: IntArray,
    born: FloatArray,
    velocity: FloatArray,
    size: FloatArray,
    vote: FloatArray,
    is_hand: FloatArray,
) -> Tracks:
    """Tracks as these observations leave them. vote: what was known of their sides before."""
    crops = seen.crops[rows]
    return Tracks(
        id=ids,
        born=born,
        joints_2d=np.asarray(seen.joints_2d[rows], dtype=np.float64),
        velocity=velocity,
        size=size,
        vote=vote + side_evidence(seen.right_score[rows], seen.presence[rows]),
        is_hand=np.asarray(is_hand, dtype=np.float64),
        center=crops.center,
        side=crops.side,
        roll=crops.roll,
        mirrored=crops.mirrored,
    )
