"""Drawn clips captured with the defaults: hands that rest, cross, wash, leave, wave and pick up, in skin, grey, gloves.

The kinds of test_cases.py, with footage that is made on the spot and truth that is exact.
"""

from pathlib import Path

import numpy as np
import pytest

from dahyf_core.capture.job import CaptureSettings
from dahyf_core.capture.pipeline import capture_footage
from dahyf_core.cleaning import State
from dahyf_core.errors import SettingsError
from dahyf_core.evaluation.finding import ClipScore, FoundHands, TrueHands, score_clip
from dahyf_core.evaluation.finding.finders import middles
from dahyf_core.evaluation.yardsticks.systems import Quiet
from dahyf_core.hand_model import load_hand_model
from dahyf_core.synthesis.clips import ClipSettings, ClipTruth, draw_clip
from dahyf_core.synthesis.clips.drawing import ClipPainter

SETTINGS = ClipSettings(width=320, height=180, frames=40, rate=20)
SEED = 4


@pytest.fixture(scope="module")
def painter():
    try:
        with ClipPainter(load_hand_model(), SETTINGS) as painter:
            yield painter
    except SettingsError as error:
        pytest.skip(f"no pictures can be drawn on this machine: {error}")


def capture(clip: Path) -> ClipScore:
    captured = capture_footage(CaptureSettings(clip), clip.with_suffix(".npz"), Quiet())
    keyed = np.where((captured.state != State.MISSING)[..., None, None], captured.joints_2d, np.nan)
    return score_clip(TrueHands.drawn(ClipTruth.load(clip)), FoundHands(captured.side, middles(keyed.astype(float))))


@pytest.mark.parametrize(
    ("kind", "finish", "least"),
    [
        ("resting", "grey", 0.95),
        ("resting", "glove", 0.9),
        ("crossing", "skin", 0.9),
        ("picking", "skin", 0.9),
        ("leaving", "grey", 0.8),
    ],
)
def test_hands_keep_rig_and_side_and_nothing_else_is_keyed(painter, tmp_path, kind, finish, least):
    clip = tmp_path / "clip.mp4"
    painter.draw(clip, kind, finish, SEED)
    score = capture(clip)
    assert score.found.mean() >= least
    assert score.false_frames.mean() < 0.05
    assert not score.wrong_side.any()
    assert (score.swaps, score.pieces) == (0, 0)


def test_washing_hands_are_never_taken_for_each_other(painter, tmp_path):
    clip = tmp_path / "clip.mp4"
    painter.draw(clip, "washing", "skin", SEED)
    score = capture(clip)
    assert score.found.mean() > 0.6
    assert not score.wrong_side.any()
    assert score.swaps == 0


def test_a_fast_wave_is_one_hand_from_entering_to_leaving(tmp_path):
    clip = tmp_path / "clip.mp4"
    draw_clip(clip, "waving", load_hand_model(), "skin", SEED, ClipSettings(320, 180, 60, 30))
    score = capture(clip)
    assert score.found.mean() > 0.8
    assert not score.false_frames.any()
    assert score.pieces == 0
