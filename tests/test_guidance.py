"""What the user knows of the hands: boxes, a region, a side, and the probability from which hands are found."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runner import run
from footage_factory import write_pictures, write_video
from made_up_hands import CAMERA, Hand, see, still
from rendered_hands import RATE, hand_picture

from dahyf_core.camera import Crops
from dahyf_core.capture import load_capture
from dahyf_core.capture.guidance import GivenBox, Guidance, Region
from dahyf_core.capture.guided import OneSided, RegionDetector, check_guidance, flipped, given_hands
from dahyf_core.capture.job import CaptureSettings, job_document, settings_of
from dahyf_core.detection import Palms
from dahyf_core.errors import SettingsError
from dahyf_core.footage import probe
from dahyf_core.tracking import TrackingSettings

GUIDANCE = Guidance((GivenBox(3, 10, 20, 30.5, 40, "left"), GivenBox(0, 1, 2, 30, 40)), Region(5, 6, 70, 80), "right")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hand that waves for 16 frames, 320 x 240."""
    path = tmp_path_factory.mktemp("clip") / "wave.mp4"
    return write_video(path, frames=16, size=(320, 240), rate=RATE, picture=hand_picture)


class TestJobs:
    def test_guidance_comes_back_from_json(self) -> None:
        settings = CaptureSettings(Path("clip.mp4"), guidance=GUIDANCE)
        assert settings_of(json.loads(json.dumps(job_document(settings)))) == settings

    @pytest.mark.parametrize(
        ("guidance", "words"),
        [
            ({"boxes": [[-1, 0, 0, 20, 20]]}, "not understood"),
            ({"boxes": [[0, 0, 0, 20]]}, "not understood"),
            ({"boxes": [[0, 0, 0, 20, 20, "up"]]}, "not understood"),
            ({"boxes": [[0, 0, 0, 2, 20]]}, "too small"),
            ({"region": [0, 0, 10, 10]}, "too small"),
            ({"person": 1}, "person"),
        ],
        ids=str,
    )
    def test_nonsense_is_refused(self, guidance: dict, words: str) -> None:
        with pytest.raises(SettingsError, match=words):
            settings_of({"version": 1, "footage": "clip.mp4", "guidance": guidance})


class TestCheck:
    @pytest.mark.parametrize(
        ("guidance", "words"),
        [
            (Guidance((GivenBox(4, 0, 0, 20, 20),)), r"The box 4:0,0,20,20 is for frame 4, which is not captured"),
            (Guidance((GivenBox(9, 0, 0, 20, 20),)), "which is not captured"),
            (
                Guidance((GivenBox(5, 64, 0, 20, 20, "left"),)),
                r"box 5:64,0,20,20:left lies outside the picture of 64 x 48",
            ),
            (Guidance((GivenBox(5, -20, 0, 20, 20),)), "outside the picture"),
            (Guidance(region=Region(0, 48, 40, 40)), "The region lies outside the picture"),
        ],
        ids=str,
    )
    def test_what_lies_outside_is_refused(self, tmp_path: Path, guidance: Guidance, words: str) -> None:
        info = probe(write_pictures(tmp_path, [3, 5, 7, 9]))
        with pytest.raises(SettingsError, match=words):
            check_guidance(guidance, info, range(3))
        check_guidance(Guidance((GivenBox(7, 60, 40, 20, 20),)), info, range(3))

    def test_boxes_go_by_the_numbers_of_files_and_are_flipped_with_the_footage(self, tmp_path: Path) -> None:
        info = probe(write_pictures(tmp_path, [3, 5, 7]))
        guidance = Guidance((GivenBox(5, 10, 4, 20, 30, "left"),))
        (as_shown,) = given_hands(guidance, info, mirrored=False)
        assert (as_shown.position, as_shown.box, as_shown.side) == (1, (10, 4, 30, 34), "left")
        (mirrored,) = given_hands(guidance, info, mirrored=True)
        assert (mirrored.box, mirrored.side) == ((34, 4, 54, 34), "left")

    def test_flipping_twice_changes_nothing(self) -> None:
        region = Region(10, 20, 30, 40)
        assert flipped(flipped(region, 64), 64) == region


class TestLimits:
    def test_a_region_is_all_that_the_detector_sees_and_palms_lie_in_the_frame(self) -> None:
        image = np.zeros((100, 200, 3), np.uint8)
        image[40:60, 90:120] = 255

        class Bright:
            def detect(self, image: np.ndarray, *, tiles: int = 1) -> Palms:
                self.shape = image.shape
                rows, columns = np.nonzero(image[..., 0])
                corners = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], float)
                return Palms(np.ones(1), corners, np.repeat(corners[:, None, :2], 7, axis=1))

        detector = Bright()
        palms = RegionDetector(detector, Region(80.5, 30, 200, 50)).detect(image)
        assert detector.shape == (50, 120, 3)
        assert palms.box.tolist() == [[90, 40, 120, 60]]
        assert palms.keypoints[0, 0].tolist() == [90, 40]

    def test_one_side_is_every_hands(self) -> None:
        class Network:
            name = provider = weights = "made up"

            def observe(self, image: np.ndarray, crops: Crops) -> object:
                return see([Hand(still(300, 300))], 0.0, crops)

        crops = Crops(np.array([[300.0, 300.0]]), np.array([400.0]), np.zeros(1), np.zeros(1, bool), CAMERA)
        image = np.zeros((720, 1280, 3), np.uint8)
        assert OneSided(Network(), "left").observe(image, crops).right_score.tolist() == [0]
        assert OneSided(Network(), "right").observe(image, crops).right_score.tolist() == [1]

    def test_a_lower_probability_lowers_all_that_a_hand_must_have(self) -> None:
        low = TrackingSettings(max_hands=3).finding_at(0.3)
        assert (low.max_hands, low.enter_presence, low.keep_presence, low.ghost_presence) == (3, 0.3, 0.3, 0.3)
        high = TrackingSettings().finding_at(0.9)
        assert (high.enter_presence, high.keep_presence, high.ghost_presence) == (0.9, 0.5, 0.65)


class TestCommandLine:
    @pytest.mark.parametrize(
        "option",
        [
            ("--box", "10,20,30,40"),
            ("--box", "3:10,20,30"),
            ("--box", "3:10,20,30,40:up"),
            ("--box", "3:10,20,30,inf"),
            ("--region", "10,20,wide,30"),
            ("--region", "1,2,3"),
            ("--side", "both"),
            ("--find-at", "2"),
        ],
        ids=" ".join,
    )
    def test_what_is_of_the_wrong_form_is_wrong_usage(self, tmp_path: Path, option: tuple[str, str]) -> None:
        assert run("capture", "clip.mp4", "-o", tmp_path / "a.npz", *option).exit_code == 2

    def test_a_box_beyond_the_clip_is_one_sentence(self, clip: Path, tmp_path: Path) -> None:
        result = run("capture", clip, "-o", tmp_path / "a.npz", "--box", "16:10,10,50,50")
        assert result.exit_code == 4
        assert result.error["text"] == "The box 16:10,10,50,50 is for frame 16, which is not captured."
        assert result.error["remedy"] == "Give a frame from 0 to 15."

    def test_a_hand_in_a_box_is_followed_both_ways_and_has_its_side(
        self, clip: Path, tmp_path: Path, shipped_network: Path
    ) -> None:
        """Nothing is found at 0.99 in a region without a hand, so that what is captured comes from the box."""
        hand = np.argwhere(hand_picture(8, 320, 240).max(axis=-1) > 150)
        (top, left), (bottom, right) = hand.min(axis=0), hand.max(axis=0)
        box = f"8:{left},{top},{right - left},{bottom - top}:left"
        away = ("--region", "0,0,32,32", "--find-at", "0.9")
        assert run("capture", clip, "-o", tmp_path / "a.npz", *away).done["hands"] == 0
        assert run("capture", clip, "-o", tmp_path / "b.npz", *away, "--box", box).done["hands"] == 1
        capture = load_capture(tmp_path / "b.npz")
        assert capture.side.tolist() == ["left"]
        assert np.isfinite(capture.raw_confidence[0]).all()
        (given,) = capture.source.guidance.boxes
        assert (given.frame, given.side, capture.source.guidance.region) == (8, "left", Region(0, 0, 32, 32))

    def test_a_known_side_is_the_hands(self, clip: Path, tmp_path: Path, shipped_network: Path) -> None:
        run("capture", clip, "-o", tmp_path / "a.npz", "--side", "left", "--range", ":5")
        assert load_capture(tmp_path / "a.npz").side.tolist() == ["left"]


def test_small_hands_are_found_in_a_region(shared_data: Path, tmp_path: Path, shipped_network: Path) -> None:
    footage = shared_data / "cases" / "small_hands_4k.mp4"
    if not footage.is_file():
        pytest.skip(f"no {footage}")
    result = run("capture", footage, "-o", tmp_path / "a.npz", "--range", "0:5", "--region", "1500,560,700,700")
    assert result.done["hands"] == 2
    assert (load_capture(tmp_path / "a.npz").state == 1).all()
