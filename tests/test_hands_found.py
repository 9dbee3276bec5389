"""What is found is judged before it is a hand, and a hand that was mistaken for a while is put right."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from made_up_hands import CAMERA, OPEN_HAND, Hand, detect, left, see, still
from rendered_hands import hand_picture

from dahyf_core.camera import Crops, Lens
from dahyf_core.capture.finding import MORE_IN_TILES, SURE_HAND, find_hands
from dahyf_core.capture.following import FrameProcessor
from dahyf_core.capture.other_side import seen_as
from dahyf_core.capture.tracking_loop import Clip
from dahyf_core.detection import Detectors, HandDetector, Palms
from dahyf_core.footage import Frame
from dahyf_core.hand_model import load_hand_models
from dahyf_core.pose import network_estimator
from dahyf_core.tracking import Tracker, TrackingSettings

BLANK = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
PERIOD = 1 / 30


@dataclass
class Seen:
    """A detector with the same score for every hand, and an estimator. asked: the tiles of each look."""

    hands: Sequence[Hand]
    score: float = 0.9
    in_tiles_only: bool = False
    asked: list[int] = field(default_factory=list)

    def detect(self, image, *, tiles=1):
        self.asked.append(tiles)
        found = detect([] if self.in_tiles_only and tiles == 1 else self.hands, 0.0)
        return Palms(np.full(len(found), self.score), found.box, found.keypoints)

    def observe(self, image, crops):
        return see(self.hands, 0.0, crops)


def places(seen: Seen, **settings) -> list[list[float]]:
    found = find_hands(seen, seen, BLANK, CAMERA, **settings)
    return sorted(np.round(found.joints_2d.mean(axis=1)).tolist())


HAND = Hand(still(400, 300))
OTHER = Hand(still(900, 300), left)


def test_both_hands_of_a_picture_are_found():
    assert places(Seen([HAND, OTHER])) == [[400, 300], [900, 300]]


@pytest.mark.parametrize(
    ("score", "presence", "is_hand", "found"),
    [
        (0.9, 0.9, 0.9, 1),
        (0.4, 0.95, 0.95, 1),
        (0.9, 0.9, 0.3, 0),
        (0.9, 0.4, 0.9, 0),
        (0.4, 0.8, 0.8, 0),
        (0.3, 1, 1, 0),
    ],
)
def test_detector_presence_and_head_must_agree_on_a_hand(score, presence, is_hand, found):
    hand = Hand(still(400, 300), presence=presence, is_hand=is_hand)
    assert len(places(Seen([hand], score), tiles=1)) == found


@pytest.mark.parametrize(("more", "found"), [(0.5 * MORE_IN_TILES, 0), (1.1 * MORE_IN_TILES, 1)])
def test_in_tiles_hands_must_be_surer(more, found):
    seen = Seen([Hand(still(400, 300), presence=1.0)], (SURE_HAND + more) ** 3, in_tiles_only=True)
    assert len(places(seen)) == found
    assert seen.asked == [1, 3]


@pytest.mark.parametrize(("right_score", "found"), [(0.95, 1), (0.05, 2)])
def test_a_second_hand_on_a_hand_is_one_only_if_it_is_of_the_other_side(right_score, found):
    on_it = Hand(still(430, 330), lambda time: right_score, presence=0.9, joints=0.5 * OPEN_HAND)
    assert len(places(Seen([HAND, on_it]))) == found


def process(processor: FrameProcessor, frames: int) -> list[set[int]]:
    """The tracks of each frame."""
    return [
        {int(track) for log in processor.process(frame, frame * PERIOD, BLANK) for track in log.track}
        for frame in range(frames)
    ]


def test_where_no_palm_is_seen_the_hand_detector_looks_at_the_start_and_once_a_second():
    palms, hands = Seen([]), Seen([])
    tracker = Tracker(TrackingSettings(), CAMERA, 0.0)
    process(FrameProcessor(Detectors(palms, hands), Seen([]), tracker, CAMERA), 65)
    assert len(palms.asked) > 15
    assert hands.asked == [1, 1, 1]


def test_the_hand_detector_finds_the_hand_that_is_missing_beside_a_followed_one():
    both = [HAND, OTHER]
    tracker = Tracker(TrackingSettings(), CAMERA, 0.0)
    tracks = process(FrameProcessor(Detectors(Seen([HAND]), Seen(both)), Seen(both), tracker, CAMERA), 40)
    assert len(tracks[0]) == 1
    assert len(tracks[-1]) == 2


@pytest.mark.parametrize("thing_is_seen", [False, True])
def test_a_track_that_went_over_to_a_thing_ends_where_its_hand_is_found_elsewhere(thing_is_seen):
    """The thing is followed from the start. From 0.5 s on a hand of its side appears, and the detector sees it."""
    thing = Hand(still(400, 300))
    hand = Hand(lambda time: (900, 300) if time >= 0.5 else None)

    class InTime(Seen):
        def detect(self, image, *, tiles=1):
            shown = [thing, hand] if thing_is_seen or self.time < 0.5 else [hand]
            return detect(shown, self.time)

        def observe(self, image, crops):
            return see(self.hands, self.time, crops)

    networks = InTime([thing, hand])
    processor = FrameProcessor(Detectors(networks), networks, Tracker(TrackingSettings(), CAMERA, 0.0), CAMERA)
    for frame in range(40):
        networks.time = frame * PERIOD
        processor.process(frame, networks.time, BLANK)
    crops = processor._tracker.next_crops(40 * PERIOD)
    assert len(crops) == (2 if thing_is_seen else 1)
    assert np.abs(crops.center[:, 0] - 900).min() < 50


@dataclass(frozen=True)
class Blank:
    """Footage without a picture in it."""

    count: int
    sha256: str = "blank"

    @property
    def times(self):
        return np.arange(self.count) * PERIOD

    def read(self, positions):
        for position in positions:
            yield Frame(position, position, position * PERIOD, BLANK)


@pytest.mark.parametrize("side", ["right", "left"])
def test_what_was_seen_in_patches_of_the_other_side_is_seen_again(side):
    mirrored = np.array([False, True, True, False, True])
    position = np.array([3, 4, 60, 61, 62])
    crops = Crops(np.tile([400.0, 300.0], (5, 1)), np.full(5, 400.0), np.zeros(5), mirrored, CAMERA)
    first = see([HAND], 0.0, crops)
    clip = Clip(Blank(70), range(70), CAMERA)
    seen = seen_as(side, clip, position, first, Seen([HAND]))
    assert (seen.crops.mirrored == (side == "left")).all()
    np.testing.assert_allclose(seen.joints_2d, first.joints_2d, atol=1e-3)


def test_what_is_not_seen_again_stays():
    crops = Crops(np.array([[400.0, 300.0]]), np.array([400.0]), np.zeros(1), np.array([True]), CAMERA)
    first = see([HAND], 0.0, crops)
    clip = Clip(Blank(5), range(5), CAMERA)
    assert seen_as("right", clip, np.array([2]), first, Seen([])).crops.mirrored.all()


@pytest.fixture(scope="module")
def networks(shipped_network):
    return HandDetector(threads=1), network_estimator(load_hand_models(), threads=1)


def as_drawn(image):
    return image


def in_grey(image):
    return np.repeat(image.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)


def in_blue(image):
    return np.ascontiguousarray(image[..., ::-1])


@pytest.mark.parametrize("change", [as_drawn, in_grey, in_blue])
def test_drawn_hands_are_found_in_any_colour(networks, change):
    image = change(hand_picture(0, 640, 360, [("right", "left")]))
    found = find_hands(*networks, image, Lens().intrinsics(640, 360))
    assert sorted(np.where(found.right_score >= 0.5, "right", "left")) == ["left", "right"]


def test_small_hands_are_found_in_a_large_picture(networks):
    picture = np.empty((1440, 2560, 3), np.uint8)
    picture[:] = np.linspace(60, 140, 1440, dtype=np.uint8)[:, None, None]
    picture[600:780, 1000:1320] = hand_picture(0, 320, 180, [("right", "left")])
    found = find_hands(*networks, picture, Lens().intrinsics(2560, 1440))
    assert len(found) == 2
    assert (np.abs(found.joints_2d.mean(axis=1) - (1160, 690)) < (160, 90)).all()
