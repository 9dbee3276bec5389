"""The report on a capture: what a reader finds on it, whatever the capture, and that it needs nothing else."""

import re
import sys
from dataclasses import fields, replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the report needs the [report] extra")
pytest.importorskip("jinja2", reason="the report needs the [report] extra")

from capture_factory import make_capture
from cli_runner import run
from footage_factory import write_video
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import Capture, FootageRecord, save_capture
from dahyf_core.cleaning import CleaningSettings, State
from dahyf_core.footage import probe
from dahyf_core.report import write_report
from dahyf_core.report.charts import thin
from dahyf_core.report.flagged_frames import lost_ranges, worst_frames
from dahyf_core.report.motion import BeforeAfter, cleaned_motion, count_flips, raw_motion
from dahyf_core.report.page import SETTINGS, render
from dahyf_core.report.palette import PALETTE
from dahyf_core.report.summary import hand_names, summarise

PAGE_BOUND = 2_000_000
"""Bytes of a page about two hands without pictures, however long the capture."""
VOID = {"meta", "img"}
ONE_HAND = make_capture(frames=30, sides=["right"], unconfident=[10, 11], unseen=[20, 21, 22])
NOBODY = make_capture(frames=5, sides=[])


class Page(HTMLParser):
    """A page read strictly: text, the attributes of each tag's elements, and rows of cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.elements: dict[str, list[dict[str, str | None]]] = {}
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.setdefault(tag, []).append(dict(attrs))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if "style" in self._open:
            return
        self.text += data
        if {"th", "td"} & set(self._open):
            self.rows[-1][-1] += data.strip()

    @property
    def images(self):
        return self.elements.get("img", [])


def read(capture: Capture, moved_to: Path | None = None) -> Page:
    return Page(render(capture, moved_to))


def repeated(capture: Capture, frames: int) -> Capture:
    """The capture's motion over and over, with noise, as long as asked for."""
    noise = np.random.default_rng(4)
    arrays = {}
    for field in fields(capture):
        values = getattr(capture, field.name)
        if isinstance(values, np.ndarray) and values.shape[:2] == (capture.hands, len(capture.frame)):
            arrays[field.name] = values[:, np.arange(frames) % len(capture.frame)]
    for name in ("pose", "raw_pose"):
        arrays[name] = arrays[name] + noise.normal(0, 0.1, arrays[name].shape)
    return replace(capture, frame=np.arange(frames), time=np.arange(frames) / 30, **arrays)


@pytest.fixture(scope="module")
def filmed(tmp_path_factory) -> Capture:
    clip = write_video(tmp_path_factory.mktemp("clip") / "filmed.mp4", frames=20, size=(320, 240))
    camera = Intrinsics(400, 400, 160, 120, 320, 240)
    capture = make_capture(frames=20, sides=["left"], rate=Fraction(25), intrinsics=camera)
    return replace(capture, source=replace(capture.source, footage=FootageRecord.of(probe(clip))))


@pytest.fixture(scope="module")
def html_of_one_hand() -> str:
    with pytest.warns(UserWarning, match="The report has no pictures"):
        return render(ONE_HAND)


@pytest.mark.filterwarnings("ignore:The report has no pictures")
class TestPage:
    def test_says_what_became_of_a_hand(self, html_of_one_hand):
        page = Page(html_of_one_hand)
        assert "Right hand: seen in 27 of 30 frames, 5 bridged." in page.text
        assert ["Right hand", "27", "25", "5", "0", "0", "0.95"] in page.rows
        assert ["Right hand", "20", "22", "3", "bridged"] in page.rows

    def test_says_that_there_is_no_hand(self):
        page = read(NOBODY)
        assert "No hands were found." in page.text
        assert "Jitter" not in page.text
        assert not page.images

    @pytest.mark.parametrize(
        "capture",
        [
            make_capture(frames=1),
            make_capture(frames=2, sides=["left"]),
            make_capture(frames=4, sides=["right", "right", "left"]),
            make_capture(frames=8, unconfident=range(8)),
        ],
        ids=["one frame", "two frames", "three hands", "all lost"],
    )
    def test_takes_any_capture(self, capture):
        page = read(capture)
        assert len(page.images) == 1 + capture.hands
        assert all(name in page.text for name in hand_names(capture))
        assert "nan" not in page.text

    def test_names_every_setting(self):
        page = read(make_capture(frames=3, sides=[], settings=CleaningSettings(finger_hz=7.25)))
        assert set(SETTINGS) == {field.name for field in fields(CleaningSettings)}
        assert [SETTINGS["finger_hz"], "7.25"] in page.rows

    def test_escapes_what_comes_from_the_file(self):
        name = """<b onclick='alert(1)'>x & "y".mp4"""
        page = read(make_capture(frames=1, sides=[], footage=Path("/clips") / name))
        assert "b" not in page.elements
        assert f"Hands in {name}" in page.text

    def test_loads_nothing(self, html_of_one_hand):
        assert not re.search(r"https?://|url\(|@import", html_of_one_hand)
        page = Page(html_of_one_hand)
        assert {"script", "link", "iframe"}.isdisjoint(page.elements)
        assert all(image["src"].startswith("data:image/") for image in page.images)

    def test_is_accessible(self, html_of_one_hand):
        page = Page(html_of_one_hand)
        assert page.elements["html"][0]["lang"] == "en"
        assert all(image["alt"] for image in page.images)
        assert len(page.elements["caption"]) == len(page.elements["table"])
        assert all(heading["scope"] in ("row", "col") for heading in page.elements["th"])

    def test_stays_small_however_long_the_capture(self):
        long = repeated(make_capture(frames=300, unconfident=range(0, 300, 7), unseen=range(3, 300, 31)), 18_000)
        assert len(render(long).encode()) < PAGE_BOUND

    def test_is_the_same_each_time(self, html_of_one_hand):
        assert render(ONE_HAND) == html_of_one_hand


class TestPictures:
    def test_of_frames_and_of_doubts(self, filmed):
        page = read(filmed)
        photographs = [image for image in page.images if image["src"].startswith("data:image/jpeg")]
        assert len(photographs) == 12 + len(worst_frames(filmed, 8))
        assert photographs[0]["alt"] == "Frame 0 with left hand as observed, confidence 0.95"
        assert "No pictures" not in page.text

    def test_of_footage_that_moved(self, filmed, tmp_path):
        moved = Path(filmed.source.footage.path).rename(tmp_path / "moved.mp4")
        with pytest.warns(UserWarning, match="The report has no pictures"):
            page = read(filmed)
        assert "No pictures: The footage" in page.text
        assert len(page.images) == 2
        assert len(read(filmed, moved).images) > 2
        moved.rename(filmed.source.footage.path)


class TestMeasures:
    def test_joints_are_those_of_the_capture(self):
        """The bone heads of the wrist and of its keypoint differ, but move by the same translation."""
        motion = cleaned_motion(ONE_HAND, 0)
        np.testing.assert_allclose(motion.joints[:, 0], ONE_HAND.wrist_position[0], atol=1e-6)
        distance = np.linalg.norm(motion.joints[:, 16:] - ONE_HAND.joints_3d[0][:, [4, 8, 12, 16, 20]], axis=-1)
        assert np.nanmax(distance) < 0.015

    def test_jitter_is_the_acceleration_at_uneven_times(self):
        times = np.array([0.0, 0.1, 0.3, 0.35, 0.6, 0.8])
        points = (0.5 * 3.0 * times**2)[:, None, None] * np.array([0.0, 0.6, 0.8]) + 0.4
        steady = np.zeros_like(points) + times[:, None, None]
        assert BeforeAfter.of_jitter(points, steady, times, palm=0.1) == (
            BeforeAfter(pytest.approx(30), pytest.approx(0, abs=1e-9))
        )

    def test_jitter_compares_the_same_frames(self):
        raw, cleaned = np.zeros((12, 1, 3)), np.zeros((12, 1, 3))
        raw[9], cleaned[9] = 1.0, np.nan
        assert BeforeAfter.of_jitter(raw, cleaned, np.arange(12) / 10, palm=1.0) == BeforeAfter(0.0, 0.0)

    def test_flips_are_counted_there_and_back(self):
        pose = ONE_HAND.raw_pose.copy()
        pose[0, 5, 1] += 2.5
        flipped = replace(ONE_HAND, raw_pose=pose)
        assert count_flips(raw_motion(ONE_HAND, 0), ONE_HAND.time) == 0
        assert count_flips(raw_motion(flipped, 0), ONE_HAND.time) == 2
        (summary,) = summarise(flipped)
        assert "its flips from 2 to 0." in str(summary)

    def test_the_worst_frames_are_those_that_disagree_and_lie_apart(self):
        located = ONE_HAND.raw_joints_2d.copy()
        located[0, 5] += 60
        located[0, 6] += 50
        located[0, 25] += 40
        worst = worst_frames(replace(ONE_HAND, raw_joints_2d=located), 2)
        assert [flag.index for flag in worst] == [5, 25]
        assert worst[0].distance > worst[1].distance > 0.1

    def test_the_longest_stretches_in_order(self):
        capture = make_capture(frames=60, sides=["left"], unseen=[0, 1, 2, 10, 30, 31])
        found = [(span.first, span.last, span.state) for span in lost_ranges(capture, 2)]
        assert found == [(0, 2, State.MISSING), (30, 31, State.INTERPOLATED)]


@given(
    values=arrays(float, st.integers(1, 200), elements=st.one_of(st.just(np.nan), st.floats(-1, 1))),
    bins=st.integers(1, 20),
)
def test_thinned_curves_keep_peaks_and_gaps(values, bins):
    kept = thin(values, bins)
    assert len(kept) <= max(3 * bins, 1)
    assert (np.diff(kept) > 0).all()
    assert np.isnan(values[kept]).any() == np.isnan(values).any()
    if np.isfinite(values).any():
        assert (np.nanmin(values[kept]), np.nanmax(values[kept])) == (np.nanmin(values), np.nanmax(values))


def test_roles_have_light_colours_of_their_own():
    assert len({shades.light for shades in PALETTE.values()}) == len(PALETTE)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("role", ["ink", "quiet", "right", "left"])
def test_words_and_curves_stand_out_from_the_ground(role, scheme):
    """WCAG 2.2: a contrast of 4.5 for text, here kept by curves too."""

    def luminance(colour):
        values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    dim, bright = sorted(luminance(PALETTE[name][scheme]) for name in (role, "ground"))
    assert (bright + 0.05) / (dim + 0.05) >= 4.5


class TestCommand:
    def test_writes_the_page(self, filmed, tmp_path):
        save_capture(filmed, tmp_path / "a.npz")
        output = tmp_path / "a.html"
        assert run("report", tmp_path / "a.npz", "-o", output).done["output"] == str(output)
        assert "Left hand: seen in 20 of 20 frames." in Page(output.read_text(encoding="utf-8")).text

    def test_goes_on_without_the_footage(self, tmp_path):
        save_capture(NOBODY, tmp_path / "a.npz")
        result = run("report", tmp_path / "a.npz", "-o", tmp_path / "a.html")
        assert result.exit_code == 0
        assert "no longer there" in result.of_type("warning")[0]["text"]

    def test_refuses_another_kind_of_output(self, tmp_path):
        save_capture(NOBODY, tmp_path / "a.npz")
        assert run("report", tmp_path / "a.npz", "-o", tmp_path / "a.pdf").error["exit_code"] == 4

    def test_names_its_extra_when_that_is_missing(self, tmp_path, monkeypatch):
        save_capture(NOBODY, tmp_path / "a.npz")
        monkeypatch.setitem(sys.modules, "dahyf_core.report", None)
        error = run("report", tmp_path / "a.npz", "-o", tmp_path / "a.html").error
        assert "dahyf-hands[report]" in error["remedy"]


def test_write_report_leaves_one_file(tmp_path):
    with pytest.warns(UserWarning, match="no pictures"):
        write_report(NOBODY, tmp_path / "a.html")
    assert [path.name for path in tmp_path.iterdir()] == ["a.html"]
