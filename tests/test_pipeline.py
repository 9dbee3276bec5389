"""From footage to raw hands: streaming, going on after a break, and what is kept when something fails."""

import errno
import os
import stat
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from footage_factory import number_of, numbered_picture, write_video
from made_up_hands import CAMERA, Hand, detect, during, left, moving, see, still
from numpy.typing import NDArray
from rendered_hands import RATE, hand_picture

from dahyf_core.camera import Crops
from dahyf_core.capture import load_capture, sweep, tracking_loop
from dahyf_core.capture.job import CaptureSettings
from dahyf_core.capture.journal import Journal
from dahyf_core.capture.pipeline import Interrupted, capture_footage, never
from dahyf_core.capture.tracking_loop import Clip, TrackingResult, run_tracking
from dahyf_core.cleaning import State
from dahyf_core.detection import Detectors, Palms
from dahyf_core.errors import OutputError
from dahyf_core.footage import Footage, FootageInfo, Frame, probe
from dahyf_core.hand_model import Side
from dahyf_core.pose import HandEstimates, HandObservations
from dahyf_core.tracking import GivenHand, TrackingSettings, crops_from_joints

FRAMES = 100
PERIOD = 1 / 25
CHUNK = 16

SCENE = (
    Hand(moving(300, 300, 30)),
    Hand(during(moving(900, 350, -20), (0.9, 1.5), (1.9, 2.7), (2.9, 4)), left),
)
"""A hand that is always there, and one that comes and goes."""


@dataclass
class Networks:
    """Detector and estimator that know what is in a numbered picture. detections: the frames they were asked about."""

    hands: Sequence[Hand]
    detections: list[int] = field(default_factory=list)
    name: str = "made up"

    def detect(self, image: NDArray[np.uint8], *, tiles: int = 1) -> Palms:
        self.detections.append(number_of(image))
        return detect(self.hands, number_of(image) * PERIOD)

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        return see(self.hands, number_of(image) * PERIOD, crops)

    def solve(self, observations: HandObservations, side: Side) -> HandEstimates:
        raise NotImplementedError


@dataclass
class Messages:
    """A report that remembers."""

    texts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def status(self, text: str) -> None:
        self.texts.append(text)

    def progress(self, stage: str, done: int, total: int) -> None:
        self.done.append(done)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@dataclass(frozen=True)
class MadeFrames:
    """Numbered pictures that no file holds."""

    count: int
    sha256: str = "made"

    @property
    def times(self) -> NDArray[np.float64]:
        return np.arange(self.count) * PERIOD

    def read(self, positions: range) -> Generator[Frame, None, None]:
        for position in positions:
            yield Frame(position, position, position * PERIOD, numbered_picture(position))


@pytest.fixture(scope="module")
def numbered(tmp_path_factory) -> FootageInfo:
    return probe(write_video(tmp_path_factory.mktemp("numbered") / "numbered.mp4", FRAMES))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch) -> None:
    monkeypatch.setattr(tracking_loop, "CHUNK_FRAMES", CHUNK)


def run(
    info: FootageInfo,
    folder: Path,
    hands: Sequence[Hand] = SCENE,
    stop: Callable[[], bool] = never,
    report: Messages | None = None,
    networks: Networks | None = None,
    settings: TrackingSettings = TrackingSettings(),  # noqa: B008
) -> TrackingResult:
    networks = networks or Networks(hands)
    journal = Journal(folder, {"max_hands": settings.max_hands})
    clip = Clip(Footage(info), range(len(info)), CAMERA)
    return run_tracking(clip, Detectors(networks, networks), networks, settings, journal, report or Messages(), stop)


def after(count: int) -> Callable[[], bool]:
    """A stop request in frame number `count`."""
    asked = iter(range(1, count + 1))
    return lambda: next(asked) == count


def assert_same(first: TrackingResult, second: TrackingResult) -> None:
    assert first.done == second.done
    arrays, others = first.log.to_arrays(), second.log.to_arrays()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)
        assert array.dtype == others[name].dtype


class TestWatching:
    def test_every_frame_with_a_hand_is_seen_though_the_detector_runs_seldom(self, numbered, tmp_path):
        networks = Networks(SCENE)
        tracked = run(numbered, tmp_path, networks=networks)
        times = np.arange(FRAMES) * PERIOD
        for hand, score in zip(SCENE, (0.95, 0.05), strict=True):
            expected = [position for position, time in enumerate(times) if hand.at(time) is not None]
            seen = tracked.log.position[tracked.log.observations.right_score == score]
            np.testing.assert_array_equal(seen, expected)
        assert len(networks.detections) < FRAMES / 3

    def test_a_hand_is_not_followed_back_into_another(self, numbered, tmp_path):
        scene = (Hand(still(300, 300)), Hand(during(still(400, 300), (0.9, 4))))
        tracked = run(numbered, tmp_path, scene)
        assert set(tracked.log.track) == {0, 1}
        places = np.column_stack([tracked.log.position, tracked.log.observations.joints_2d.mean(axis=1).round()])
        assert len(np.unique(places, axis=0)) == len(places)

    def test_any_source_of_frames_will_do(self, numbered, tmp_path):
        made = MadeFrames(FRAMES)
        clip = Clip(made, range(10, FRAMES), CAMERA)
        networks = Networks(SCENE)
        journal = Journal(tmp_path / "made", {})
        tracked = run_tracking(
            clip, Detectors(networks, networks), networks, TrackingSettings(), journal, Messages(), never
        )
        of_file = Clip(Footage(numbered), range(10, FRAMES), CAMERA)
        networks, journal = Networks(SCENE), Journal(tmp_path / "file", {})
        assert_same(
            tracked,
            run_tracking(
                of_file, Detectors(networks, networks), networks, TrackingSettings(), journal, Messages(), never
            ),
        )

    def test_progress_is_told_for_each_frame(self, numbered, tmp_path):
        report = Messages()
        run(numbered, tmp_path, report=report)
        assert report.done == list(range(1, FRAMES + 1))

    def test_a_mirrored_shot_is_flipped(self, numbered, tmp_path):
        shown: list[int] = []

        class Looking(Networks):
            def detect(self, image: NDArray[np.uint8], *, tiles: int = 1) -> Palms:
                shown.append(number_of(image))
                return detect((), 0.0)

        networks = Looking(())
        clip = Clip(Footage(numbered), range(1, 2), CAMERA, mirrored=True)
        run_tracking(
            clip,
            Detectors(networks, networks),
            networks,
            TrackingSettings(),
            Journal(tmp_path / "j", {}),
            Messages(),
            never,
        )
        assert set(shown) == {0b10000000}


@dataclass
class Shy(Networks):
    """A detector that sees hands from a frame on only, and an estimator that knows them in all frames."""

    first: int = 80

    def detect(self, image: NDArray[np.uint8], *, tiles: int = 1) -> Palms:
        return super().detect(image) if number_of(image) >= self.first else detect((), 0.0)


LATE = (Hand(during(moving(300, 300, 60), (0.4, 4))), Hand(during(still(900, 350), (0, 4)), left))
"""A hand that appears in frame 10, and one that is always there."""


class TestGoingBack:
    @pytest.fixture(autouse=True)
    def short_segments(self, monkeypatch) -> None:
        monkeypatch.setattr(sweep, "SWEEP_FRAMES", 7)

    def test_hands_that_are_found_late_are_followed_back_to_their_first_frames(self, numbered, tmp_path):
        tracked = run(numbered, tmp_path, networks=Shy(LATE))
        assert tracked.complete
        for score, first in ((0.95, 10), (0.05, 0)):
            seen = tracked.log.position[tracked.log.observations.right_score == score]
            np.testing.assert_array_equal(seen, np.arange(first, FRAMES))
        true = np.array([LATE[0].at(position * PERIOD) for position in range(10, FRAMES)])
        rights = tracked.log.observations.right_score == 0.95
        np.testing.assert_allclose(tracked.log.observations.joints_2d[rights], true)

    def test_no_frame_is_read_more_than_twice(self, tmp_path):
        read: list[int] = []

        class Counted(MadeFrames):
            def read(self, positions: range) -> Generator[Frame, None, None]:
                read.extend(positions)
                return super().read(positions)

        networks = Shy(LATE)
        clip = Clip(Counted(FRAMES), range(FRAMES), CAMERA)
        run_tracking(
            clip,
            Detectors(networks, networks),
            networks,
            TrackingSettings(),
            Journal(tmp_path / "j", {}),
            Messages(),
            never,
        )
        assert np.bincount(read).max() == 2

    def test_hands_that_the_memory_reaches_are_not_read_again(self, tmp_path):
        networks = Networks(SCENE)
        clip = Clip(MadeFrames(FRAMES), range(FRAMES), CAMERA)
        report = Messages()
        run_tracking(
            clip,
            Detectors(networks, networks),
            networks,
            TrackingSettings(),
            Journal(tmp_path / "j", {}),
            report,
            never,
        )
        assert not any("back" in text for text in report.texts)

    @pytest.mark.parametrize("first", [85, 100, 101, 103, 108])
    def test_a_broken_way_back_goes_on(self, numbered, tmp_path, first):
        unbroken = run(numbered, tmp_path / "unbroken", networks=Shy(LATE))
        broken = run(numbered, tmp_path / "broken", stop=after(first), networks=Shy(LATE))
        assert not broken.complete
        resumed = run(numbered, tmp_path / "broken", networks=Shy(LATE))
        assert resumed.complete
        assert_same(resumed, unbroken)

    def test_a_hand_found_in_the_last_frame_is_followed_back(self, numbered, tmp_path):
        tracked = run(numbered, tmp_path, networks=Shy((LATE[0],), first=FRAMES - 1))
        np.testing.assert_array_equal(tracked.log.position, np.arange(10, FRAMES))

    def test_what_the_way_there_hardly_saw_is_seen_again_on_the_way_back(self, numbered, tmp_path):
        class Fading(Networks):
            """A hand that is hardly seen in frames 44 to 49, and lost in frame 50, but only on the way there."""

            reached = 0

            def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
                seen, number = super().observe(image, crops), number_of(image)
                self.reached = max(self.reached, number)
                faint = 44 <= number <= 50 and self.reached <= 50
                return replace(seen, presence=np.full(len(crops), 0.55 - 0.5 * (number == 50))) if faint else seen

            def detect(self, image: NDArray[np.uint8], *, tiles: int = 1) -> Palms:
                return super().detect(image) if not 44 <= number_of(image) < 53 else detect((), 0.0)

        tracked = run(numbered, tmp_path, networks=Fading([Hand(moving(300, 300, 60))]))
        sure = tracked.log.observations.presence > 0.9
        np.testing.assert_array_equal(np.unique(tracked.log.position[sure]), np.arange(FRAMES))


class TestGivenHands:
    """Hands that the detector does not find."""

    def given(self, folder: Path, hand: GivenHand, networks: Networks | None = None) -> TrackingResult:
        networks = networks or Shy(LATE, first=FRAMES)
        clip = Clip(MadeFrames(FRAMES), range(FRAMES), CAMERA, given=(hand,))
        return run_tracking(
            clip, Detectors(networks, networks), networks, TrackingSettings(), Journal(folder, {}), Messages(), never
        )

    def box(self, hand: Hand) -> tuple[float, float, float, float]:
        joints = hand.at(0.0)
        return (*joints.min(axis=0), *joints.max(axis=0))

    @pytest.mark.parametrize("position", [0, 10, 50, 99])
    def test_a_given_hand_is_followed_both_ways(self, tmp_path, position):
        tracked = self.given(tmp_path, GivenHand(position, self.box(LATE[1])))
        np.testing.assert_array_equal(tracked.log.position, np.arange(FRAMES))
        assert tracked.log.observations.crops.mirrored.all()

    def test_where_there_is_no_hand_nothing_is_followed(self, tmp_path):
        assert len(self.given(tmp_path, GivenHand(0, (600.0, 100.0, 700.0, 200.0))).log) <= 1

    def test_a_given_hand_is_followed_in_place_of_the_youngest(self, tmp_path):
        third = Hand(still(600, 600))
        tracked = self.given(tmp_path, GivenHand(50, self.box(third), "right"), Networks((*LATE, third)))
        at_the_end = tracked.log.observations.joints_2d[tracked.log.position == FRAMES - 1].mean(axis=1)
        assert (at_the_end[:, 1].round() == 600).any()
        assert len(at_the_end) == 2


class Beside(Networks):
    """A network that is sure of hands which are not amid its patch, but lays them a part of the way towards it."""

    def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
        seen = super().observe(image, crops)
        off = crops.center - crops_from_joints(seen.joints_2d, crops.mirrored, CAMERA).center
        far = np.linalg.norm(off, axis=1) / crops.side > 0.3
        return replace(seen, joints_2d=seen.joints_2d + np.where(far[:, None], off / 4, 0)[:, None])


class TestLookingAgain:
    def wave(self, time: float) -> tuple[float, float]:
        """Five waves in two seconds, each 500 px wide."""
        return 640 - 250 * np.cos(5 * np.pi * time), 360

    def test_a_hand_that_was_not_where_it_was_awaited_is_looked_at_again(self, numbered, tmp_path):
        hand = Hand(self.wave)
        tracked = run(numbered, tmp_path, networks=Beside([hand]))
        np.testing.assert_array_equal(tracked.log.position, np.arange(FRAMES))
        true = np.array([hand.at(position * PERIOD) for position in range(FRAMES)])
        np.testing.assert_allclose(tracked.log.observations.joints_2d, true, atol=1e-6)

    def test_a_hand_that_is_where_it_was_awaited_is_not(self, numbered, tmp_path):
        looks: list[int] = []

        class Counting(Networks):
            def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
                looks.append(len(crops))
                return super().observe(image, crops)

        run(numbered, tmp_path, networks=Counting([Hand(moving(300, 300, 100)), Hand(moving(900, 300, -50), left)]))
        assert sum(looks) <= 2 * FRAMES + 4

    def test_an_arm_is_not_taken_for_a_longer_hand(self, numbered, tmp_path):
        hand = Hand(moving(300, 300, 100))

        class ArmToo(Networks):
            """From frame 40 on, the first look at a frame takes the arm for a part of the hand."""

            frame = -1

            def observe(self, image: NDArray[np.uint8], crops: Crops) -> HandObservations:
                seen = super().observe(image, crops)
                first, self.frame = self.frame != number_of(image), number_of(image)
                if not first or self.frame < 40:
                    return seen
                wrist = seen.joints_2d[:, :1]
                return replace(seen, joints_2d=wrist + 1.8 * (seen.joints_2d - wrist))

        tracked = run(numbered, tmp_path, networks=ArmToo([hand]))
        sizes = np.ptp(tracked.log.observations.joints_2d, axis=1).max(axis=1)
        np.testing.assert_allclose(sizes, sizes[0])


class TestGoingOn:
    @pytest.mark.parametrize("first", [1, 16, 25, 41, 50, 75])
    def test_the_result_is_that_of_an_unbroken_run(self, numbered, tmp_path, first):
        unbroken = run(numbered, tmp_path / "unbroken")
        folder = tmp_path / "broken"
        assert run(numbered, folder, stop=after(first)).done == first
        report = Messages()
        resumed = run(numbered, folder, report=report)
        assert_same(resumed, unbroken)
        assert report.done[0] == first + 1
        assert any(f"after {first} frames" in text for text in report.texts)

    def test_many_breaks_do_not_matter(self, numbered, tmp_path):
        while (broken := run(numbered, tmp_path / "broken", stop=after(7))).done < FRAMES:
            pass
        assert_same(broken, run(numbered, tmp_path / "unbroken"))

    def test_a_killed_run_loses_no_more_than_a_chunk(self, numbered, tmp_path):
        asked = iter(range(1, FRAMES))

        def kill() -> bool:
            if next(asked) == 60:
                raise KeyboardInterrupt
            return False

        with pytest.raises(KeyboardInterrupt):
            run(numbered, tmp_path / "broken", stop=kill)
        report = Messages()
        assert_same(run(numbered, tmp_path / "broken", report=report), run(numbered, tmp_path / "unbroken"))
        assert report.done[0] == 60 // CHUNK * CHUNK + 1

    @pytest.mark.parametrize(
        "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"PK" + data[9:]]
    )
    def test_a_damaged_chunk_is_done_again(self, numbered, tmp_path, damage):
        run(numbered, tmp_path / "broken", stop=after(60))
        last = sorted((tmp_path / "broken").glob("chunk-*.npz"))[-1]
        last.write_bytes(damage(last.read_bytes()))
        assert_same(run(numbered, tmp_path / "broken"), run(numbered, tmp_path / "unbroken"))

    def test_other_settings_begin_anew(self, numbered, tmp_path):
        run(numbered, tmp_path, stop=after(60))
        report = Messages()
        run(numbered, tmp_path, report=report, settings=TrackingSettings(max_hands=1))
        assert report.done[0] == 1

    def test_a_full_disk_leaves_what_was_kept_before(self, numbered, tmp_path, monkeypatch):
        synced = []

        def fsync(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                return
            synced.append(descriptor)
            if len(synced) > 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as context:
            context.setattr(os, "fsync", fsync)
            with pytest.raises(OutputError, match="No space left"):
                run(numbered, tmp_path / "broken")
        names = sorted(path.name for path in (tmp_path / "broken").iterdir())
        assert names == ["chunk-00000.npz", "chunk-00001.npz", "settings.json"]
        assert_same(run(numbered, tmp_path / "broken"), run(numbered, tmp_path / "unbroken"))


class TestJournal:
    def test_chunks_come_back_in_order_and_as_they_were(self, tmp_path):
        chunks = [{"a": np.arange(3, dtype=np.float32) + number, "b": np.array(number)} for number in range(3)]
        journal = Journal(tmp_path / "j", {"x": 1})
        for chunk in chunks:
            journal.append(chunk)
        for chunk, expected in zip(Journal(tmp_path / "j", {"x": 1}).read(), chunks, strict=True):
            assert set(chunk) == set(expected)
            for name in chunk:
                np.testing.assert_array_equal(chunk[name], expected[name])
                assert chunk[name].dtype == expected[name].dtype

    def test_it_removes_only_what_it_wrote(self, tmp_path):
        journal = Journal(tmp_path / "j", {})
        journal.append({"a": np.zeros(1)})
        (tmp_path / "j" / "mine.txt").write_text("mine")
        journal.remove()
        assert [path.name for path in (tmp_path / "j").iterdir()] == ["mine.txt"]
        (tmp_path / "j" / "mine.txt").unlink()
        journal.remove()
        assert not (tmp_path / "j").exists()

    def test_a_file_in_its_place_is_an_error_with_a_remedy(self, tmp_path):
        (tmp_path / "j").write_text("in the way")
        with pytest.raises(OutputError, match=r"/j cannot be renewed"):
            Journal(tmp_path / "j", {})

    def test_nothing_in_it_is_unpickled(self, tmp_path):
        journal = Journal(tmp_path / "j", {})
        np.savez(tmp_path / "j" / "chunk-00000.npz", a=np.array([print], dtype=object))
        assert list(journal.read()) == []


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Twelve frames of a rendered hand."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_video(path, 12, (320, 240), RATE, picture=hand_picture)


@pytest.mark.usefixtures("shipped_network")
class TestCapture:
    """The whole way, with the real networks."""

    def test_a_hand_is_captured_in_every_frame(self, clip, tmp_path):
        output = tmp_path / "hands.npz"
        capture = capture_footage(CaptureSettings(clip), output, Messages())
        assert list(capture.side) == ["right"]
        assert (capture.state == State.OBSERVED).all()
        np.testing.assert_array_equal(load_capture(output).pose, capture.pose)
        assert list(tmp_path.iterdir()) == [output]

    def test_the_frames_are_those_of_the_range(self, clip, tmp_path):
        report = Messages()
        capture = capture_footage(CaptureSettings(clip, frame_range="3:6"), tmp_path / "hands.npz", report)
        np.testing.assert_array_equal(capture.frame, [3, 4, 5, 6])
        np.testing.assert_allclose(capture.time, np.arange(3, 7) / 30)
        assert np.isfinite(capture.raw_confidence).all()

    def test_a_mirrored_clip_has_the_hand_of_the_other_side(self, clip, tmp_path):
        plain = capture_footage(CaptureSettings(clip), tmp_path / "plain.npz", Messages())
        mirrored = capture_footage(CaptureSettings(clip, mirrored=True), tmp_path / "mirrored.npz", Messages())
        assert list(mirrored.side) == ["left"]
        flipped = plain.raw_joints_2d * (-1, 1) + (319, 0)
        assert np.abs(mirrored.raw_joints_2d - flipped).mean() < 3

    def test_footage_without_hands_is_an_empty_capture_with_a_warning(self, tmp_path):
        report = Messages()
        blank = write_video(tmp_path / "blank.mp4", 3)
        capture = capture_footage(CaptureSettings(blank), tmp_path / "none.npz", report)
        assert capture.hands == 0
        assert len(load_capture(tmp_path / "none.npz").frame) == 3
        assert any("No hands" in text for text in report.warnings)

    def test_of_a_stopped_capture_nothing_is_said_about_hands(self, tmp_path):
        report = Messages()
        blank = write_video(tmp_path / "blank.mp4", 6)
        with pytest.raises(Interrupted):
            capture_footage(CaptureSettings(blank), tmp_path / "none.npz", report, after(2))
        assert report.warnings == []

    def test_a_stopped_capture_is_a_valid_file_and_goes_on(self, clip, tmp_path):
        settings, output = CaptureSettings(clip), tmp_path / "hands.npz"
        with pytest.raises(Interrupted, match="5 of 12 frames") as interrupted:
            capture_footage(settings, output, Messages(), after(5))
        assert interrupted.value.exit_code == 130
        part = load_capture(output)
        np.testing.assert_array_equal(part.frame, np.arange(5))
        assert part.hands == 1
        report = Messages()
        whole = capture_footage(settings, output, report)
        assert report.done[0] == 6
        assert len(whole.frame) == 12
        assert list(tmp_path.iterdir()) == [output]
        unbroken = capture_footage(settings, tmp_path / "unbroken.npz", Messages())
        np.testing.assert_array_equal(whole.raw_joints_2d, unbroken.raw_joints_2d)
        np.testing.assert_array_equal(whole.pose, unbroken.pose)

    def test_a_stop_leaves_an_earlier_capture_as_it_is(self, clip, tmp_path):
        settings, output = CaptureSettings(clip), tmp_path / "hands.npz"
        capture_footage(settings, output, Messages())
        whole = output.read_bytes()
        for more, done in ((5, 5), (3, 8)):
            with pytest.raises(Interrupted, match=f"{done} of 12 frames.* still holds the earlier capture"):
                capture_footage(settings, output, Messages(), after(more))
            assert output.read_bytes() == whole
        assert len(capture_footage(settings, output, Messages()).frame) == 12
        assert list(tmp_path.iterdir()) == [output]

    def test_a_second_stop_adds_to_what_the_first_one_left(self, clip, tmp_path):
        settings, output = CaptureSettings(clip), tmp_path / "hands.npz"
        for more in (5, 3):
            with pytest.raises(Interrupted):
                capture_footage(settings, output, Messages(), after(more))
        assert len(load_capture(output).frame) == 8

    def test_a_real_hand_is_captured_wherever_it_is_seen(self, shared_data, tmp_path):
        clip = shared_data / "clips" / "gestures_1280x720.mp4"
        capture = capture_footage(CaptureSettings(clip, frame_range="15:60"), tmp_path / "hands.npz", Messages())
        assert list(capture.side) == ["right"]
        assert np.isfinite(capture.raw_confidence[0, capture.frame >= 23]).all()
        assert not np.isfinite(capture.raw_confidence[0, capture.frame < 20]).any()

    def test_a_fast_wave_is_captured_from_its_first_frame_to_its_last(self, shared_data, tmp_path):
        settings = CaptureSettings(shared_data / "cases" / "wave.mp4")
        capture = capture_footage(settings, tmp_path / "hands.npz", Messages())
        assert list(capture.side) == ["right"]
        assert (capture.state[0, 16:45] != State.MISSING).all()
        assert (capture.state[0, 47:] == State.MISSING).all()
        sizes = np.ptp(capture.raw_joints_2d[0, 16:45], axis=1).max(axis=1)
        assert sizes.max() < 420, "no frame takes the forearm for a part of the hand"

    def test_a_hand_that_was_lost_as_it_moved_is_followed_back(self, shared_data, tmp_path):
        settings = CaptureSettings(shared_data / "cases" / "resting_hands.mp4")
        capture = capture_footage(settings, tmp_path / "hands.npz", Messages())
        assert sorted(capture.side) == ["left", "right"]
        keyed = (capture.state != State.MISSING).sum(axis=1)
        assert keyed.min() >= 38
        assert keyed.max() == 43
