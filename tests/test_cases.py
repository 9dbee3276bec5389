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
from dahyf_core.evaluation.finding import ClipScore, FoundHands, Presence, Truths, score_clip
from dahyf_core.evaluation.finding.finders import middles
from dahyf_core.evaluation.yardsticks.systems import Quiet
from dahyf_core.footage import probe

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


def test_a_fast_wave_in_interlaced_video_is_keyed(cases, tmp_path):
    assert share_found(score(cases / "wave_interlaced.mpg", tmp_path), 0) > 0.7


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
