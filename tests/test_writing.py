"""Files that are written whole or not at all, by one process at a time, and end with the program that wanted them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from capture_factory import make_capture
from cli_runner import run
from footage_factory import write_pictures, write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.capture import atomic, load_capture, save_capture
from dahyf_core.capture.atomic import replacing, sole_writer
from dahyf_core.errors import OutputError
from dahyf_core.shared.processes import is_alive

ROOT = Path(__file__).parent.parent
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
PATIENCE = 60.0
"""Seconds."""


def until(true: Callable[[], object]) -> None:
    """Wait for something, but not for ever."""
    last = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < last
        time.sleep(0.02)


def started(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """`dahyf` at work in a process of its own."""
    command = [sys.executable, "-m", "dahyf_core", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def dead_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    atomic._remove_leftovers.cache_clear()


class TestReplacing:
    def test_other_runs_keep_their_files_and_the_dead_do_not(self, tmp_path):
        machine = atomic._machine()
        dead = tmp_path / f".dahyf-{machine}-{dead_process()}-00ff.partial"
        kept = [
            tmp_path / f".dahyf-{machine}-{os.getppid()}-00ff.partial",
            tmp_path / f".dahyf-elsewhere-{dead_process()}-00ff.partial",
            tmp_path / "mine.partial",
        ]
        for path in (dead, *kept):
            path.touch()
        with replacing(tmp_path / "a.txt") as stream:
            stream.write(b"whole")
        assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "a.txt", *kept])

    @POSIX
    def test_a_link_is_replaced_and_not_followed(self, tmp_path):
        target = tmp_path / "precious.txt"
        target.write_text("precious")
        (tmp_path / "a.txt").symlink_to(target)
        with replacing(tmp_path / "a.txt") as stream:
            stream.write(b"new")
        assert target.read_text() == "precious"
        assert not (tmp_path / "a.txt").is_symlink()
        assert (tmp_path / "a.txt").read_text() == "new"

    @POSIX
    def test_nobody_can_lay_a_link_where_it_writes(self, tmp_path, monkeypatch):
        target = tmp_path / "precious.txt"
        target.write_text("precious")
        monkeypatch.setattr(atomic.secrets, "token_hex", lambda _: "00")
        planted = tmp_path / f".dahyf-{atomic._machine()}-{os.getpid()}-00.partial"
        planted.symlink_to(target)
        with pytest.raises(OutputError, match="exists"), replacing(tmp_path / "a.txt") as stream:
            stream.write(b"new")
        assert target.read_text() == "precious"

    @POSIX
    def test_files_have_the_usual_permissions(self, tmp_path):
        (tmp_path / "usual").touch()
        with replacing(tmp_path / "a.txt"):
            pass
        assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "usual").stat().st_mode

    def test_a_failure_leaves_what_was_there(self, tmp_path):
        (tmp_path / "a.txt").write_text("before")
        with pytest.raises(TypeError), replacing(tmp_path / "a.txt") as stream:
            stream.writelines([b"half", None])
        assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
        assert (tmp_path / "a.txt").read_text() == "before"

    def test_the_longest_name_can_be_written(self, tmp_path):
        path = tmp_path / ("a" * 251 + ".txt")
        with replacing(path) as stream:
            stream.write(b"whole")
        assert path.read_bytes() == b"whole"


@POSIX
class TestFullDisk:
    """By the largest size of a file, which the system lets a process limit."""

    @pytest.mark.parametrize(
        ("arguments", "suffix"),
        [
            (["export"], ".json"),
            (["clean", "--lost", "open"], ".npz"),
            (["preview", "--footage", "clip.mp4"], ".mp4"),
            (["preview", "--footage", "clip.mp4"], ".png"),
            (["report", "--footage", "clip.mp4"], ".html"),
        ],
        ids=lambda value: value if isinstance(value, str) else value[0],
    )
    def test_is_exit_code_7_and_leaves_what_was_there(self, tmp_path, arguments, suffix):
        import resource

        write_video(tmp_path / "clip.mp4", 8, (1280, 720))
        save_capture(make_capture(frames=8), tmp_path / "capture.npz")
        output = tmp_path / f"out{suffix}"
        output.write_text("before")
        names = sorted(path.name for path in tmp_path.iterdir())
        command, *options = (str(tmp_path / part) if part == "clip.mp4" else part for part in arguments)
        process = started(
            command, tmp_path / "capture.npz", "-o", output, *options, "--json",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        )  # fmt: skip
        out, _ = process.communicate()
        assert process.returncode == 7, out
        assert json.loads(out.splitlines()[-1])["exit_code"] == 7
        assert output.read_text() == "before"
        assert sorted(path.name for path in tmp_path.iterdir()) == names


class TestSoleWriter:
    def test_a_second_is_refused_by_name_and_the_first_goes_on(self, tmp_path):
        output, folder = tmp_path / "a.npz", tmp_path / "a.npz.partial"
        with sole_writer(output, folder):
            with (
                pytest.raises(OutputError, match=r"Another process is writing .*a\.npz"),
                sole_writer(output, folder),
            ):
                pytest.fail("two at once")
            assert folder.is_dir()
            with sole_writer(tmp_path / "b.npz", tmp_path / "b.npz.partial"):
                pass
        with sole_writer(output, folder):
            pass
        assert list(tmp_path.iterdir()) == []

    def test_what_else_is_in_the_folder_stays(self, tmp_path):
        with sole_writer(tmp_path / "a.npz", tmp_path / "a.npz.partial"):
            (tmp_path / "a.npz.partial" / "mine.txt").touch()
        assert [path.name for path in (tmp_path / "a.npz.partial").iterdir()] == ["mine.txt"]

    @POSIX
    def test_a_link_in_place_of_the_folder_is_refused(self, tmp_path):
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "a.npz.partial").symlink_to(tmp_path / "elsewhere")
        with (
            pytest.raises(OutputError, match="it is a link"),
            sole_writer(tmp_path / "a.npz", tmp_path / "a.npz.partial"),
        ):
            pass
        assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """Long enough that a capture of it is met at work."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    return write_video(path, 400, (320, 240), RATE, picture=hand_picture)


@POSIX
class TestTwoCaptures:
    def test_the_second_is_refused_and_a_killed_one_blocks_nobody(self, clip, tmp_path):
        output = tmp_path / "a.npz"
        arguments = ["capture", clip, "-o", output, "--estimator", "baseline", "--json"]
        first = started(*arguments)
        until(lambda: (tmp_path / "a.npz.partial" / "chunk-00000.npz").exists())
        second = run(*arguments)
        assert second.exit_code == 7
        assert second.error["text"] == f"Another process is writing {output}."
        first.kill()
        first.communicate()
        assert (tmp_path / "a.npz.partial" / "lock").exists()
        third = run(*arguments)
        assert third.exit_code == 0
        assert any("Resuming after" in message["text"] for message in third.of_type("status"))
        assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]
        assert len(load_capture(output).frame) == 400

    def test_other_settings_never_go_on(self, tmp_path):
        """The rate of a sequence too, by which hands are expected to move, and of a chunk that another run has left."""
        shots = write_pictures(tmp_path / "shots", range(6))
        for name, rates in (("stopped", ("24", "60")), ("mixed", ("24", "24"))):
            output = tmp_path / f"{name}.npz"
            arguments = ["capture", shots, "-o", output, "--estimator", "baseline", "--rate"]
            folder = tmp_path / f"{name}.npz.partial"
            script = (
                "from dahyf_core.capture import pipeline as p; p.save_capture = lambda *_: __import__('os')._exit(9)"
            )
            start = (
                f"import sys; {script}; sys.argv = ['dahyf', *sys.argv[1:]]; from dahyf_core.cli import main; main()"
            )
            killed = subprocess.run([sys.executable, "-c", start, *map(str, arguments), rates[0]], cwd=ROOT)
            assert killed.returncode == 9
            if name == "mixed":
                chunk = dict(np.load(folder / "chunk-00000.npz"))
                np.savez(folder / "chunk-00000.npz", **chunk | {"settings": np.array("of another run")})
            result = run(*arguments, rates[1])
            assert result.exit_code == 0
            assert not any("Going on" in message["text"] for message in result.of_type("status")), name
            dropped = [message for message in result.of_type("warning") if "other settings" in message["text"]]
            assert len(dropped) == (name == "stopped")


@POSIX
class TestParent:
    ARGUMENTS = ("--estimator", "baseline", "--json")

    def test_a_capture_ends_when_its_standard_input_does_and_goes_on_later(self, clip, tmp_path):
        output = tmp_path / "a.npz"
        process = started("--exit-with-stdin", "capture", clip, "-o", output, *self.ARGUMENTS, stdin=subprocess.PIPE)
        until(lambda: (tmp_path / "a.npz.partial" / "chunk-00000.npz").exists())
        assert process.poll() is None
        out, err = process.communicate()  # which closes standard input
        assert process.returncode == 130
        assert err == ""
        assert json.loads(out.splitlines()[-1])["exit_code"] == 130
        assert 128 <= len(load_capture(output).frame) < 400
        assert run("capture", clip, "-o", output, *self.ARGUMENTS).exit_code == 0

    def test_it_ends_when_the_program_that_started_it_is_killed(self, clip, tmp_path):
        start = f"""
import subprocess, sys, time
command = [sys.executable, "-m", "dahyf_core", "capture", {str(clip)!r}, "-o", "a.npz", "--estimator", "baseline"]
child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(child.pid, flush=True)
time.sleep(600)
"""
        environment = os.environ | {"DAHYF_EXIT_WITH_STDIN": "1", "PYTHONPATH": str(ROOT)}
        parent = subprocess.Popen(
            [sys.executable, "-c", start], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        )
        child = int(parent.stdout.readline())
        until(lambda: (tmp_path / "a.npz.partial" / "chunk-00000.npz").exists())
        parent.send_signal(signal.SIGKILL)
        parent.communicate()
        until(lambda: not is_alive(child) or "zombie" in Path(f"/proc/{child}/status").read_text())
        assert not (tmp_path / "a.npz.partial" / "lock").exists()

    def test_without_the_option_standard_input_does_not_matter(self, clip, tmp_path):
        process = started(
            "capture", clip, "-o", tmp_path / "a.npz", "--range", "0:3", *self.ARGUMENTS, stdin=subprocess.DEVNULL
        )
        process.communicate()
        assert process.returncode == 0
