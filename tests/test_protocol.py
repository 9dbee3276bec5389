"""How `dahyf` speaks and ends: wrong usage, full and closed streams, hostile names, signals at bad moments."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from capture_factory import make_capture
from cli_runner import run, say
from footage_factory import write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.capture import save_capture
from dahyf_core.cli.streams import printable

ROOT = Path(__file__).parent.parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
COMMANDS = (
    "capture", "clean", "info", "export", "preview", "check", "predict", "report", "annotate", "synth", "train",
    "export-onnx", "ablate", "evaluate", "submit", "check-submission",
)  # fmt: skip


def dahyf(*arguments: object, script: str = "", **options: object) -> subprocess.CompletedProcess[str]:
    """Run `dahyf` in a process of its own, after a script that sets a trap."""
    start = f"import sys; sys.argv = ['dahyf', *sys.argv[1:]]\n{script}\nfrom dahyf_core.cli import main; main()"
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    command = [sys.executable, "-c", start, *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, text=True, errors="surrogateescape", **streams)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4", 4, (320, 240), RATE, picture=hand_picture)


@pytest.fixture
def capture_file(tmp_path: Path) -> Path:
    path = tmp_path / "made-up.npz"
    save_capture(make_capture(frames=5), path)
    return path


class TestUsage:
    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize("wrong", [["--no-such-option"], ["one", "two", "three", "four", "--no-such-option", "5"]])
    def test_wrong_usage_is_one_json_error(self, command, wrong):
        result = run(command, *wrong)
        assert result.exit_code == 2
        (message,) = result.messages
        assert message["type"] == "error"
        assert message["exit_code"] == 2
        assert "--no-such-option" in message["text"]
        assert f"dahyf {command} --help" in message["remedy"]

    @pytest.mark.parametrize(
        "arguments",
        [["nonsense"], ["capture", "a.mp4"], ["clean", "a.npz", "--threshold", "2"], ["train", "--resume", "a", "b"]],
        ids=" ".join,
    )
    def test_other_kinds_too(self, arguments):
        result = run(*arguments)
        assert [message["type"] for message in result.messages] == ["error"]
        assert result.exit_code == 2

    def test_people_read_the_usage_and_a_sentence(self):
        code, out, err = say("info")
        assert (code, out) == (2, "")
        assert err.splitlines() == [
            "Usage: dahyf info [OPTIONS] {FILE}",
            "Error: Missing argument 'FILE'. Run `dahyf info --help` to see its options.",
        ]

    def test_nothing_at_all_is_helped(self):
        code, out, err = say()
        assert code == 2
        assert "capture" in out + err
        assert "Error" not in err


@POSIX
class TestStreams:
    @pytest.fixture
    def full(self):
        if not Path("/dev/full").exists():
            pytest.skip("this system has no /dev/full")
        with open("/dev/full", "w") as stream:  # noqa: PTH123
            yield stream

    @pytest.mark.parametrize("arguments", [["info", "F"], ["info", "F", "--json"], ["--help"], ["check", "--json"]])
    def test_a_full_standard_output_is_exit_code_7(self, capture_file, full, arguments):
        result = dahyf(*(capture_file if part == "F" else part for part in arguments), stdout=full)
        assert result.returncode == 7
        assert result.stderr.startswith("Error: Standard output cannot be written to: No space left on device.")
        assert len(result.stderr.splitlines()) == 1

    def test_a_full_standard_error_does_not_stop_the_work(self, clip, full, tmp_path):
        result = dahyf("capture", clip, "-o", tmp_path / "a.npz", "--estimator", "baseline", stderr=full)
        assert result.returncode == 0
        assert result.stdout.startswith("Wrote ")

    @pytest.mark.parametrize("json_", [[], ["--json"]])
    def test_both_full_leave_the_exit_code(self, full, json_):
        assert dahyf("info", "nowhere.mp4", *json_, stdout=full, stderr=full).returncode in (3, 7)

    def test_a_pipe_that_nobody_reads_is_exit_code_7(self, capture_file):
        ours, theirs = os.pipe()
        os.close(ours)
        result = dahyf("info", capture_file, stdout=theirs)
        os.close(theirs)
        assert result.returncode == 7
        assert "Broken pipe" in result.stderr
        assert "Traceback" not in result.stderr

    @pytest.mark.parametrize("json_", [[], ["--json"]])
    def test_closed_streams_are_as_none(self, clip, tmp_path, json_):
        """And no file takes their numbers: what libraries print would be written into it."""
        output = tmp_path / "a.npz"
        command = [sys.executable, "-m", "dahyf_core", "capture", clip, "-o", output, "--estimator", "baseline", *json_]
        closing = 'exec "$@" <&- >&- 2>&-'
        assert subprocess.run(["sh", "-c", closing, "sh", *map(str, command)], cwd=ROOT).returncode == 0
        assert run("info", output).exit_code == 0


class TestNames:
    def test_printable_escapes_what_terminals_obey(self):
        assert printable("Große Hände 手 ✋ [abc]") == "Große Hände 手 ✋ [abc]"
        assert printable("a\x1b[31m\x07\n\x9b") == "a\\x1b[31m\\x07\\x0a\\x9b"
        assert printable("gpj.\u202etxt") == "gpj.\\u202etxt"
        assert printable("caf\udce9") == "caf\\xe9"

    @POSIX
    @pytest.mark.parametrize(
        ("name", "shown"),
        [(b"Talk [abc]", "Talk [abc]"), (b"a\x1b[31m\x07", "a\\x1b[31m\\x07"), (b"caf\xe9", "caf\\xe9")],
    )
    def test_every_command_takes_and_shows_them(self, clip, tmp_path, monkeypatch, name, shown):
        monkeypatch.setenv("COLUMNS", "500")
        footage = tmp_path / os.fsdecode(name + b".mp4")
        try:
            shutil.copy(clip, footage)
        except OSError:
            pytest.skip("this file system has no such names")
        capture = footage.with_suffix(".npz")
        said = [
            say("capture", footage, "-o", capture, "--estimator", "baseline"),
            say("info", footage),
            say("info", capture),
            say("preview", capture, "-o", footage.with_suffix(".png")),
            say("preview", capture, "-o", footage.with_suffix(".b.mp4")),
            say("report", capture, "-o", footage.with_suffix(".html")),
            say("export", capture, "-o", footage.with_suffix(".json")),
        ]
        assert [code for code, _, _ in said] == [0] * len(said), said
        assert all(shown in out for _, out, _ in said)
        code, _, err = refused = say("export", capture, "-o", footage.with_suffix(".txt"))
        assert code == 4
        assert shown in err
        assert not any("\x1b" in out + err for _, out, err in [*said, refused])


@POSIX
class TestSignals:
    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
    @pytest.mark.parametrize("module", ["typer", "rich.console", "numpy", "av"])
    def test_an_early_signal_shows_no_traceback(self, capture_file, module, name):
        """In the middle of an import, where an exception may be lost."""
        trap = f"""
import os, signal
class Trap:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.{name})
sys.meta_path.insert(0, Trap())
"""
        result = dahyf("preview", capture_file, "-o", capture_file.with_suffix(".png"), "--json", script=trap)
        assert result.returncode == 130
        assert result.stderr == ""
        (message,) = map(json.loads, result.stdout.splitlines())
        assert (message["type"], message["exit_code"]) == ("error", 130)

    def test_an_interruption_that_a_library_turns_into_an_error_is_still_one(self, capture_file):
        """As extension modules do, whose initialisation then has failed."""
        trap = """
import os, signal
class Trap:
    def find_spec(self, name, path=None, target=None):
        if name == "av":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except KeyboardInterrupt as error:
                raise ImportError("initialization failed") from error
sys.meta_path.insert(0, Trap())
"""
        result = dahyf("preview", capture_file, "-o", capture_file.with_suffix(".png"), "--json", script=trap)
        assert result.returncode == 130
        assert "interrupted" in result.stdout

    def test_the_exit_code_is_a_code_wherever_the_interruption_was(self, capture_file):
        """Python's own end would be a signal after one in code from a string, such as that of data classes."""
        trap = """
import os, signal
from dahyf_core.capture import file
file.read_arrays = lambda path: exec("os.kill(os.getpid(), signal.SIGINT)\\nwhile True: pass", globals())
"""
        assert dahyf("info", capture_file, script=trap).returncode == 130

    def test_an_interruption_that_is_lost_in_a_preview_comes_again(self, clip, tmp_path):
        """In a destructor, say, or in a callback of FFmpeg's."""
        run("capture", clip, "-o", tmp_path / "a.npz", "--estimator", "baseline")
        trap = """
import os, signal
from dahyf_core.preview import video
drawn = []
class Doomed:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000): pass
def draw(*arguments):
    drawn.append(1)
    if len(drawn) == 2:
        Doomed()
video.draw_hands = draw
"""
        result = dahyf("preview", tmp_path / "a.npz", "-o", tmp_path / "a.mp4", "--json", script=trap)
        assert result.returncode == 130
        assert result.stderr == ""
        assert json.loads(result.stdout.splitlines()[-1])["exit_code"] == 130
        assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "clip.mp4"]
