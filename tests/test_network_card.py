"""Networks that did not ship: what their files say of them, and that captures and stills run them by it."""

import json

import numpy as np
import pytest
from cli_runner import run
from footage_factory import write_picture, write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.capture import load_capture
from dahyf_core.capture.job import CaptureSettings
from dahyf_core.capture.pipeline import Interrupted, capture_footage
from dahyf_core.errors import ModelFileError, SettingsError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.pose import card_metadata, create_estimator, network_estimator, read_card
from dahyf_core.pose.network_card import KEY, LITE
from dahyf_core.shipped import asset
from dahyf_core.streaming import Stream

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install '.[train]'")

MODELS = {"right": load_hand_model(), "left": load_hand_model(side="left")}
PATCHES = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
VIEWS = np.array([[300.0, 200.0, 180.0, 800.0]] * 2, np.float32)


class Silence:
    def status(self, text):
        pass

    def progress(self, stage, done, total):
        pass

    def warning(self, text):
        self.warned = text


def network_file(path, metadata):
    """The network that ships, with metadata."""
    model = onnx.load(str(LITE))
    onnx.helper.set_model_props(model, metadata)
    onnx.save(model, str(path))
    return path


@pytest.fixture(scope="module")
def named(shipped_network, tmp_path_factory):
    """It says its name, threshold and licence."""
    return network_file(
        tmp_path_factory.mktemp("networks") / "file.onnx", card_metadata("owl", threshold=0.35, licence="CC0-1.0")
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", 6, (320, 240), RATE, picture=hand_picture)


def test_a_file_says_what_its_network_is(named):
    card = read_card(named)
    assert (card.name, card.threshold, card.licence, card.keypoints) == ("owl", 0.35, "CC0-1.0", "mediapipe")


def test_info_says_it(named):
    (facts,) = run("info", named).of_type("info")
    assert (facts["name"], facts["threshold"], facts["licence"]) == ("owl", 0.35, "CC0-1.0")
    assert run("info", asset("palm_detector.onnx")).error["exit_code"] == 5


def test_metadata_changes_the_digest_and_no_output(named):
    shipped, other = (network_estimator(MODELS, 1, network).network for network in (None, named))
    assert shipped.card.sha256 != other.card.sha256
    for first, second in zip(
        *(each._session.run(patches=PATCHES, views=VIEWS) for each in (shipped, other)), strict=True
    ):
        np.testing.assert_array_equal(first, second)


def test_a_file_that_says_nothing_goes_by_its_own_name(shipped_network, tmp_path):
    copy = tmp_path / "heron.onnx"
    copy.write_bytes(shipped_network.read_bytes())
    assert (read_card(copy).name, read_card(copy).threshold) == ("heron", None)
    assert read_card(LITE).name == "dahyf-lite"


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({KEY: "no json"}, "not understood"),
        ({KEY: "[1]"}, "not understood"),
        ({KEY: json.dumps({"name": ""})}, "not understood"),
        ({KEY: json.dumps({"name": "a", "threshold": 7})}, "not understood"),
        ({KEY: json.dumps({"name": "a", "keypoints": "freihand"})}, "keypoint set freihand"),
    ],
)
def test_impossible_metadata_is_refused(shipped_network, tmp_path, metadata, sentence):
    with pytest.raises(ModelFileError, match=sentence):
        read_card(network_file(tmp_path / "a.onnx", metadata))


def test_other_networks_are_refused_by_what_they_take():
    with pytest.raises(ModelFileError, match=r"palm_detector.*is not a DaHyF network"):
        network_estimator(MODELS, network=asset("palm_detector.onnx"))


def test_the_baseline_runs_no_other_network(named):
    with pytest.raises(SettingsError, match="baseline"):
        create_estimator("baseline", MODELS, network=named)


def test_captures_run_it_under_its_name_and_threshold(named, clip, tmp_path):
    assert run("capture", clip, "-o", tmp_path / "a.npz", "--model", named).exit_code == 0
    assert run("capture", clip, "-o", tmp_path / "b.npz").exit_code == 0
    ours, shipped = load_capture(tmp_path / "a.npz"), load_capture(tmp_path / "b.npz")
    assert (ours.source.estimator, ours.cleaning.threshold) == ("owl", 0.35)
    np.testing.assert_array_equal(ours.raw_pose, shipped.raw_pose)
    assert run("capture", clip, "-o", tmp_path / "a.npz", "--model", named, "--threshold", 0.5).exit_code == 0
    assert load_capture(tmp_path / "a.npz").cleaning.threshold == 0.5


def test_a_missing_network_is_refused_with_a_fitting_remedy(clip, tmp_path):
    error = run("capture", clip, "-o", tmp_path / "a.npz", "--model", tmp_path / "none.onnx").error
    assert error["exit_code"] == 5
    assert "export-onnx" in error["remedy"]


def test_a_stopped_capture_does_not_go_on_with_other_weights(shipped_network, clip, tmp_path):
    first, second = (
        network_file(tmp_path / f"{name}.onnx", {**card_metadata("same name"), "note": name}) for name in ("a", "b")
    )
    with pytest.raises(Interrupted):
        capture_footage(CaptureSettings(clip, network=first), tmp_path / "hands.npz", Silence(), lambda: True)
    report = Silence()
    capture_footage(CaptureSettings(clip, network=second), tmp_path / "hands.npz", report)
    assert "other settings" in report.warned


def test_stills_and_live_hands_run_it(named, tmp_path):
    photograph = write_picture(tmp_path / "a.png", hand_picture(0, 320, 240))
    outputs = [tmp_path / "ours.json", tmp_path / "shipped.json"]
    assert (
        run("predict", photograph, "-o", outputs[0], "--model", named)
        .of_type("status")[0]["text"]
        .startswith("The estimator owl")
    )
    assert run("predict", photograph, "-o", outputs[1]).exit_code == 0
    assert outputs[0].read_text() == outputs[1].read_text()
    assert len(Stream(320, 240, network=named).look(hand_picture(0, 320, 240), 0.0)) == 1
