"""Tracking of made-up hands: who is followed, under which name, and how often the detector is called."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_hands import CAMERA, OPEN_HAND, Hand, detect, during, left, moving, see, still
from numpy.typing import NDArray

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.capture.observation_log import ObservationLog
from dahyf_core.detection import crops_from_palms
from dahyf_core.errors import SettingsError
from dahyf_core.pose import HandObservations
from dahyf_core.tracking import UNTRACKED, TrackedHand, Tracker, TrackingSettings, assemble_hands, crops_from_joints
from dahyf_core.tracking.boxes import steadied

PERIOD = 1 / 25
DEFAULTS = TrackingSettings()


@dataclass(frozen=True)
class Run:
    """All that a tracker made of a scene. times: (T,) s. detections: times at which it called the detector."""

    times: NDArray[np.float64]
    log: ObservationLog
    detections: list[float]

    @property
    def position(self) -> NDArray[np.int64]:
        return self.log.position

    @property
    def track(self) -> NDArray[np.int64]:
        return self.log.track

    def hands(self, settings: TrackingSettings = DEFAULTS) -> list[TrackedHand]:
        return assemble_hands(self.position, self.track, self.log.observations, self.times, settings).hands

    def places(self, rows: NDArray[np.integer]) -> NDArray[np.float64]:
        """(N, 2) middles of the joints."""
        return self.log.observations.joints_2d[rows].mean(axis=1)


def follow(hands: Sequence[Hand], seconds: float, settings: TrackingSettings = DEFAULTS, period: float = PERIOD) -> Run:
    """Run a tracker through a scene, as dahyf_core.tracking.Tracker says that it is to be run."""
    times = np.arange(round(seconds / period)) * period
    tracker = Tracker(settings, CAMERA, times[0])
    logs, detections = [], []

    def note(position: int, track: NDArray[np.int64], seen: HandObservations) -> None:
        rows = np.flatnonzero(track != UNTRACKED)
        logs.append(ObservationLog(np.full(len(rows), position), track[rows], seen[rows]))

    for position, time in enumerate(times):
        if len(crops := tracker.next_crops(time)):
            seen = see(hands, time, crops)
            note(position, tracker.follow(time, seen), seen)
        if tracker.wants_detection(time):
            detections.append(float(time))
            crops = tracker.candidates(time, crops_from_palms(detect(hands, time), CAMERA))
            if len(crops) and len(closer := tracker.refined_crops(see(hands, time, crops))):
                seen = see(hands, time, closer)
                note(position, tracker.admit(time, seen), seen)
    return Run(times, ObservationLog.concatenate(logs, CAMERA), detections)


def started(hands: Sequence[Hand]) -> Tracker:
    """A tracker that follows these hands, in their order, from time 0 on."""
    tracker = Tracker(DEFAULTS, CAMERA, 0.0)
    crops = crops_from_joints(np.stack([hand.at(0.0) for hand in hands]), np.zeros(len(hands)), CAMERA)
    np.testing.assert_array_equal(tracker.admit(0.0, see(hands, 0.0, crops)), np.arange(len(hands)))
    return tracker


def turned(joints: NDArray[np.float64], angle: float) -> NDArray[np.float64]:
    cos, sin = np.cos(angle), np.sin(angle)
    return joints @ np.array([[cos, sin], [-sin, cos]])


class TestCrops:
    @given(st.floats(-np.pi, np.pi), st.floats(0.3, 3), st.booleans())
    def test_a_hand_looks_the_same_however_it_is_turned(self, angle: float, scale: float, mirrored: bool) -> None:
        hand = OPEN_HAND * (-1, 1) if mirrored else OPEN_HAND
        placed = (turned(hand, angle) * scale + (500, 300))[None]
        patch = crops_from_joints(placed, [mirrored], CAMERA).to_patch(placed)
        np.testing.assert_allclose(
            patch, crops_from_joints(OPEN_HAND[None], [False], CAMERA).to_patch(OPEN_HAND[None]), atol=1e-6
        )

    def test_the_whole_hand_is_in_the_crop_with_the_fingers_up(self) -> None:
        (patch,) = crops_from_joints(OPEN_HAND[None], [False], CAMERA).to_patch(OPEN_HAND[None])
        assert patch.min() > 0
        assert patch.max() < PATCH_SIZE
        assert patch[9, 1] < patch[0, 1]
        assert patch[9, 0] == pytest.approx(patch[0, 0])

    def test_pixels_that_are_not_square_make_no_difference(self) -> None:
        wide = replace(CAMERA, fy=CAMERA.fy / 2)
        squeezed = turned(OPEN_HAND, 0.7) * (1, 0.5) + (300, 200)
        square = turned(OPEN_HAND, 0.7) + np.array([300, 400])
        np.testing.assert_allclose(
            crops_from_joints(squeezed[None], [False], wide).to_patch(squeezed[None]),
            crops_from_joints(square[None], [False], CAMERA).to_patch(square[None]),
            atol=1e-6,
        )

    def test_small_changes_are_damped_and_large_ones_followed(self) -> None:
        before = crops_from_joints(OPEN_HAND[None], [False], CAMERA)
        trembling = crops_from_joints(OPEN_HAND[None] + 2, [False], CAMERA)
        jumping = crops_from_joints(turned(OPEN_HAND, 0.3)[None] + 100, [False], CAMERA)
        assert np.linalg.norm(steadied(trembling, before).center - before.center) < 0.5 * np.hypot(2, 2)
        np.testing.assert_allclose(steadied(jumping, before).center, jumping.center)
        np.testing.assert_allclose(steadied(jumping, before).roll, jumping.roll)

    def test_a_roll_past_half_a_turn_takes_the_short_way(self) -> None:
        before = crops_from_joints(turned(OPEN_HAND, np.pi - 0.01)[None], [False], CAMERA)
        after = crops_from_joints(turned(OPEN_HAND, np.pi + 0.01)[None], [False], CAMERA)
        turn = (steadied(after, before).roll - before.roll + np.pi) % (2 * np.pi) - np.pi
        assert -0.01 < turn < -0.001


class TestDetection:
    def test_it_is_called_once_when_all_hands_are_followed(self) -> None:
        run = follow([Hand(still(400, 300)), Hand(still(900, 300), left)], 4)
        assert run.detections == [0.0]

    def test_one_of_two_hands_costs_a_few_calls_a_second(self) -> None:
        run = follow([Hand(still(400, 300))], 4)
        assert len(run.detections) <= 4 / DEFAULTS.watch_interval + 1

    def test_an_empty_scene_is_searched_ten_times_a_second(self) -> None:
        run = follow([], 4)
        assert len(run.position) == 0
        assert len(run.detections) == pytest.approx(4 / DEFAULTS.search_interval, rel=0.3)

    @pytest.mark.parametrize("others", [[], [Hand(still(300, 300))]])
    @pytest.mark.parametrize("appears", [0.5, 1.33, 2.7])
    def test_a_hand_that_appears_is_found_within_a_third_of_a_second(self, others: list[Hand], appears: float) -> None:
        run = follow([*others, Hand(during(still(900, 400), (appears, 9)))], 4)
        found = run.times[run.position[run.track == run.track.max()][0]]
        assert appears <= found < appears + 0.34

    @pytest.mark.parametrize("lost", [26, 28, 30, 32])
    def test_it_is_called_in_the_frame_in_which_a_hand_is_lost(self, lost: int) -> None:
        run = follow([Hand(during(still(900, 400), (0, (lost - 0.5) * PERIOD)))], 4)
        assert any(time == pytest.approx(lost * PERIOD) for time in run.detections)

    @pytest.mark.parametrize("rate", [5, 24, 60, 240])
    def test_its_calls_count_in_seconds_not_in_frames(self, rate: int) -> None:
        run = follow([Hand(still(400, 300))], 4, period=1 / rate)
        assert len(run.detections) <= 4 / DEFAULTS.watch_interval + 1
        assert max(np.diff(run.detections)) <= DEFAULTS.watch_interval + 1 / rate

    def test_a_followed_hand_is_no_candidate(self) -> None:
        tracker = Tracker(DEFAULTS, CAMERA, 0.0)
        palms = crops_from_joints(OPEN_HAND + np.array([[[400, 400]], [[900, 400]]]), [0, 0], CAMERA)
        assert len(tracker.candidates(0.0, palms)) == 2
        tracker.admit(0.0, see([Hand(still(400, 300))], 0.0, palms[0]))
        (left,) = tracker.candidates(0.1, palms).center
        assert left[0] == pytest.approx(900, abs=30)


class TestIdentity:
    def test_a_still_hand_is_one_track_in_every_frame(self) -> None:
        run = follow([Hand(still(400, 300))], 4)
        np.testing.assert_array_equal(run.position, np.arange(len(run.times)))
        assert set(run.track) == {0}

    def test_a_fast_hand_is_awaited_where_it_goes(self) -> None:
        hand = Hand(moving(100, 360, 1000))
        tracker = started([hand])
        for time in PERIOD * np.arange(1, 10):
            assert tracker.follow(time, see([hand], time, tracker.next_crops(time))) == [0]
        time = 10 * PERIOD
        lag = crops_from_joints(hand.at(time)[None], [False], CAMERA).center - tracker.next_crops(time).center
        assert np.linalg.norm(lag) < 0.5 * 1000 * PERIOD

    def test_a_hand_that_leaves_the_frame_ends(self) -> None:
        run = follow([Hand(moving(640, 300, 700))], 2)
        assert run.places(np.array([-1]))[0, 0] < CAMERA.width + 50
        assert run.position[-1] < len(run.times) - 10

    @pytest.mark.parametrize("joints", [np.zeros((21, 2)), np.full((21, 2), np.nan)])
    def test_what_has_no_size_is_no_hand(self, joints: NDArray[np.float64]) -> None:
        tracker = started([Hand(still(400, 300))])
        seen = see([Hand(still(400, 300))], PERIOD, tracker.next_crops(PERIOD))
        broken = replace(seen, joints_2d=joints[None] + 400)
        assert tracker.follow(PERIOD, broken) == [UNTRACKED]
        assert len(tracker.refined_crops(broken)) == 0

    def test_observations_that_were_swapped_go_to_the_hand_that_moves_there(self) -> None:
        hands = [Hand(moving(300, 300, 300)), Hand(moving(900, 420, -300), left)]
        tracker = started(hands)
        tracker.follow(PERIOD, see(hands, PERIOD, tracker.next_crops(PERIOD)))
        seen = see(hands, 2 * PERIOD, tracker.next_crops(2 * PERIOD))
        np.testing.assert_array_equal(tracker.follow(2 * PERIOD, seen[np.array([1, 0])]), [1, 0])

    @pytest.mark.parametrize("sides", [(0.95, 0.05), (0.05, 0.95)])
    def test_a_lone_observation_between_two_tracks_continues_that_of_its_side(self, sides: tuple[float, float]) -> None:
        hands = [Hand(still(x, 300), lambda time, side=side: side) for x, side in zip((400, 520), sides, strict=True)]
        tracker = started(hands)
        seen = see([Hand(still(460, 300), left)], PERIOD, tracker.next_crops(PERIOD))
        tracks = tracker.follow(PERIOD, seen)
        assert set(tracks) == {UNTRACKED, sides.index(0.05)}

    def test_a_lone_observation_between_two_tracks_continues_the_older(self) -> None:
        tracker = started([Hand(still(400, 300))])
        times = PERIOD * np.arange(1, 50)
        for time in times:
            tracker.follow(time, see([Hand(still(400, 300))], time, tracker.next_crops(time)))
        young = crops_from_joints(Hand(still(520, 300)).at(0.0)[None], [False], CAMERA)
        tracker.admit(times[-1], see([Hand(still(520, 300))], 0.0, young))
        time = times[-1] + PERIOD
        tracks = tracker.follow(time, see([Hand(still(463, 300))], time, tracker.next_crops(time)))
        assert set(tracks) == {UNTRACKED, 0}

    @pytest.mark.parametrize("dy", [0, 60])
    @pytest.mark.parametrize("speed", [200, 600])
    def test_left_and_right_keep_their_identity_when_they_cross(self, dy: float, speed: float) -> None:
        seconds = 600 / speed
        other = Hand(moving(940, 330 + dy, -speed), left, joints=OPEN_HAND * (-1, 1))
        run = follow([Hand(moving(340, 330, speed)), other], seconds)
        hands = run.hands()
        assert sorted(hand.side for hand in hands) == ["left", "right"]
        for hand in hands:
            x = run.places(hand.rows)[:, 0]
            start, end = (340, 940) if hand.side == "right" else (940, 340)
            assert x[0] == pytest.approx(start, abs=1)
            assert x[-1] == pytest.approx(end, abs=speed * PERIOD + 1)
            steps = np.diff(x) * (1 if hand.side == "right" else -1)
            assert steps.min() >= 0

    def test_two_tracks_on_one_hand_become_one_and_the_old_name_stays(self) -> None:
        hands = [Hand(still(500, 300)), Hand(during(moving(900, 300, -200), (1, 2)))]
        run = follow(hands, 4)
        together = run.position[run.track == 1][-1]
        assert run.times[together] < 3
        assert set(run.track[run.position > together]) == {0}

    def test_a_hand_that_comes_back_is_the_same_hand(self) -> None:
        run = follow([Hand(during(still(400, 300), (0, 1), (2, 3)))], 3)
        assert set(run.track) == {0, 1}
        (hand,) = run.hands()
        assert len(hand.rows) == len(run.position)

    def test_of_three_hands_two_are_followed_unless_three_are_asked_for(self) -> None:
        hands = [Hand(still(x, 360), lambda time, x=x: 0.95 if x != 640 else 0.05) for x in (200, 640, 1080)]
        assert np.bincount(follow(hands, 1).position).max() == 2
        three = TrackingSettings(max_hands=3)
        run = follow(hands, 1, three)
        assert np.bincount(run.position).max() == 3
        assert sorted(hand.side for hand in run.hands(three)) == ["left", "right", "right"]

    @pytest.mark.parametrize("max_hands", [0, -1])
    def test_no_hand_at_all_cannot_be_asked_for(self, max_hands: int) -> None:
        with pytest.raises(SettingsError, match="at least one hand"):
            TrackingSettings(max_hands=max_hands)

    def test_a_restored_tracker_goes_on_as_if_nothing_had_happened(self) -> None:
        hands = [Hand(moving(300, 300, 100)), Hand(moving(900, 420, -100), left)]
        tracker = started(hands)
        tracker.follow(PERIOD, see(hands, PERIOD, tracker.next_crops(PERIOD)))
        other = Tracker(DEFAULTS, CAMERA, 0.0)
        other.restore(tracker.state())
        for time in PERIOD * np.arange(2, 20):
            crops, others = tracker.next_crops(time), other.next_crops(time)
            np.testing.assert_array_equal(crops.frame_from_patch(), others.frame_from_patch())
            seen = see(hands, time, crops)
            np.testing.assert_array_equal(tracker.follow(time, seen), other.follow(time, seen))
            assert tracker.wants_detection(time) == other.wants_detection(time)
        assert all(np.array_equal(value, other.state()[name]) for name, value in tracker.state().items())

    def test_a_hand_is_followed_backwards(self) -> None:
        hand = Hand(moving(300, 300, 500))
        tracker = Tracker(DEFAULTS, CAMERA, 0.0)
        now = 0.4
        (track,) = tracker.admit(now, see([hand], now, crops_from_joints(hand.at(now)[None], [False], CAMERA)))
        past = tracker.past(track, now)
        for time in now - PERIOD * np.arange(1, 8):
            seen = see([hand], time, past.next_crops(2 * now - time))
            assert past.follow(2 * now - time, seen) == [track]
            np.testing.assert_allclose(seen.joints_2d[0], hand.at(time))


class TestSide:
    def test_a_few_wrong_frames_do_not_change_it(self) -> None:
        doubtful = Hand(still(400, 300), lambda time: 0.1 if 1 < time < 1.5 else 0.9)
        (hand,) = (run := follow([doubtful], 4)).hands()
        assert hand.side == "right"
        assert len(hand.rows) == len(run.position)

    @pytest.mark.parametrize("right_score", [0.05, 0.95])
    def test_patches_of_left_hands_are_mirrored(self, right_score: float) -> None:
        run = follow([Hand(still(400, 300), lambda time: right_score)], 1)
        assert (run.log.observations.crops.mirrored == (right_score < 0.5)).all()

    def test_mirroring_does_not_flicker_while_the_side_is_unclear(self) -> None:
        unclear = Hand(still(400, 300), lambda time: 0.45 if round(time / PERIOD) % 2 else 0.55)
        mirrored = follow([unclear], 4).log.observations.crops.mirrored
        assert np.count_nonzero(np.diff(mirrored)) <= 1

    def test_an_unsure_vote_yields_to_another_hand_of_that_side(self) -> None:
        hands = [Hand(still(400, 300)), Hand(still(900, 300), lambda time: 0.6)]
        assembled = follow(hands, 2).hands()
        assert [hand.side for hand in assembled] == ["right", "left"]

    def test_two_people_may_each_show_a_right_hand(self) -> None:
        hands = [Hand(still(400, 300)), Hand(still(900, 300))]
        assembled = follow(hands, 2).hands()
        assert [hand.side for hand in assembled] == ["right", "right"]

    def test_a_piece_in_between_has_the_side_of_the_whole(self) -> None:
        hand = Hand(
            during(still(400, 300), (0, 1), (1.2, 1.5), (1.7, 3)), lambda time: 0.3 if 1.2 <= time < 1.5 else 0.9
        )
        (assembled,) = (run := follow([hand], 3)).hands()
        assert assembled.side == "right"
        assert len(assembled.rows) == len(run.position)

    def test_right_and_left_hand_by_turns_are_two_hands(self) -> None:
        hands = [Hand(during(still(400, 300), (0, 1))), Hand(during(still(900, 300), (2, 3)), left)]
        assert [hand.side for hand in follow(hands, 3).hands()] == ["right", "left"]


class TestJoining:
    """Tracks that were made up, without a tracker."""

    def log(self, *tracks: tuple[range, Hand]) -> ObservationLog:
        """Tracks 0, 1, ... of hands at these positions."""
        parts = []
        for number, (positions, hand) in enumerate(tracks):
            for position in positions:
                time = position * PERIOD
                crops = crops_from_joints(hand.at(time)[None], [False], CAMERA)
                parts.append(ObservationLog(np.array([position]), np.array([number]), see([hand], time, crops)))
        return ObservationLog.concatenate(parts, CAMERA).in_order()

    def test_where_two_tracks_of_one_hand_overlap_the_later_counts(self) -> None:
        log = self.log((range(30), Hand(moving(300, 300, 0))), (range(28, 60), Hand(still(320, 310))))
        (hand,) = assemble_hands(log.position, log.track, log.observations, PERIOD * np.arange(60), DEFAULTS).hands
        np.testing.assert_array_equal(log.position[hand.rows], np.arange(60))
        np.testing.assert_array_equal(log.track[hand.rows], np.arange(60) >= 28)

    def test_two_hands_that_are_lost_together_are_told_apart_by_place_and_side(self) -> None:
        near, far = Hand(still(400, 300)), Hand(still(500, 300), left)
        log = self.log((range(30), near), (range(30), far), (range(35, 60), far), (range(35, 60), near))
        hands = assemble_hands(log.position, log.track, log.observations, PERIOD * np.arange(60), DEFAULTS).hands
        assert [set(log.track[hand.rows]) for hand in hands] == [{0, 3}, {1, 2}]

    def test_of_two_hands_of_one_side_the_nearer_goes_on(self) -> None:
        here, there = Hand(still(300, 300)), Hand(still(900, 300))
        log = self.log((range(20), here), (range(25), there), (range(60, 90), there), (range(61, 90), here))
        hands = assemble_hands(log.position, log.track, log.observations, PERIOD * np.arange(90), DEFAULTS).hands
        assert [set(log.track[hand.rows]) for hand in hands] == [{0, 3}, {1, 2}]


def unsure(right: bool) -> Callable[[float], float]:
    """The right_score of a hand whose side is hardly seen."""
    return lambda time: 0.6 if right else 0.4


class TestIdentityOverTheClip:
    """Tracks that went wrong, made up without a tracker; hands whose sides are sure or hardly seen."""

    log = TestJoining.log
    sides = pytest.mark.parametrize("sides", [(lambda time: 0.95, left), (unsure(True), unsure(False))])

    def assembled(self, log: ObservationLog, settings: TrackingSettings = DEFAULTS) -> list[NDArray[np.float64]]:
        """(N, 2) places of each hand."""
        frames = PERIOD * np.arange(log.position.max() + 1)
        hands = assemble_hands(log.position, log.track, log.observations, frames, settings).hands
        return [log.observations.joints_2d[hand.rows].mean(axis=1) for hand in hands]

    @sides
    def test_a_track_that_jumps_to_the_other_hand_is_split(self, sides) -> None:
        here, there = Hand(still(300, 300), sides[0]), Hand(still(900, 300), sides[1])
        jumping = Hand(
            lambda time: (300, 300) if time < 30 * PERIOD - 0.01 else (900, 300), lambda time: sides[time > 1.19](time)
        )
        log = self.log((range(60), jumping), (range(30), there), (range(33, 60), here))
        hands = self.assembled(log)
        assert sorted(len(places) for places in hands) == [57, 60]
        assert all(np.ptp(places[:, 0]) < 1 for places in hands)

    @sides
    def test_hands_whose_tracks_were_exchanged_where_they_cross_keep_theirs(self, sides) -> None:
        def place(sign: int) -> Callable[[float], tuple[float, float]]:
            return lambda time: (640 + sign * 400 * (time - 1.0), 360 + sign * 20)

        def exchanged(first: int) -> Hand:
            """Hand `first` before they cross, the other one after that."""
            now = lambda time: first if time < 1.0 else -first  # noqa: E731
            return Hand(lambda time: place(now(time))(time), lambda time: sides[now(time) < 0](time))

        hands = self.assembled(self.log((range(50), exchanged(1)), (range(50), exchanged(-1))))
        assert [len(places) for places in hands] == [50, 50]
        for places in hands:
            steps = np.diff(places[:, 0])
            assert (np.sign(steps) == np.sign(steps[0])).all()

    def test_hands_that_meet_and_part_again_keep_theirs(self) -> None:
        def washing(sign: int) -> Callable[[float], tuple[float, float]]:
            return lambda time: (640 + sign * (20 + 300 * max(0.0, abs(time - 1.2) - 0.6)), 360)

        log = self.log((range(60), Hand(washing(-1))), (range(60), Hand(washing(1), left)))
        hands = self.assembled(log)
        assert [len(places) for places in hands] == [60, 60]
        assert all(len(set(np.sign(places[:, 0] - 640))) == 1 for places in hands)

    def test_where_both_ways_saw_a_hand_the_surer_look_counts(self) -> None:
        faint = Hand(moving(300, 300, 50), presence=0.7)
        log = self.log((range(30), faint), (range(20, 60), Hand(moving(300, 300, 50))))
        frames = PERIOD * np.arange(60)
        (hand,) = assemble_hands(log.position, log.track, log.observations, frames, DEFAULTS).hands
        np.testing.assert_array_equal(log.position[hand.rows], np.arange(60))
        np.testing.assert_array_equal(log.track[hand.rows], np.arange(60) >= 20)

    def test_of_many_hands_those_of_the_largest_person_are_kept(self) -> None:
        near, far = Hand(still(300, 300)), Hand(still(600, 300), left)
        small = [
            Hand(still(x, 600), side, joints=0.5 * OPEN_HAND) for x, side in ((900, left), (1100, lambda time: 0.9))
        ]
        tracks = [(range(60), small[0]), (range(60), small[1]), (range(10, 55), near), (range(12, 50), far)]
        assert sorted(places[0, 0].round() for places in self.assembled(self.log(*tracks))) == [300, 600]

    @pytest.mark.parametrize(("seen", "kept"), [(55, [300, 900]), (20, [300, 600])])
    def test_a_left_and_a_right_one_are_kept_where_that_makes_little_difference(self, seen, kept) -> None:
        tracks = [
            (range(60), Hand(still(300, 300))),
            (range(58), Hand(still(600, 300))),
            (range(seen), Hand(still(900, 300), left)),
        ]
        assert sorted(places[0, 0].round() for places in self.assembled(self.log(*tracks))) == kept


class TestWhoIsFollowed:
    """Which of too many hands a tracker begins to follow."""

    def followed(self, hands: Sequence[Hand], already: Sequence[Hand] = ()) -> list[float]:
        """Their x, px."""
        tracker = started(already) if already else Tracker(DEFAULTS, CAMERA, 0.0)
        joints = np.stack([hand.at(0.1) for hand in hands])
        seen = see(hands, 0.1, crops_from_joints(joints, np.zeros(len(hands)), CAMERA))
        tracks = tracker.admit(0.1, seen)
        return sorted(seen.joints_2d[tracks != UNTRACKED].mean(axis=1)[:, 0].round().tolist())

    def test_the_largest_come_first(self) -> None:
        small = [Hand(still(x, 600), joints=0.4 * OPEN_HAND, presence=1.0) for x in (200, 1100)]
        assert self.followed([*small, Hand(still(500, 300)), Hand(still(800, 300), left)]) == [500, 800]

    def test_the_missing_side_comes_first(self) -> None:
        others = [Hand(still(500, 300)), Hand(still(800, 300), left, presence=0.95)]
        assert self.followed(others, already=[Hand(still(200, 300))]) == [800]
        assert self.followed(others, already=[Hand(still(200, 300), left)]) == [500]

    def test_what_is_taken_for_a_hand_is_not_followed(self) -> None:
        assert self.followed([Hand(still(500, 300), is_hand=0.2), Hand(still(800, 300), left)]) == [800]


class TestGhosts:
    def test_what_flashes_up_is_dropped(self) -> None:
        run = follow([Hand(still(400, 300)), Hand(during(still(900, 300), (1.2, 1.31)), left)], 3)
        assert set(run.track) == {0, 1}
        (hand,) = run.hands()
        assert (run.track[hand.rows] == 0).all()

    def test_what_is_faint_is_dropped(self) -> None:
        run = follow([Hand(still(400, 300), presence=0.62)], 2)
        assert len(run.position)
        assert run.hands() == []

    def test_a_still_picture_keeps_its_hand(self) -> None:
        (hand,) = follow([Hand(still(400, 300))], PERIOD).hands()
        np.testing.assert_array_equal(hand.rows, [0])

    def test_a_short_piece_of_a_known_hand_is_kept(self) -> None:
        run = follow([Hand(during(still(400, 300), (0, 1), (1.2, 1.28), (1.5, 3)))], 3)
        (hand,) = run.hands()
        assert len(hand.rows) == len(run.position)

    def test_the_hands_that_are_seen_most_are_kept(self) -> None:
        hands = [Hand(during(still(400, 300), (0, 0.9))), Hand(during(still(900, 300), (1.5, 4)), left)]
        (hand,) = follow(hands, 4, one := TrackingSettings(max_hands=1)).hands(one)
        assert hand.side == "left"

    def test_nothing_seen_is_no_hand(self) -> None:
        assert follow([], 1).hands() == []
