"""Jobs: a capture's settings as JSON, there and back, and what is refused."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from cli_runner import run, say
from footage_factory import write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.camera import Lens
from dahyf_core.capture import load_capture
from dahyf_core.capture.job import (
    CaptureSettings,
    job_document,
    observed_part,
    read_job,
    settings_of,
    write_job,
)
from dahyf_core.cleaning import CleaningSettings, ThresholdOverride
from dahyf_core.errors import SettingsError
from dahyf_core.tracking import TrackingSettings

PLAIN = CaptureSettings(Path("/clips/a.mp4"))
FULL = CaptureSettings(
    footage=Path("/clips/shot.%04d.png"),
    frame_range="1.5s:4s",
    rate=Fraction(30000, 1001),
    lens=Lens(pinhole=(900.0, 910.0, 640.0, 360.0), distortion=(-0.1, 0.02)),
    mirrored=True,
    hand_model=Path("/models/MANO_RIGHT.pkl"),
    estimator="baseline",
    tracking=TrackingSettings(max_hands=1, search_time=2.0),
    cleaning=CleaningSettings(threshold=0.4, lost="hold", threshold_overrides=(ThresholdOverride(3, 9, 0.1),)),
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", 6, (320, 240), RATE, picture=hand_picture)


@pytest.mark.parametrize("settings", [PLAIN, FULL], ids=["plain", "full"])
def test_settings_come_back(tmp_path, settings):
    assert settings_of(json.loads(json.dumps(job_document(settings)))) == settings
    write_job(settings, tmp_path / "a.json")
    assert read_job(tmp_path / "a.json") == settings


def test_a_job_need_only_name_its_footage_which_lies_beside_it(tmp_path):
    (tmp_path / "a.json").write_text('{"version": 1, "footage": "a.mp4", "hand_model": "b/MANO_RIGHT.pkl"}')
    expected = CaptureSettings(tmp_path / "a.mp4", hand_model=tmp_path / "b" / "MANO_RIGHT.pkl")
    assert read_job(tmp_path / "a.json") == expected


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"version": 2}, "version"),
        ({"footage": ""}, "footage"),
        ({"footage": None}, "footage"),
        ({"fps": 3}, "fps"),
        ({"rate": [1, 0]}, "rate"),
        ({"rate": [1, 1_000_000]}, "rate"),
        ({"lens": {"fov": 3}}, "fov"),
        ({"lens": {"fov_degrees": 200}}, "200"),
        ({"lens": {"fov_degrees": 60, "focal_px": 900}}, "more than one way"),
        ({"tracking": {"max_hands": 0}}, "hands"),
        ({"tracking": {"max_hands": 1000}}, "hands"),
        ({"tracking": {"keep_presence": 1.5}}, "keep_presence"),
        ({"tracking": {"search_time": -1}}, "search_time"),
        ({"tracking": {"search_time": float("inf")}}, "search_time"),
        ({"cleaning": {"threshold": 7}}, "7"),
        ({"cleaning": {"lost": "keep"}}, "keep"),
        ({"cleaning": {"threshold_overrides": [[9, 3, 0.5]]}}, "9:3"),
        ({"cleaning": None}, "cleaning"),
        ({"estimator": "guess"}, "guess"),
        ({"mirrored": 1}, "mirrored"),
    ],
    ids=str,
)
def test_impossible_jobs_are_refused_by_name(change, word):
    with pytest.raises(SettingsError, match=word):
        settings_of(job_document(PLAIN) | change)


@pytest.mark.parametrize("text", ["", "[]", "3", "{", '{"version": NaN}', "[" * 100_000, "\xff"])
def test_what_is_no_job_is_refused_with_a_remedy(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("latin1"))
    error = run("capture", "--job", path, "-o", tmp_path / "a.npz").error
    assert error["exit_code"] == 4
    assert "capture_job.schema.json" in error["remedy"]
    assert run("capture", "--job", tmp_path / "none.json", "-o", tmp_path / "a.npz").error["exit_code"] == 4


def test_a_job_is_written_and_run_as_the_same_capture(shipped_network, clip, tmp_path):
    options = ["--fov", 65, "--threshold", 0.6, "--max-hands", 1, "--range", "1:4"]
    job, ours, theirs = tmp_path / "job.json", tmp_path / "job.npz", tmp_path / "options.npz"
    assert run("capture", clip, *options, "--write-job", job).exit_code == 0
    assert sorted(tmp_path.iterdir()) == [job]
    assert run("capture", "--job", job, "-o", ours).exit_code == 0
    assert run("capture", clip, *options, "-o", theirs).exit_code == 0
    ours, theirs = load_capture(ours), load_capture(theirs)
    assert (ours.cleaning, ours.source.intrinsics) == (theirs.cleaning, theirs.source.intrinsics)
    np.testing.assert_array_equal(ours.frame, [1, 2, 3, 4])
    np.testing.assert_array_equal(ours.pose, theirs.pose)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["clip.mp4", "--job", "a.json", "-o", "a.npz"], "leave out CLIP"),
        (["--job", "a.json", "--fov", "60", "-o", "a.npz"], "leave out --fov"),
        (["--job", "a.json", "--mirrored", "-o", "a.npz"], "leave out --mirrored"),
        (["--job", "a.json"], "--output"),
        (["clip.mp4"], "--output"),
        (["-o", "a.npz"], "CLIP"),
    ],
    ids=str,
)
def test_a_job_stands_alone(arguments, word):
    code, _, said = say("capture", *arguments)
    assert code == 2
    assert word in said


def test_a_job_does_not_overwrite_what_it_names(tmp_path):
    (tmp_path / "clip.json").write_text("{}")
    assert run("capture", tmp_path / "clip.json", "--write-job", tmp_path / "clip.json").error["exit_code"] == 7
    (tmp_path / "a.json").write_text('{"version": 1, "footage": "a.npz"}')
    (tmp_path / "a.npz").write_text("footage")
    assert run("capture", "--job", tmp_path / "a.json", "-o", tmp_path / "a.npz").error["exit_code"] == 7
    assert (tmp_path / "a.npz").read_text() == "footage"


def test_the_journal_goes_by_what_is_seen_and_by_nothing_later():
    part = observed_part(PLAIN)
    for other in (
        replace(PLAIN, hand_model=Path("m.pkl")),
        replace(PLAIN, cleaning=CleaningSettings(threshold=0.1)),
        replace(PLAIN, footage=Path("/moved/a.mp4")),
    ):
        assert observed_part(other) == part
    for other in (
        replace(PLAIN, mirrored=True),
        replace(PLAIN, estimator="baseline"),
        replace(PLAIN, tracking=TrackingSettings(keep_presence=0.4)),
    ):
        assert observed_part(other) != part
