"""Input that is wrong or unusual. An error is one sentence with file and reason, a remedy, and an exit code; nothing is
left half-written, nothing is lost. What is merely unusual is captured.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np
import pytest
from capture_factory import make_capture
from cli_runner import Run, run, say
from footage_factory import (
    cut_short,
    write_frameless_video,
    write_picture,
    write_pictures,
    write_sound,
    write_video,
)
from rendered_hands import RATE, hand_picture

from dahyf_core.capture import Capture, load_capture, save_capture

BROKEN_CLIP, BAD_SETTING, BAD_MODEL, BAD_CAPTURE, NO_OUTPUT, INTERRUPTED = 3, 4, 5, 6, 7, 130


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_refused(result: Run, exit_code: int, *mentioned: object) -> None:
    """The one error is a sentence that mentions these, with a remedy, and the exit code."""
    assert result.exit_code == exit_code, result
    error = result.error
    assert error["exit_code"] == exit_code
    assert error["text"].endswith(".")
    assert error["remedy"].endswith(".")
    for words in mentioned:
        assert str(words) in error["text"], error
    assert "\n" not in error["text"] + error["remedy"]
    assert not result.of_type("done")
    assert result.stderr == ""


@pytest.fixture
def results(tmp_path) -> Iterator[Path]:
    """A folder with an older capture in it, which must still be as it was in the end."""
    folder = tmp_path / "results"
    folder.mkdir()
    (folder / "hands.npz").write_bytes(b"an older result")
    before = contents(folder)
    yield folder
    assert contents(folder) == before


@pytest.fixture(scope="module")
def clip(tmp_path_factory, shipped_network) -> Path:
    return write_video(
        tmp_path_factory.mktemp("clip") / "wave.mp4", frames=8, size=(320, 240), rate=RATE, picture=hand_picture
    )


@pytest.fixture
def capture_file(tmp_path) -> Path:
    path = tmp_path / "capture.npz"
    save_capture(make_capture(frames=12), path)
    return path


class TestFootageThatCannotBeRead:
    def test_missing(self, results, tmp_path):
        assert_refused(run("capture", tmp_path / "no.mp4", "-o", results / "hands.npz"), BROKEN_CLIP, "no.mp4", "exist")

    def test_corrupt(self, results, tmp_path):
        clip = tmp_path / "noise.mp4"
        clip.write_bytes(np.random.default_rng(0).bytes(5000))
        assert_refused(run("capture", clip, "-o", results / "hands.npz"), BROKEN_CLIP, clip, "cannot be read")

    def test_empty(self, results, tmp_path):
        clip = tmp_path / "empty.mp4"
        clip.touch()
        assert_refused(run("capture", clip, "-o", results / "hands.npz"), BROKEN_CLIP, clip)

    def test_audio_only(self, results, tmp_path):
        clip = write_sound(tmp_path / "song.m4a")
        assert_refused(run("capture", clip, "-o", results / "hands.npz"), BROKEN_CLIP, clip, "only sound")

    def test_zero_frames(self, results, tmp_path):
        clip = write_frameless_video(tmp_path / "clip.mp4")
        assert_refused(run("capture", clip, "-o", results / "hands.npz"), BROKEN_CLIP, clip)

    def test_a_folder_without_pictures(self, results, tmp_path):
        (tmp_path / "shots").mkdir()
        assert_refused(
            run("capture", tmp_path / "shots", "-o", results / "hands.npz"), BROKEN_CLIP, "shots", "no pictures"
        )

    def test_a_sequence_whose_pictures_differ_in_size(self, shipped_network, tmp_path):
        folder = write_pictures(tmp_path / "shots", range(4))
        write_pictures(folder, [4], size=(32, 32))
        output = tmp_path / "results" / "hands.npz"
        output.parent.mkdir()
        assert_refused(run("capture", folder, "-o", output), BROKEN_CLIP, "shot_0004.png", "32 x 32")
        assert not output.exists()

    def test_the_same_for_people(self, tmp_path):
        code, out, err = say("capture", tmp_path / "no.mp4", "-o", tmp_path / "hands.npz")
        assert (code, out) == (BROKEN_CLIP, "")
        assert err == f"Error: {tmp_path / 'no.mp4'} does not exist. Check the spelling of the path.\n"


class TestSettingsThatMakeNoSense:
    @pytest.mark.parametrize(
        "options",
        [
            ["--range", "5:90"],
            ["--range", "6:2"],
            ["--range", "9s:"],
            ["--range", "soon"],
            ["--fov", "180"],
            ["--fov", "60", "--focal-px", "500"],
            ["--focal-mm", "35"],
            ["--focal-px", "-3"],
            ["--intrinsics", "0,500,160,120"],
            ["--fov", "60", "--distortion", "-9,0,0,0,0"],
        ],
        ids=" ".join,
    )
    def test_are_refused(self, clip, results, options):
        assert_refused(run("capture", clip, "-o", results / "hands.npz", *options), BAD_SETTING)


class TestOutputs:
    def test_in_a_missing_folder(self, clip, tmp_path):
        assert_refused(run("capture", clip, "-o", tmp_path / "no" / "hands.npz"), NO_OUTPUT, tmp_path / "no", "exist")
        assert contents(tmp_path) == {}

    def test_that_is_a_folder(self, clip, tmp_path):
        (tmp_path / "hands.npz").mkdir()
        assert_refused(run("capture", clip, "-o", tmp_path / "hands.npz"), NO_OUTPUT, "hands.npz", "folder")

    def test_of_another_kind(self, clip, results):
        assert_refused(run("capture", clip, "-o", results / "hands.mp4"), BAD_SETTING, "hands.mp4", ".npz")

    def test_over_the_footage(self, clip, capture_file, tmp_path):
        footage = tmp_path / "clip.mp4"
        footage.write_bytes(clip.read_bytes())
        run("capture", footage, "-o", capture_file)
        before = contents(tmp_path)
        assert_refused(run("preview", capture_file, "-o", footage), NO_OUTPUT, footage, "input")
        assert contents(tmp_path) == before

    @pytest.mark.parametrize("command", ["capture", "preview", "export", "clean"])
    def test_that_do_not_fit(self, clip, tmp_path, command, write_limit):
        """The disk is full: here, no file may grow beyond 4 KB."""
        made = tmp_path / "made.npz"
        if command != "capture":
            assert run("capture", clip, "-o", made).exit_code == 0
        folder = tmp_path / "results"
        folder.mkdir()
        output = folder / {"capture": "a.npz", "preview": "a.mp4", "export": "a.json", "clean": "a.npz"}[command]
        with write_limit(4096):
            result = run(command, clip if command == "capture" else made, "-o", output)
        assert_refused(result, NO_OUTPUT, "cannot be written")
        assert [path for path in contents(folder) if not path.startswith("a.npz.partial/")] == []

    def test_on_a_full_disk(self, clip, small_disk):
        (small_disk / "hands.npz").write_bytes(b"an older result")
        result = run("capture", clip, "-o", small_disk / "hands.npz")
        assert_refused(result, NO_OUTPUT, "No space left on device")
        assert (small_disk / "hands.npz").read_bytes() == b"an older result"
        assert not list(small_disk.rglob(".*"))


@pytest.fixture
def write_limit():
    """A context in which files may have so many bytes and no more."""
    resource = pytest.importorskip("resource", reason="file sizes cannot be limited on this system")

    @contextmanager
    def limit(size: int) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limit


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 64 KB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no small file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


class Bomb:
    """Pickled, it makes a file when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


class TestHandModels:
    def refused(self, model: Path, clip: Path, results: Path) -> None:
        result = run("capture", clip, "-o", results / "hands.npz", "--hand-model", model)
        assert_refused(result, BAD_MODEL, model)

    def test_missing(self, clip, results, tmp_path):
        self.refused(tmp_path / "MANO_RIGHT.pkl", clip, results)

    def test_of_another_kind(self, clip, results, tmp_path):
        model = tmp_path / "MANO_RIGHT.pkl"
        model.write_text("not a pickle at all")
        self.refused(model, clip, results)

    def test_of_another_layout(self, clip, results, tmp_path):
        model = tmp_path / "MANO_RIGHT.pkl"
        model.write_bytes(pickle.dumps({"weights": np.zeros((3, 3))}))
        self.refused(model, clip, results)

    def test_that_run_code(self, clip, results, tmp_path):
        model = tmp_path / "MANO_RIGHT.pkl"
        model.write_bytes(pickle.dumps({"v_template": Bomb(tmp_path / "trace")}))
        self.refused(model, clip, results)
        assert not (tmp_path / "trace").exists()

    def test_that_run_code_from_npz(self, clip, results, tmp_path):
        model = tmp_path / "MANO_RIGHT.npz"
        np.savez(model, v_template=np.array([Bomb(tmp_path / "trace")], dtype=object))
        self.refused(model, clip, results)
        assert not (tmp_path / "trace").exists()


def not_a_capture(path: Path) -> None:
    path.write_text("frame,side\n")


def another_archive(path: Path) -> None:
    np.savez(path, frame=np.arange(3))


def cut_in_the_middle(path: Path) -> None:
    save_capture(make_capture(frames=4), path)
    cut_short(path, 0.6)


def of_a_newer_schema(path: Path) -> None:
    np.savez(path, schema_version=99, meta="{}")


def with_code_in_it(path: Path) -> None:
    np.savez(path, schema_version=1, meta=np.array([Bomb(path.with_name("trace"))], dtype=object))


def that_unpacks_to_gigabytes(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema_version.npy", bytes(1 << 28))


@pytest.mark.parametrize(
    "damage",
    [not_a_capture, another_archive, cut_in_the_middle, of_a_newer_schema, with_code_in_it, that_unpacks_to_gigabytes],
)
@pytest.mark.parametrize("command", ["info", "clean", "export", "preview"])
def test_wrong_and_malicious_captures(tmp_path, command, damage):
    capture = tmp_path / "a.npz"
    damage(capture)
    before = contents(tmp_path)
    output = {
        "info": [],
        "clean": [],
        "export": ["-o", tmp_path / "a.json"],
        "preview": ["-o", tmp_path / "a.png"],
    }
    assert_refused(run(command, capture, *output[command]), BAD_CAPTURE, capture)
    assert contents(tmp_path) == before


def test_a_missing_capture(tmp_path):
    assert_refused(run("info", tmp_path / "a.npz"), BAD_CAPTURE, tmp_path / "a.npz", "does not exist")


@pytest.mark.usefixtures("shipped_network")
class TestUnusualFootage:
    """It is captured like any other."""

    def captured(self, footage: Path, *options: object) -> Capture:
        output = footage.with_name("hands.npz")
        result = run("capture", footage, "-o", output, *options)
        assert result.exit_code == 0, result
        return load_capture(output)

    def assert_one_hand(self, capture: Capture, side: str = "right") -> None:
        assert capture.side.tolist() == [side]
        assert (capture.state == 1).mean() > 0.7

    def test_variable_frame_rate(self, tmp_path):
        milliseconds = [0, 33, 67, 200, 233, 267, 400, 500]
        clip = write_video(tmp_path / "a.mkv", 8, (320, 240), milliseconds=milliseconds, picture=hand_picture)
        capture = self.captured(clip)
        assert not capture.source.footage.has_constant_rate
        np.testing.assert_allclose(capture.time, np.array(milliseconds) / 1000, atol=1e-6)
        self.assert_one_hand(capture)

    def test_rotated_phone_footage(self, tmp_path):
        def lying(index: int, width: int, height: int) -> np.ndarray:
            return np.rot90(hand_picture(index, height, width), -1).copy()

        clip = write_video(tmp_path / "a.mp4", 8, (320, 240), rotation=90, picture=lying)
        capture = self.captured(clip)
        footage = capture.source.footage
        assert (footage.width, footage.height) == (240, 320)
        self.assert_one_hand(capture)
        assert (capture.joints_2d[0, 0, 12] < capture.joints_2d[0, 0, 0])[1]  # the middle finger points up

    def test_odd_size(self, tmp_path):
        clip = write_video(tmp_path / "a.mp4", 6, (321, 241), pixel_format="yuv444p", picture=hand_picture)
        capture = self.captured(clip)
        assert (capture.source.footage.width, capture.source.footage.height) == (321, 241)
        self.assert_one_hand(capture)
        assert run("preview", tmp_path / "hands.npz", "-o", tmp_path / "a.png").exit_code == 0

    def test_8k(self, tmp_path):
        large = cv2.resize(hand_picture(0, 480, 270), (7680, 4320))
        capture = self.captured(write_picture(tmp_path / "a.jpg", large))
        assert capture.source.footage.width == 7680
        self.assert_one_hand(capture)
        assert run("preview", tmp_path / "hands.npz", "-o", tmp_path / "a.mp4").exit_code == 0

    def test_alpha(self, tmp_path):
        picture = hand_picture(0, 320, 240)
        with_alpha = np.dstack([picture, np.full(picture.shape[:2], 128, np.uint8)])
        self.assert_one_hand(self.captured(write_picture(tmp_path / "a.png", with_alpha)))

    def test_greyscale(self, tmp_path):
        grey = cv2.cvtColor(hand_picture(0, 320, 240), cv2.COLOR_RGB2GRAY)[..., None]
        self.assert_one_hand(self.captured(write_picture(tmp_path / "a.png", grey)))

    def test_a_sequence_with_gaps(self, tmp_path):
        numbers = [1, 2, 3, 4, 5, 9, 10, 11]
        (tmp_path / "shots").mkdir()
        for number in numbers:
            write_picture(tmp_path / "shots" / f"shot.{number:03d}.png", hand_picture(number, 320, 240))
        capture = self.captured(tmp_path / "shots", "--rate", "24")
        assert capture.frame.tolist() == numbers
        np.testing.assert_allclose(capture.time, (np.array(numbers) - 1) / 24)
        self.assert_one_hand(capture)

    def test_a_video_that_breaks_off(self, tmp_path):
        clip = write_video(
            tmp_path / "a.mp4", 60, (320, 240), rate=RATE, picture=lambda i, w, h: hand_picture(i % 8, w, h)
        )
        cut_short(clip, 0.6)
        result = run("capture", clip, "-o", tmp_path / "hands.npz")
        assert result.exit_code == 0
        assert any("ends early" in message["text"] for message in result.of_type("warning"))
        capture = load_capture(tmp_path / "hands.npz")
        assert 10 < len(capture.frame) < 60
        self.assert_one_hand(capture)

    def test_no_hands_at_all(self, tmp_path):
        clip = write_video(tmp_path / "a.mp4", 8, (320, 240))
        result = run("capture", clip, "-o", tmp_path / "hands.npz")
        assert (result.exit_code, result.done["hands"], result.done["frames"]) == (0, 0, 8)
        assert [message["text"] for message in result.of_type("warning")] == [f"No hands were found in {clip}."]
        assert len(load_capture(tmp_path / "hands.npz").side) == 0
        for command, name in (
            ("clean", "b.npz"),
            ("export", "b.json"),
            ("preview", "b.png"),
            ("preview", "b.mp4"),
        ):
            assert run(command, tmp_path / "hands.npz", "-o", tmp_path / name).exit_code == 0

    def test_more_than_two_hands(self, tmp_path):
        rows = [["left", "right"], ["left", "right"]]
        clip = write_video(
            tmp_path / "a.mp4", 6, (640, 480), rate=RATE, picture=lambda i, w, h: hand_picture(i, w, h, rows)
        )
        assert len(self.captured(clip).side) == 2
        four = self.captured(clip, "--max-hands", 4)
        assert 2 < len(four.side) <= 4
        wrists = four.joints_2d[:, -1, 0]
        apart = np.linalg.norm(wrists[:, None] - wrists[None], axis=-1) + 1e9 * np.eye(len(wrists))
        assert apart.min() > 100


LONG = 150  # frames, more than one chunk of the journal


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory, shipped_network) -> Path:
    pictures = [hand_picture(index, 256, 192) for index in range(40)]
    return write_video(
        tmp_path_factory.mktemp("long") / "long.mp4",
        LONG,
        (256, 192),
        rate=RATE,
        picture=lambda index, width, height: pictures[39 - abs(index % 78 - 39)],
    )


@pytest.fixture(scope="module")
def unbroken(long_clip) -> Capture:
    output = long_clip.with_name("unbroken.npz")
    assert run("capture", long_clip, "-o", output).exit_code == 0
    return load_capture(output)


class TestInterruptedRuns:
    """The frames that were done are kept, and the same command goes on."""

    def stopped(self, clip: Path, output: Path, number: signal.Signals, after: int) -> tuple[int, list[dict]]:
        """Run until `after` frames are done, send a signal; exit code and messages."""
        command = [sys.executable, "-m", "dahyf_core", "capture", str(clip), "-o", str(output), "--json"]
        messages = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout:
                messages.append(json.loads(line))
                if messages[-1].get("done", 0) >= after:
                    process.send_signal(number)
                    after = LONG + 1
        return process.returncode, messages

    def assert_same(self, path: Path, unbroken: Capture) -> None:
        resumed = load_capture(path)
        for field in fields(Capture):
            value = getattr(resumed, field.name)
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                np.testing.assert_allclose(value, getattr(unbroken, field.name), atol=1e-4, err_msg=field.name)
            elif isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, getattr(unbroken, field.name), err_msg=field.name)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_by_a_signal(self, long_clip, unbroken, tmp_path, number):
        output = tmp_path / "hands.npz"
        code, messages = self.stopped(long_clip, output, number, after=20)
        assert code == INTERRUPTED
        assert messages[-1]["exit_code"] == INTERRUPTED
        assert "same command" in messages[-1]["remedy"]
        done = len(load_capture(output).frame)
        assert 20 <= done < LONG
        assert str(done) in messages[-1]["text"]

        resumed = run("capture", long_clip, "-o", output)
        assert resumed.exit_code == 0
        assert any(f"after {done} frames" in message["text"] for message in resumed.of_type("status"))
        self.assert_same(output, unbroken)
        assert list(tmp_path.iterdir()) == [output]

    def test_by_kill(self, long_clip, unbroken, tmp_path):
        output = tmp_path / "hands.npz"
        code, _ = self.stopped(long_clip, output, signal.SIGKILL, after=135)
        assert code == -signal.SIGKILL
        assert not output.exists()
        resumed = run("capture", long_clip, "-o", output)
        assert any("after 128 frames" in message["text"] for message in resumed.of_type("status"))
        self.assert_same(output, unbroken)
        assert list(tmp_path.iterdir()) == [output]

    def test_other_settings_begin_anew(self, long_clip, tmp_path):
        output = tmp_path / "hands.npz"
        self.stopped(long_clip, output, signal.SIGINT, after=10)
        other = run("capture", long_clip, "-o", output, "--range", "0:5")
        assert other.exit_code == 0
        assert other.done["frames"] == 6
        assert not any("Going on" in message["text"] for message in other.of_type("status"))
