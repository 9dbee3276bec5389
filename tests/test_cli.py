"""The commands as a user and as a program call them."""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import typer
from capture_factory import make_capture
from cli_runner import run, say
from footage_factory import write_pictures, write_video
from rendered_hands import RATE, hand_picture
from typer.testing import CliRunner

import dahyf_core
from dahyf_core import __version__
from dahyf_core.capture import load_capture, save_capture
from dahyf_core.cleaning import CleaningSettings, State, ThresholdOverride
from dahyf_core.cli.app import app
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import JsonReporter, LineReporter, Outcome, Pace
from dahyf_core.cli.session import session
from dahyf_core.cli.stopping import StopRequest
from dahyf_core.errors import OutputError, SettingsError


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "wave.mp4"
    return write_video(path, frames=16, size=(320, 240), rate=RATE, picture=hand_picture)


@pytest.fixture(scope="module")
def captured(clip, shipped_network):
    output = clip.with_name("wave.npz")
    return output, run("capture", clip, "-o", output)


@pytest.fixture
def capture_file(tmp_path):
    path = tmp_path / "made-up.npz"
    save_capture(make_capture(frames=30, unconfident=[10, 11]), path)
    return path


class TestPace:
    def test_counts_only_what_this_run_did(self):
        clock = Clock()
        pace = Pace(0.1, clock)
        pace.due("capture", 500, 1000)
        clock.now += 2
        pace.due("capture", 600, 1000)
        assert pace.rate == 50
        assert pace.eta == 8

    def test_knows_nothing_at_first(self):
        pace = Pace(0.1, Clock())
        pace.due("capture", 0, 10)
        assert pace.rate is None
        assert pace.eta is None

    def test_speaks_at_intervals_and_at_the_end(self):
        clock = Clock()
        pace = Pace(0.1, clock)
        spoken = []
        for done in range(101):
            clock.now += 0.01
            if pace.due("capture", done, 100):
                spoken.append(done)
        assert spoken[0] == 0
        assert spoken[-1] == 100
        assert 9 <= len(spoken) <= 13

    def test_begins_anew_with_each_stage(self):
        clock = Clock()
        pace = Pace(10, clock)
        assert pace.due("capture", 0, 5)
        assert pace.due("preview", 0, 5)


class TestReporters:
    def test_json_is_one_object_a_line_each_flushed(self):
        class Stream(io.StringIO):
            flushed = 0

            def flush(self) -> None:
                self.flushed += 1

        stream, clock = Stream(), Clock()
        reporter = JsonReporter(stream, clock)
        reporter.status("Opening.")
        reporter.progress("capture", 0, 4)
        clock.now += 2
        reporter.progress("capture", 4, 4)
        reporter.warning("Dark.")
        reporter.error("No.", "Do.", 3)
        reporter.done(Outcome(Path("a.npz"), 2, 4, 1.23456))
        assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
            {"type": "status", "text": "Opening."},
            {"type": "progress", "stage": "capture", "done": 0, "total": 4, "rate": None, "eta": None},
            {"type": "progress", "stage": "capture", "done": 4, "total": 4, "rate": 2.0, "eta": 0.0},
            {"type": "warning", "text": "Dark."},
            {"type": "error", "text": "No.", "remedy": "Do.", "exit_code": 3},
            {"type": "done", "output": "a.npz", "hands": 2, "frames": 4, "seconds": 1.235},
        ]
        assert stream.flushed == 6

    def test_lines_are_short_and_the_result_stands_apart(self):
        log, result, clock = io.StringIO(), io.StringIO(), Clock()
        reporter = LineReporter(log, result, clock)
        reporter.progress("capture", 0, 100)
        clock.now += 10
        reporter.progress("capture", 20, 100)
        reporter.warning("Dark.")
        reporter.error("No.", "Do.", 3)
        reporter.done(Outcome(Path("a.npz"), 1, 100, 1))
        assert log.getvalue().splitlines() == [
            "capture: 0 of 100 frames",
            "capture: 20 of 100 frames, 2.0 frames/s, 40 s left",
            "Warning: Dark.",
            "Error: No. Do.",
        ]
        assert result.getvalue() == "Wrote a.npz: 1 hand, 100 frames.\n"


class TestSession:
    """What ends a command's work, as its caller learns it."""

    def ended_by(self, error, capsys):
        with pytest.raises(typer.Exit) as exit_, session(as_json=True):
            raise error
        (message,) = map(json.loads, capsys.readouterr().out.splitlines())
        assert message["type"] == "error"
        assert message["exit_code"] == exit_.value.exit_code
        return message

    def test_a_known_failure(self, capsys):
        assert self.ended_by(OutputError("Full.", "Empty it."), capsys) == {
            "type": "error", "text": "Full.", "remedy": "Empty it.", "exit_code": 7,
        }  # fmt: skip

    def test_an_interruption(self, capsys):
        assert self.ended_by(KeyboardInterrupt(), capsys)["exit_code"] == 130

    def test_a_package_of_another_extra(self, capsys):
        message = self.ended_by(ModuleNotFoundError("No module named 'torch'", name="torch"), capsys)
        assert message["exit_code"] == 4
        assert "needs the package torch" in message["text"]
        assert "dahyf-hands[train]" in message["remedy"]

    def test_the_unexpected_leaves_its_traceback_in_a_file(self, capsys, monkeypatch, tmp_path):
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        message = self.ended_by(ZeroDivisionError("by zero"), capsys)
        assert message["exit_code"] == 1
        assert "ZeroDivisionError: by zero" in message["text"]
        (log,) = tmp_path.iterdir()
        assert str(log) in message["remedy"]
        assert "Traceback" in log.read_text()

    def test_warnings_of_rooms_are_told_once_and_those_of_libraries_not(self, capsys):
        with session(as_json=True):
            for _ in range(3):
                warnings.warn("Dark.", stacklevel=1)
                warnings.warn("old", DeprecationWarning, stacklevel=1)
        assert capsys.readouterr().out == '{"type": "warning", "text": "Dark."}\n'

    def test_termination_unwinds_like_an_interruption(self, capsys):
        before = signal.getsignal(signal.SIGTERM)
        with pytest.raises(typer.Exit) as exit_, session(as_json=True):
            os.kill(os.getpid(), signal.SIGTERM)
        assert exit_.value.exit_code == 130
        assert signal.getsignal(signal.SIGTERM) is before


class TestStopRequest:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_the_first_signal_asks_and_the_second_forces(self, number):
        before = signal.getsignal(number)
        with StopRequest() as stop:
            assert not stop()
            os.kill(os.getpid(), number)
            assert stop()
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), number)
        assert signal.getsignal(number) is before


class TestOutputCheck:
    def test_accepts_new_and_old_files(self, tmp_path):
        check_output(tmp_path / "new.NPZ", [".npz"])
        (tmp_path / "old.npz").touch()
        check_output(tmp_path / "old.npz", [".npz"], inputs=[tmp_path / "clip.mp4"])

    def test_refuses_another_ending(self, tmp_path):
        with pytest.raises(SettingsError, match=r"clip\.txt does not end in \.png or \.jpg. Name it clip\.png"):
            check_output(tmp_path / "clip.txt", [".png", ".jpg"])

    def test_refuses_a_missing_folder(self, tmp_path):
        with pytest.raises(OutputError, match="missing does not exist"):
            check_output(tmp_path / "missing" / "a.npz", [".npz"])

    def test_refuses_a_folder(self, tmp_path):
        (tmp_path / "a.npz").mkdir()
        with pytest.raises(OutputError, match="is a folder"):
            check_output(tmp_path / "a.npz", [".npz"])

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
    def test_refuses_a_closed_folder(self, tmp_path):
        tmp_path.chmod(0o500)
        with pytest.raises(OutputError, match="cannot be written to"):
            check_output(tmp_path / "a.npz", [".npz"])

    def test_refuses_the_input_by_any_name(self, tmp_path):
        (tmp_path / "a.npz").touch()
        (tmp_path / "link.npz").symlink_to(tmp_path / "a.npz")
        with pytest.raises(OutputError, match="which is an input"):
            check_output(tmp_path / "link.npz", [".npz"], inputs=[tmp_path / "a.npz"])


class TestHelp:
    def test_names_every_command(self):
        _, text, _ = say("--help")
        for command in ("capture", "clean", "info", "export", "preview", "check"):
            assert command in text

    def test_comes_without_the_core(self):
        heavy = "numpy scipy cv2 onnxruntime av torch"
        script = f"import sys, dahyf_core.cli.app; print(*sys.modules.keys() & set('{heavy}'.split()))"
        assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == ""

    @pytest.mark.parametrize("command", ["capture", "clean"])
    def test_tells_the_settings_that_a_capture_starts_with(self, command):
        text = re.sub(r"[\s│]+", " ", CliRunner(env={"COLUMNS": "300"}).invoke(app, [command, "--help"]).stdout)
        for field in fields(CleaningSettings):
            if not isinstance(field.default, (float, str)):
                continue
            option = "--" + field.name.removesuffix("_seconds").replace("_", "-")
            value = field.default if isinstance(field.default, str) else f"{field.default:g}"
            assert re.search(rf"{option} .*?\(initially {re.escape(value)}\)", text), option

    def test_version(self):
        assert say("--version") == (0, f"dahyf {__version__}\n", "")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["capture"],
            ["capture", "clip.mp4"],
            ["capture", "clip.mp4", "-o", "a.npz", "--intrinsics", "1,2"],
            ["capture", "clip.mp4", "-o", "a.npz", "--distortion", "a,b"],
            ["capture", "clip.mp4", "-o", "a.npz", "--rate", "-25"],
            ["capture", "clip.mp4", "-o", "a.npz", "--max-hands", "0"],
            ["clean", "a.npz", "--threshold", "2"],
            ["clean", "a.npz", "--threshold-override", "10=0.5"],
            ["clean", "a.npz", "--threshold-override", "a:b=0.5"],
            ["clean", "a.npz", "--split", "0"],
            ["nonsense"],
        ],
        ids=" ".join,
    )
    def test_wrong_usage_is_exit_code_2(self, arguments):
        assert say(*arguments)[0] == 2


@pytest.mark.usefixtures("shipped_network")
class TestCapture:
    def test_finds_the_hand_and_says_so(self, captured):
        output, result = captured
        assert result.exit_code == 0
        assert result.stderr == ""
        assert result.done | {"seconds": 0} == {
            "type": "done", "output": str(output), "hands": 1, "frames": 16, "seconds": 0,
        }  # fmt: skip
        last = result.of_type("progress")[-1]
        assert (last["stage"], last["done"], last["total"]) == ("capture", 16, 16)
        assert load_capture(output).side.tolist() == ["right"]

    def test_leaves_only_its_file(self, captured):
        output, _ = captured
        assert {path.name for path in output.parent.iterdir()} <= {"wave.mp4", "wave.npz"}

    def test_options_reach_the_file(self, clip, tmp_path):
        output = tmp_path / "a.npz"
        result = run(
            "capture", clip, "-o", output, "--range", "2:6", "--mirrored",
            "--intrinsics", "410,400,150,110", "--distortion", "-0.1,0.02",
            "--threshold", "0.3", "--lost", "hold", "--finger-hz", "2", "--max-gap", "0.2", "--spike", "0",
        )  # fmt: skip
        assert result.exit_code == 0
        capture = load_capture(output)
        camera = capture.source.intrinsics
        assert capture.frame.tolist() == [2, 3, 4, 5, 6]
        assert (camera.fx, camera.fy, camera.cy) == (410, 400, 110)
        assert camera.distortion == (-0.1, 0.02, 0, 0, 0)
        assert capture.source.mirrored
        expected = replace(
            CleaningSettings(), threshold=0.3, lost="hold", finger_hz=2, max_gap_seconds=0.2, spike_seconds=0
        )
        assert capture.cleaning == expected

    def test_one_numbered_picture_is_captured_alone_and_as_a_sequence_when_asked(self, clip, tmp_path):
        pictures = write_pictures(tmp_path / "shots", [7, 8, 9], pattern="IMG_{:04d}.png")
        alone = run("capture", pictures / "IMG_0007.png", "-o", tmp_path / "a.npz")
        assert alone.done["frames"] == 1
        assert "IMG_%04d.png" in alone.of_type("warning")[0]["text"]
        together = run("capture", pictures / "IMG_0007.png", "-o", tmp_path / "b.npz", "--sequence")
        assert together.done["frames"] == 3
        assert load_capture(tmp_path / "b.npz").frame.tolist() == [7, 8, 9]

    @pytest.mark.parametrize(("option", "tells"), [((), True), (("--deinterlace", "off"), False)])
    def test_interlaced_footage_is_deinterlaced_and_says_so(self, shared_data, tmp_path, option, tells):
        interlaced = shared_data / "cases" / "wave_interlaced.mpg"
        if not interlaced.is_file():
            pytest.skip(f"no {interlaced}")
        result = run("capture", interlaced, "-o", tmp_path / "a.npz", "--range", "10:12", *option)
        assert any("is deinterlaced" in message["text"] for message in result.of_type("status")) == tells
        assert load_capture(tmp_path / "a.npz").source.footage.deinterlace == (option[1] if option else "auto")

    def test_a_focal_length_in_millimetres_goes_by_the_sensors_width(self, clip, tmp_path):
        output = tmp_path / "a.npz"
        lens = ("--focal-mm", "27", "--sensor-mm", "36")
        assert run("capture", clip, "-o", output, "--range", "0:1", *lens).exit_code == 0
        assert load_capture(output).source.intrinsics.fx == pytest.approx(320 * 27 / 36)

    def test_mirrored_footage_gives_the_other_side_on_the_flipped_picture(self, clip, tmp_path):
        run("capture", clip, "-o", tmp_path / "a.npz", "--mirrored", "--range", ":3")
        capture = load_capture(tmp_path / "a.npz")
        assert capture.side.tolist() == ["left"]
        skin = hand_picture(0, 320, 240)[:, ::-1].max(axis=-1) > 150
        x, y = capture.joints_2d[0, 0].round().astype(int).T
        assert skin[y, x].mean() > 0.9

    def test_speaks_plainly_to_a_log(self, clip, tmp_path):
        code, out, err = say("capture", clip, "-o", tmp_path / "a.npz", "--range", "0:1")
        assert code == 0
        assert out == f"Wrote {tmp_path / 'a.npz'}: 1 hand, 2 frames.\n"
        assert "capture: 2 of 2 frames" in err


def test_capture_runs_the_baseline_when_asked(clip, tmp_path):
    result = run("capture", clip, "-o", tmp_path / "a.npz", "--estimator", "baseline", "--range", "0:3")
    assert result.done["hands"] == 1
    assert result.of_type("status")[0]["text"].startswith("The estimator mediapipe+ik runs on ")
    assert load_capture(tmp_path / "a.npz").source.estimator == "mediapipe+ik"
    assert say("capture", clip, "-o", tmp_path / "a.npz", "--estimator", "guess")[0] == 2


def test_names_may_have_spaces_and_any_letters_and_the_install_is_only_read(clip, shipped_network, tmp_path):
    folder = tmp_path / "Große Hände 手"
    folder.mkdir()
    footage = Path(shutil.copy(clip, folder / "клип 1.mp4"))
    output = folder / "руки ✋.npz"
    before = files_of_the_package()
    assert run("capture", footage, "-o", output, "--range", "0:3").done["hands"] == 1
    assert load_capture(output).hands
    assert say("export", output, "-o", folder / "руки.json")[0] == 0
    assert files_of_the_package() == before


def files_of_the_package() -> dict[Path, tuple[int, int]]:
    """Size and time of all that is installed, but for what Python itself caches."""
    files = Path(dahyf_core.__file__).parent.rglob("*")
    kept = [path for path in files if path.is_file() and path.parent.name != "__pycache__"]
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in kept}


class TestCaptureProfile:
    def test_stages_of_a_run_are_told_and_add_up_to_it(self, clip, tmp_path):
        result = run("capture", clip, "-o", tmp_path / "a.npz", "--range", "0:7", "--profile")
        (profile,) = result.of_type("profile")
        assert {"running the network", "detecting hands", "waiting for frames", "writing the file"} <= set(
            profile["stages"]
        )
        assert sum(profile["stages"].values()) == pytest.approx(result.done["seconds"], rel=0.05, abs=0.5)
        assert profile["beside"]["decoding"] > 0

    def test_is_a_table_in_a_log(self, clip, tmp_path):
        _, _, err = say("capture", clip, "-o", tmp_path / "a.npz", "--range", "0:1", "--profile")
        assert "running the network" in err
        assert "together" in err


def read_terminal(descriptor: int) -> str:
    """All that is written to a pseudo-terminal until its other end is closed."""
    parts = []
    with contextlib.suppress(OSError):
        while part := os.read(descriptor, 4096):
            parts.append(part)
    return b"".join(parts).decode()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_sees_a_bar_with_pace_and_time_left(clip, shipped_network, tmp_path):
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dahyf_core", "capture", str(clip), "-o", str(tmp_path / "a.npz")]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True) as process:
        os.close(theirs)
        seen = read_terminal(ours)
        out = process.stdout.read()
    os.close(ours)
    assert re.search(r"Capture .*16/16.* frames/s.*\d:\d\d:\d\d", seen)
    assert out == f"Wrote {tmp_path / 'a.npz'}: 1 hand, 16 frames.\n"


def cleaned_with(capture_file, *settings):
    assert run("clean", capture_file, "--reset", *settings).exit_code == 0
    return load_capture(capture_file)


class TestClean:
    def test_renews_the_file_with_the_given_settings_only(self, capture_file):
        run("clean", capture_file, "--lost", "open")
        assert run("clean", capture_file, "--finger-hz", "1").exit_code == 0
        assert load_capture(capture_file).cleaning == replace(CleaningSettings(), lost="open", finger_hz=1.0)

    def test_can_write_elsewhere(self, capture_file, tmp_path):
        before = capture_file.read_bytes()
        result = run("clean", capture_file, "-o", tmp_path / "b.npz", "--threshold", "0")
        assert result.done["output"] == str(tmp_path / "b.npz")
        assert capture_file.read_bytes() == before
        assert load_capture(tmp_path / "b.npz").cleaning.threshold == 0

    def test_says_that_footage_is_no_capture(self, clip):
        result = run("clean", clip)
        assert result.exit_code == 6
        assert f"{clip} is" in result.of_type("error")[0]["text"]

    def test_keeps_the_raw_estimates(self, capture_file):
        before = load_capture(capture_file)
        run("clean", capture_file, "--wrist-position-hz", "0.5")
        after = load_capture(capture_file)
        np.testing.assert_array_equal(after.raw_pose, before.raw_pose)
        assert np.abs(after.translation - before.translation).max() > 0.001

    def test_depth_is_smoothed_along_the_ray_alone(self, capture_file):
        rough, smooth = (cleaned_with(capture_file, "--wrist-depth-hz", hertz) for hertz in ("0", "0.5"))
        assert (
            np.abs(np.diff(smooth.translation[..., 2], axis=0)).max()
            < 0.9 * np.abs(np.diff(rough.translation[..., 2], axis=0)).max()
        )
        np.testing.assert_array_equal(smooth.pose, rough.pose)

    def test_the_wrists_rotation_is_smoothed_without_the_fingers(self, capture_file):
        rough, smooth = (cleaned_with(capture_file, "--wrist-rotation-hz", hertz) for hertz in ("0", "0.5"))
        assert np.abs(smooth.pose[:, :, 0] - rough.pose[:, :, 0]).max() > 1e-3
        np.testing.assert_array_equal(smooth.pose[:, :, 1:], rough.pose[:, :, 1:])

    def test_all_settings_reach_the_file(self, capture_file):
        run("clean", capture_file, "--stillness", "0.004", "--wrist-rotation-only",
            "--threshold-override", "0:4=0", "--threshold-override", "10:12=0.99")  # fmt: skip
        cleaned = load_capture(capture_file)
        expected = replace(
            CleaningSettings(),
            stillness=0.004,
            wrist_rotation_only=True,
            threshold_overrides=(ThresholdOverride(0, 4, 0.0), ThresholdOverride(10, 12, 0.99)),
        )
        assert cleaned.cleaning == expected
        assert "0:4=0, 10:12=0.99" in say("info", capture_file)[1]
        assert (cleaned.state[:, 10:13] != State.OBSERVED).all()
        run("clean", capture_file, "--wrist-moves")
        assert load_capture(capture_file).cleaning == replace(expected, wrist_rotation_only=False)

    def test_the_old_name_of_threshold_overrides_is_taken_with_a_warning(self, capture_file):
        result = run("clean", capture_file, "--floor", "0:4=0", "--threshold-override", "10:12=0.99")
        assert load_capture(capture_file).cleaning.threshold_overrides == ((10, 12, 0.99), (0, 4, 0.0))
        assert [message["text"] for message in result.messages if message["type"] == "warning"] == [
            "--floor is now called --threshold-override; the next version removes the old name."
        ]

    def test_reset_forgets_the_settings_of_the_file(self, capture_file):
        run("clean", capture_file, "--lost", "open", "--threshold-override", "0:4=0")
        run("clean", capture_file, "--reset", "--finger-hz", "1")
        assert load_capture(capture_file).cleaning == replace(CleaningSettings(), finger_hz=1.0)

    def test_edits_of_tracks_go_to_another_file(self, capture_file, tmp_path):
        before = capture_file.read_bytes()
        refused = run("clean", capture_file, "--drop", "0")
        assert refused.exit_code == 7
        assert capture_file.read_bytes() == before
        result = run("clean", capture_file, "-o", tmp_path / "b.npz", "--split", "1:12", "--drop", "0", "--swap", "2")
        assert result.done["hands"] == 2
        assert load_capture(tmp_path / "b.npz").side.tolist() == ["left", "right"]
        assert run("clean", capture_file, "-o", tmp_path / "b.npz", "--join", "0:5").exit_code == 4

    def test_comes_without_what_only_footage_and_networks_need(self, capture_file):
        arguments = ["clean", str(capture_file), "--lost", "interpolate", "--stillness", "0.003"]
        script = f"import sys; from dahyf_core.cli import app; app.app({arguments}, standalone_mode=False)"
        script += "; print(*sys.modules.keys() & {'onnxruntime', 'av', 'torch'})"
        said = subprocess.check_output([sys.executable, "-c", script], text=True).splitlines()
        assert said[0].startswith("Wrote")
        assert said[1:] == [""]


class TestInfo:
    def test_of_footage(self, clip):
        (facts,) = run("info", clip).messages
        assert (facts["width"], facts["height"], facts["frames"], facts["rate"]) == (320, 240, 16, "30")
        code, out, _ = say("info", clip)
        assert code == 0
        assert re.search(r"kind\s+video", out)

    def test_of_a_sequence_with_gaps(self, tmp_path):
        (facts,) = run("info", write_pictures(tmp_path / "shots", [3, 4, 9])).messages
        assert (facts["kind"], facts["first_frame"], facts["last_frame"], facts["frames"]) == ("sequence", 3, 9, 3)

    def test_of_a_capture(self, capture_file):
        (facts,) = run("info", capture_file).messages
        right, left = facts["hands"]
        assert (right["side"], left["side"]) == ("right", "left")
        assert right["observed"] + right["interpolated"] == 30
        assert right["interpolated"] == 2
        _, out, _ = say("info", capture_file)
        assert re.search(r"right +0 +28 +0 +2 ", out)

    def test_of_a_capture_without_hands(self, tmp_path):
        save_capture(make_capture(frames=3, sides=[]), tmp_path / "a.npz")
        assert "No hands were found." in say("info", tmp_path / "a.npz")[1]


def test_export_writes_json(capture_file, tmp_path):
    assert run("export", capture_file, "-o", tmp_path / "a.json").exit_code == 0
    document = json.loads((tmp_path / "a.json").read_text())
    assert [hand["side"] for hand in document["hands"]] == ["right", "left"]


class TestPreview:
    @pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.mp4"])
    def test_draws_what_the_name_says(self, captured, tmp_path, name):
        output, _ = captured
        result = run("preview", output, "-o", tmp_path / name)
        assert result.exit_code == 0
        assert (tmp_path / name).stat().st_size > 1000
        if name.endswith(".mp4"):
            assert result.of_type("progress")[-1]["done"] == 16

    def test_shows_the_raw_hands(self, captured, tmp_path):
        output, _ = captured
        assert run("preview", output, "-o", tmp_path / "raw.png", "--raw", "--frames", "4").exit_code == 0
        run("preview", output, "-o", tmp_path / "clean.png", "--frames", "4")
        assert (tmp_path / "raw.png").read_bytes() != (tmp_path / "clean.png").read_bytes()

    def test_finds_footage_that_moved(self, clip, captured, tmp_path):
        moved = Path(clip.rename(tmp_path / "moved.mp4"))
        try:
            assert run("preview", captured[0], "-o", tmp_path / "a.png").exit_code == 3
            result = run("preview", captured[0], "-o", tmp_path / "a.png", "--footage", moved)
            assert result.exit_code == 0
            assert not result.of_type("warning")
        finally:
            moved.rename(clip)


def test_check_names_versions_and_provider(shipped_network):
    result = run("check")
    assert result.exit_code == 0
    text = " ".join(message["text"] for message in result.of_type("status"))
    assert f"dahyf: {__version__}" in text
    assert "ExecutionProvider" in text
