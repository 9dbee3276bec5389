"""Found hands against true ones: found, missed, false, swapped, in pieces, on the wrong side."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runner import run

from dahyf_core.errors import DatasetError, SettingsError
from dahyf_core.evaluation.finding import FoundHands, Inputs, Presence, TrueHands, Truths, measure, score_clip
from dahyf_core.evaluation.yardsticks import mediapipe_hands
from dahyf_core.synthesis.clips import ClipTruth

FRAMES = 40
TRUTH_FILE = Path(__file__).parent.parent / "docs" / "benchmark" / "finding_truth.json"


def crossing() -> TrueHands:
    """Two hands of 60 px that pass each other."""
    x = np.linspace(100, 500, FRAMES)
    centre = np.stack([np.stack([x, np.full(FRAMES, 100.0)], -1), np.stack([x[::-1], np.full(FRAMES, 150.0)], -1)])
    presence = np.full((2, FRAMES), Presence.PRESENT, np.int8)
    return TrueHands(np.array(["left", "right"]), presence, centre, np.full((2, FRAMES), 60.0))


def test_the_truth_itself_is_found_without_a_fault():
    truth = crossing()
    score = score_clip(truth, FoundHands(truth.side, truth.centre))
    assert score.found.all()
    assert not score.false.any()
    assert not score.wrong_side.any()
    assert (score.swaps, score.pieces) == (0, 0)


def test_tracks_that_change_hands_are_swaps_and_wrong_sides():
    truth = crossing()
    swapped = truth.centre.copy()
    swapped[:, 25:] = swapped[::-1, 25:]
    score = score_clip(truth, FoundHands(truth.side, swapped))
    assert score.found.all()
    assert not score.false.any()
    assert (score.swaps, score.pieces) == (2, 2)
    assert score.wrong_side.sum() == 2 * (FRAMES - 25)


def test_missed_false_and_doubled_hands_are_counted():
    truth = crossing()
    centre = np.concatenate([truth.centre, truth.centre[:1] + 5, np.full((1, FRAMES, 2), 700.0)])
    centre[0, 10:20] = np.nan  # the double steps in
    centre[3, 5:] = np.nan  # a ghost of five frames
    score = score_clip(truth, FoundHands(np.array(["left", "right", "left", "left"]), centre))
    assert score.found.all()
    assert score.false[3].sum() == 5
    assert score.false[[0, 2]].sum() == FRAMES - 10  # one of the two on the same hand
    alone = score_clip(truth, FoundHands(truth.side[:1], truth.centre[:1]))
    assert alone.found.mean() == 0.5


def test_a_hand_that_is_partly_there_is_neither_missed_nor_false():
    truth = crossing()
    truth.presence[1] = Presence.PARTLY
    without = score_clip(truth, FoundHands(truth.side[:1], truth.centre[:1]))
    assert without.found.all()
    assert not score_clip(truth, FoundHands(truth.side, truth.centre)).false.any()
    truth.presence[1] = Presence.ABSENT
    assert score_clip(truth, FoundHands(truth.side, truth.centre)).false[1].all()


def test_an_unknown_side_is_never_wrong():
    truth = crossing()
    nameless = TrueHands(np.array(["", ""]), truth.presence, truth.centre, truth.size)
    assert not len(score_clip(nameless, FoundHands(truth.side, truth.centre)).wrong_side)


def test_drawn_truth_tells_hidden_and_missing_hands_apart():
    joints = np.random.default_rng(0).uniform(10, 50, (1, 3, 21, 2))
    shown = np.zeros((1, 3, 21), bool)
    shown[0, 1, :3] = shown[0, 2] = True
    truth = TrueHands.drawn(ClipTruth(np.array(["left"]), joints, shown))
    assert truth.presence.tolist() == [[Presence.ABSENT, Presence.PARTLY, Presence.PRESENT]]
    assert np.isnan(truth.centre[0, 0]).all()


class Perfect:
    """A system that knows the truth of one clip, and finds nothing in pictures."""

    name = "perfect"

    def __init__(self, truth: TrueHands) -> None:
        self.truth = truth

    def in_clip(self, clip):
        return FoundHands(self.truth.side, self.truth.centre)

    def in_pictures(self, pictures):
        return [FoundHands(np.zeros(0, "<U5"), np.zeros((0, 1, 2))) for _ in pictures]


def test_the_facts_in_the_repository_are_whole(shared_data):
    truths = Truths.load(TRUTH_FILE)
    Inputs(shared_data, truths, []).check()
    assert all((shared_data / "backgrounds" / name).is_file() for name in truths.people)
    for hands in truths.clips.values():
        for hand in hands:
            frames = [row[0] for row in hand.at]
            assert frames == sorted(frames)
            assert hand.present or hand.partly


def test_a_missing_file_is_named_before_anything_is_measured(tmp_path):
    truths = Truths.load(TRUTH_FILE)
    with pytest.raises(SettingsError, match=r"lacks cases/resting_hands\.mp4"):
        next(measure([Perfect(crossing())], Inputs(tmp_path, truths, [])))


@pytest.mark.parametrize("text", ["", "[]", '{"clips": {}}', json.dumps({"clips": {}, "pictures": {}, "people": [1]})])
def test_strange_facts_are_refused_by_name(tmp_path, text):
    path = tmp_path / "facts.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match="is not a file of facts about hands"):
        Truths.load(path)


def test_no_module_stands_where_mediapipe_is_imported_from():
    """Python looks for `mediapipe` first in the folder of the script that runs it."""
    assert not mediapipe_hands.SCRIPT.with_name("mediapipe.py").exists()
    assert mediapipe_hands.SCRIPT.is_file()


def test_the_command_refuses_what_it_cannot_measure(tmp_path):
    output = ["-o", tmp_path / "numbers.json"]
    (tmp_path / "truth.json").write_text("{}")
    assert run("finding", tmp_path, "--truth", tmp_path / "truth.json", *output).exit_code == 8
    checkout = ["--program", f"old={tmp_path}", "--drawn", tmp_path / "drawn", "--only", "stills"]
    assert run("finding", tmp_path, "--truth", tmp_path / "none.json", *checkout, *output).exit_code == 8
    assert not (tmp_path / "numbers.json").exists()
