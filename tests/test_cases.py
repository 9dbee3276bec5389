"""Real footage on which captures were once wrong, each for its kind.

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
from dahyf_core.stills import predict

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
    assert result.false_frames.mean() < 0.05
    assert not result.wrong_side.any()
    assert (result.swaps, result.pieces) == (0, 0)


def test_a_fast_wave_is_keyed_from_its_first_frame_to_its_last(cases, tmp_path):
    result = score(cases / "wave.mp4", tmp_path)
    assert share_found(result, 0) > 0.95
    assert result.matched[0, [16, 17, 28, 29, 30, 44]].min() >= 0
    assert not result.false.any()
    assert result.pieces == 0


def test_a_fast_wave_in_interlaced_video_is_keyed_and_nothing_after_it(cases, tmp_path):
    result = score(cases / "wave_interlaced.mpg", tmp_path)
    assert share_found(result, 0) > 0.7
    assert not result.false.any()
    assert result.pieces == 0


def test_both_small_hands_of_a_large_picture_are_captured(cases, tmp_path):
    result = score(cases / "small_hands_4k.mp4", tmp_path)
    assert min(share_found(result, hand) for hand in range(2)) > 0.9
    assert not result.false.any()
    assert not result.wrong_side.any()


STILLS = ("hand_with_can.jpg", "hands_on_trumpet.jpg", "thumb_up_grey.jpg", "work_gloves.jpg", "sign_p.png")


def still_score(picture: Path, side: np.ndarray, joints: np.ndarray) -> ClipScore:
    """Hands (N,) with joints (N, 21, 2) in a picture, against what was seen by eye."""
    truth = TrueHands.boxes(TRUTHS.pictures[f"cases/{picture.name}"])
    return score_clip(truth, FoundHands(side, middles(joints.reshape(-1, 1, 21, 2).astype(float))))


@pytest.mark.parametrize("name", STILLS)
def test_a_still_with_a_hand_that_was_missed_is_captured(cases, tmp_path, name):
    capture = capture_footage(CaptureSettings(cases / name), tmp_path / "hands.npz", Quiet())
    keyed = np.flatnonzero(capture.state[:, 0] != State.MISSING)
    result = still_score(cases / name, capture.side[keyed], capture.joints_2d[keyed, 0])
    assert result.found.any()
    assert not result.false.any()


def test_stills_with_hands_that_were_missed_are_predicted(cases):
    found = predict([cases / name for name in STILLS])
    for name in STILLS:
        hands = [hand for hand in found if Path(hand["image"]).name == name]
        joints = np.array([hand["joints_2d"] for hand in hands])
        result = still_score(cases / name, np.array([hand["side"] for hand in hands]), joints)
        assert result.found.any(), name
        assert not result.false.any(), name


def test_hands_with_a_plate_are_captured(cases, tmp_path):
    result = score(cases / "plate_colour.mp4", tmp_path)
    assert min(share_found(result, hand) for hand in range(2)) > 0.9
    assert not result.wrong_side.any()
    assert result.false_frames.mean() < 0.05


def test_hands_in_grey_film_are_captured(cases, tmp_path):
    result = score(cases / "plate_grey.mp4", tmp_path)
    assert min(share_found(result, hand) for hand in range(2)) > 0.9


def test_a_blue_hand_is_captured(cases, tmp_path):
    assert share_found(score(cases / "blue_hand.mp4", tmp_path), 0) > 0.9
