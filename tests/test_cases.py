"""Real footage on which captures were once wrong, each for its kind; test_drawn_captures.py has the kinds made up.

The footage lies outside of the repository. docs/benchmark/finding_truth.json says where its hands are.
"""

from pathlib import Path

import numpy as np
import pytest

from dahyf_core.capture import load_capture
from dahyf_core.capture.job import CaptureSettings
from dahyf_core.capture.pipeline import capture_footage
from dahyf_core.cleaning import State
from dahyf_core.evaluation.finding import ClipScore, FoundHands, Presence, TrueHands, Truths, score_clip
from dahyf_core.evaluation.finding.finders import middles
from dahyf_core.evaluation.yardsticks.systems import Quiet
from dahyf_core.footage import probe
from dahyf_core.hand_model import FINGER_KEYPOINTS
from dahyf_core.stills import Predictor

TRUTHS = Truths.load(Path(__file__).parent.parent / "docs" / "benchmark" / "finding_truth.json")


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> Path:
    folder = shared_data / "cases"
    if not folder.is_dir():
        pytest.skip(f"there are no cases at {folder}")
    return folder


def score(clip: Path, work: Path) -> ClipScore:
    """A capture with the defaults against what was seen by eye."""
    capture = capture_footage(CaptureSettings(clip), work / "hands.npz", Quiet())
    assert load_capture(work / "hands.npz").hands == capture.hands
    keyed = np.where((capture.state != State.MISSING)[..., None, None], capture.joints_2d, np.nan)
    truth = TRUTHS.of_clip(f"cases/{clip.name}", len(probe(clip, None).times))
    return score_clip(truth, FoundHands(capture.side, middles(keyed.astype(float))))


def share_found(result: ClipScore, hand: int) -> float:
    """Share of the frames with the hand, which is number `hand` of the truth."""
    present = result.presence[hand] == Presence.PRESENT
    return float((result.matched[hand, present] >= 0).mean())


def test_a_hand_that_rests_is_keyed_beside_one_that_signs(cases, tmp_path):
    result = score(cases / "resting_hands.mp4", tmp_path)
    assert min(share_found(result, hand) for hand in range(2)) > 0.9
    assert not result.false.any()
    assert not result.wrong_side.any()
    assert (result.swaps, result.pieces) == (0, 0)


def test_a_fast_wave_is_keyed_from_its_first_frame_to_its_last(cases, tmp_path):
    result = score(cases / "wave.mp4", tmp_path)
    assert share_found(result, 0) > 0.95
    assert result.matched[0, [16, 17, 28, 29, 30, 44]].min() >= 0
    assert not result.false.any()
    assert result.pieces == 0


def test_a_fast_wave_in_interlaced_video_is_keyed(cases, tmp_path):
    result = score(cases / "wave_interlaced.mpg", tmp_path)
    assert share_found(result, 0) > 0.8
    assert not result.false.any()


def test_hands_of_four_percent_of_the_picture_are_found(cases, tmp_path):
    result = score(cases / "small_hands_4k.mp4", tmp_path)
    assert share_found(result, 0) > 0.8
    assert share_found(result, 1) > 0.7
    assert not result.false.any()


def test_grey_film_is_captured_as_colour_is(cases, tmp_path):
    shares = {}
    for name in ("plate_colour", "plate_grey"):
        result = score(cases / f"{name}.mp4", tmp_path)
        shares[name] = np.array([share_found(result, hand) for hand in range(2)])
        assert result.false_frames.mean() < 0.1
        assert result.wrong_side.mean() < 0.05
    assert shares["plate_colour"].min() > 0.7
    assert (shares["plate_grey"] > shares["plate_colour"] - 0.15).all()


def test_a_blue_hand_is_found(cases, tmp_path):
    result = score(cases / "blue_hand.mp4", tmp_path)
    assert share_found(result, 0) > 0.95
    assert not result.false.any()


@pytest.fixture(scope="module")
def predictor(shipped_network: Path) -> Predictor:
    return Predictor.create()


@pytest.mark.parametrize("name", ["thumb_up_grey", "work_gloves", "hand_with_can", "hands_on_trumpet"])
def test_hands_in_grey_in_gloves_and_with_objects_are_found(cases, predictor, name):
    path = cases / f"{name}.jpg"
    (found,) = predictor.in_pictures([str(path)])
    joints = np.array([hand.joints_2d for hand in found]).reshape(-1, 1, 21, 2)
    hands = FoundHands(np.array([hand.side for hand in found], "<U5"), middles(joints))
    result = score_clip(TrueHands.boxes(TRUTHS.pictures[f"cases/{name}.jpg"]), hands)
    assert result.found.all()
    assert not result.false.any()


def test_a_straight_finger_beside_a_fist_is_straight_or_in_doubt(cases, predictor):
    (found,) = predictor.in_pictures([str(cases / "sign_p.png")])
    middle = found[0].joints_3d[list(FINGER_KEYPOINTS[1])]
    bones = np.diff(middle, axis=0)
    bones /= np.linalg.norm(bones, axis=1, keepdims=True)
    bent = np.degrees(np.arccos(np.clip((bones[:-1] * bones[1:]).sum(axis=1), -1, 1)))
    assert bent[0] < 40 or found[0].confidence < 0.6
