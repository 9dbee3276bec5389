"""Tasks: done once, never over somebody's work, resumed, and refused with reasons that tell whether to try again."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_runner import run
from footage_factory import write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.batch.blender import VARIABLE, find_command
from dahyf_core.batch.ledger import key_of, read_entry
from dahyf_core.batch.results import NEVER, Result, common_code, may_pass
from dahyf_core.batch.tasks import document_of, read_task, task_of
from dahyf_core.capture import load_capture
from dahyf_core.capture.atomic import sole_writer
from dahyf_core.errors import ExitCode, SettingsError

ROOT = Path(__file__).parent.parent
BASELINE = {"estimator": "baseline"}


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", 8, (320, 240), RATE, picture=hand_picture)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, footage):
    """A folder with the tasks of a clip, all done once."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copy(footage, folder / "clip.mp4")
    write(folder, "capture", job={"version": 1, "footage": "clip.mp4", **BASELINE}, output="out/clip.npz")
    write(folder, "clean", capture="out/clip.npz", output="out/clean.npz", cleaning={"finger_hz": 3})
    write(folder, "export", capture="out/clean.npz", output="out/clip.bvh")
    write(folder, "preview", capture="out/clean.npz", output="out/clip.png", frames=2)
    write(folder, "report", capture="out/clean.npz", output="out/clip.html")
    done = tasks_in(folder)
    assert done.exit_code == 0, done.messages
    assert [each["state"] for each in done.of_type("task")] == ["done"] * 5
    return folder


@pytest.fixture
def folder(finished, tmp_path):
    """A copy of that, which a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "work"))


def write(folder: Path, stage: str, **fields: object) -> Path:
    path = folder / f"{stage}.json"
    path.write_text(json.dumps({"stage": stage, **fields}))
    return path


def tasks_in(folder: Path, *stages: str):
    names = stages or ("capture", "clean", "export", "preview", "report")
    return run("task", *(folder / f"{name}.json" for name in names))


def states(done) -> dict[str, str]:
    return {each["stage"]: each["state"] for each in done.of_type("task")}


def changed(folder: Path, stage: str, **fields: object) -> None:
    path = folder / f"{stage}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


class TestUpToDate:
    def test_the_result_has_facts_and_a_picture(self, finished):
        entry = read_entry(finished / "out" / "clip.npz")
        capture = load_capture(finished / "out" / "clip.npz")
        assert entry.result.frames == len(capture.frame) == 8
        assert entry.result.hands == capture.hands == len(entry.result.facts.sides) == 1
        assert 0 < entry.result.facts.confidence <= 1
        assert entry.result.facts.thumbnail

    def test_a_second_run_does_nothing_even_in_another_place(self, folder):
        before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
        assert set(states(tasks_in(folder)).values()) == {"current"}
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before

    def test_only_what_depends_on_a_change_is_done_again(self, folder):
        changed(folder, "clean", cleaning={"finger_hz": 2})
        assert states(tasks_in(folder)) == {
            "capture": "current", "clean": "done", "export": "done", "preview": "done", "report": "done",
        }  # fmt: skip
        changed(folder, "preview", frames=1)
        assert states(tasks_in(folder)) == {
            "capture": "current", "clean": "current", "export": "current", "preview": "done", "report": "current",
        }  # fmt: skip

    def test_other_footage_under_the_same_name_is_captured(self, folder):
        write_video(folder / "clip.mp4", 5, (320, 240), RATE, picture=hand_picture)
        assert states(tasks_in(folder, "capture")) == {"capture": "done"}
        assert len(load_capture(folder / "out" / "clip.npz").frame) == 5

    def test_footage_that_went_away_and_came_back_is_not_captured_again(self, folder):
        (folder / "clip.mp4").rename(folder / "away.mp4")
        (result,) = tasks_in(folder, "capture").of_type("task")
        assert (result["state"], result["exit_code"]) == ("failed", 3)
        (folder / "away.mp4").rename(folder / "clip.mp4")
        assert states(tasks_in(folder, "capture")) == {"capture": "current"}

    def test_a_missing_output_is_made_again(self, folder):
        (folder / "out" / "clip.bvh").unlink()
        assert states(tasks_in(folder, "export", "report")) == {"export": "done", "report": "current"}

    def test_what_a_killed_task_left_is_not_taken_for_whole(self, folder):
        entry = folder / "out" / ".dahyf" / "clip.bvh.json"
        entry.write_text(json.dumps({"state": "running", "key": "of the killed one"}))
        (folder / "out" / "clip.bvh").write_text("half")
        assert states(tasks_in(folder, "export")) == {"export": "done"}
        assert (folder / "out" / "clip.bvh").read_text().startswith("HIERARCHY")


class TestWorkOfOthers:
    def test_a_changed_output_stays_and_counts_for_what_depends_on_it(self, folder):
        assert run("clean", folder / "out" / "clip.npz", "--wrist-rotation-hz", 1).exit_code == 0
        mine = (folder / "out" / "clip.npz").read_bytes()
        done = tasks_in(folder)
        assert states(done) | {"preview": ""} == {
            "capture": "kept", "clean": "done", "export": "done", "preview": "", "report": "done",
        }  # fmt: skip
        assert "was changed after it was made" in done.of_type("task")[0]["warnings"][0]
        assert (folder / "out" / "clip.npz").read_bytes() == mine

    def test_a_changed_output_of_changed_inputs_is_refused(self, folder):
        (folder / "out" / "clip.bvh").write_text("mine")
        changed(folder, "export", unit="m")
        (result,) = tasks_in(folder, "export").of_type("task")
        assert (result["state"], result["exit_code"], result["again"]) == ("failed", 7, True)
        assert "what it was made from has changed too" in result["text"]
        assert (folder / "out" / "clip.bvh").read_text() == "mine"
        (folder / "out" / "clip.bvh").unlink()
        assert states(tasks_in(folder, "export")) == {"export": "done"}

    def test_a_file_that_no_task_made_is_refused(self, folder):
        (folder / "out" / "mine.csv").write_text("mine")
        changed(folder, "export", output="out/mine.csv")
        for _ in range(2):
            (result,) = tasks_in(folder, "export").of_type("task")
            assert "no task has made it" in result["text"]
            assert (folder / "out" / "mine.csv").read_text() == "mine"


class TestFailures:
    def test_what_needs_a_failed_output_is_blocked_and_the_rest_done(self, folder):
        changed(folder, "clean", cleaning={"threshold": 7})
        changed(folder, "export", capture="out/clip.npz")
        done = tasks_in(folder, "capture", "clean", "export", "report")
        assert states(done) == {"capture": "current", "clean": "failed", "export": "done", "report": "blocked"}
        assert done.exit_code == ExitCode.SETTINGS
        assert "again" not in done.of_type("task")[1]

    @pytest.mark.parametrize(
        ("stage", "fields", "code"),
        [
            ("capture", {"job": {"version": 1, "footage": "none.mp4"}, "output": "out/a.npz"}, ExitCode.FOOTAGE),
            ("capture", {"job": {"version": 1, "footage": "clip.mp4", "frame_range": "90:99"}}, ExitCode.SETTINGS),
            ("capture", {"job": {"version": 1, "footage": "clip.mp4", "network": "clip.mp4"}}, ExitCode.MODEL_FILE),
            ("report", {"capture": "clip.mp4", "output": "out/other.html"}, ExitCode.CAPTURE_FILE),
            ("report", {"output": "out/clip.txt"}, ExitCode.SETTINGS),
            ("export", {"output": "out/clip.doc"}, ExitCode.SETTINGS),
            ("export", {"output": "clip.mp4/clip.bvh"}, ExitCode.OUTPUT),
        ],
        ids=str,
    )
    def test_each_has_its_exit_code_and_is_remembered(self, folder, stage, fields, code):
        changed(folder, stage, **fields)
        done = tasks_in(folder, stage)
        (result,) = done.of_type("task")
        assert done.exit_code == result["exit_code"] == code, result
        assert result.get("again", False) == (code not in NEVER)
        assert result["remedy"]
        if code != ExitCode.OUTPUT:
            assert read_entry(Path(result["output"])).result.exit_code == code

    def test_two_at_once_do_not_write_one_file(self, folder):
        output = folder / "out" / "clip.bvh"
        output.unlink()
        with sole_writer(output, output.parent / ".dahyf" / "clip.bvh.lock"):
            (result,) = tasks_in(folder, "export").of_type("task")
        assert (result["exit_code"], result["again"]) == (7, True)
        assert "Another process is writing" in result["text"]
        assert states(tasks_in(folder, "export")) == {"export": "done"}

    @pytest.mark.parametrize(
        ("document", "word"),
        [
            ({}, "stage"),
            ({"stage": "wave", "output": "a.npz"}, "wave"),
            ({"stage": "report", "output": "a.html"}, "capture"),
            ({"stage": "report", "output": "a.html", "capture": "a.npz", "colour": 1}, "colour"),
            ({"stage": "capture", "output": "a.npz", "job": {"version": 1}}, "footage"),
            ({"stage": "clean", "output": "a.npz", "capture": "b.npz", "cleaning": {"finger": 1}}, "finger"),
            ([], "array"),
        ],
        ids=str,
    )
    def test_a_file_that_is_no_task_is_refused(self, tmp_path, document, word):
        (tmp_path / "a.json").write_text(json.dumps(document))
        with pytest.raises(SettingsError, match=word) as refused:
            read_task(tmp_path / "a.json")
        assert "task.schema.json" in refused.value.remedy
        assert run("task", tmp_path / "a.json").error["exit_code"] == 4

    def test_codes_tell_whether_to_try_again(self):
        assert [may_pass(code) for code in (0, 1, 3, 7, 130, 137)] == [False, True, False, True, True, True]
        failed = [Result(stage="report", output="a", state="failed", exit_code=code) for code in (3, 3, 7)]
        assert [common_code(failed[:count]) for count in (0, 2, 3)] == [0, 3, ExitCode.BATCH]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
@pytest.mark.timeout(900)
def test_a_capture_that_is_killed_three_times_ends_with_the_same_bytes(tmp_path):
    write_video(tmp_path / "clip.mp4", 420, (320, 240), RATE, picture=hand_picture)
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000", "PYTHONPATH": str(ROOT)}
    for name in ("whole", "killed"):
        write(
            tmp_path, "capture", job={"version": 1, "footage": "clip.mp4", **BASELINE}, output=f"{name}/clip.npz"
        ).rename(tmp_path / f"{name}.json")
    command = [sys.executable, "-m", "dahyf_core", "task", "--json"]
    for number in range(3):
        process = subprocess.Popen(
            [*command, tmp_path / "killed.json"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
        )
        chunk = tmp_path / "killed" / "clip.npz.partial" / f"chunk-{number:05d}.npz"
        last = time.monotonic() + 280
        while not chunk.exists():
            assert process.poll() is None
            assert time.monotonic() < last
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not (tmp_path / "killed" / "clip.npz").exists()
        assert read_entry(tmp_path / "killed" / "clip.npz").state == "running"
    for name in ("whole", "killed"):
        subprocess.run([*command, tmp_path / f"{name}.json"], env=environment, cwd=ROOT, check=True)
    assert (tmp_path / "killed" / "clip.npz").read_bytes() == (tmp_path / "whole" / "clip.npz").read_bytes()
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == [".dahyf", "clip.npz"]


def test_keys_go_by_content_and_not_by_place(footage, tmp_path):
    shutil.copy(footage, tmp_path / "moved.mp4")
    there = task_of({"stage": "capture", "output": "a.npz", "job": {"version": 1, "footage": str(footage)}}, tmp_path)
    moved = task_of({"stage": "capture", "output": "b.npz", "job": {"version": 1, "footage": "moved.mp4"}}, tmp_path)
    other = task_of(document_of(moved) | {"job": moved.job | {"mirrored": True}}, tmp_path)
    assert key_of(there) == key_of(moved) != key_of(other)
    assert task_of(document_of(moved), tmp_path) == moved


class TestBlender:
    """With programs in its place that say what the add-on would; blender_tests has the add-on."""

    @pytest.fixture
    def imported(self, folder):
        write(folder, "import", capture="out/clip.npz", output="out/clip.blend")
        return folder / "import.json"

    def program(self, folder: Path, text: str) -> str:
        path = folder / "blender"
        path.write_text(f"#!{sys.executable}\nimport sys, os, json\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def test_its_result_and_its_warnings_are_the_tasks(self, folder, imported):
        blender = self.program(
            folder,
            "print('Blender 5.0')\nprint(json.dumps({'type': 'warning', 'text': 'a thumb is missing'}))\n"
            "open(sys.argv[sys.argv.index('--output') + 1], 'w').write('blend')\n"
            "print(json.dumps({'type': 'done', 'output': '', 'hands': 2, 'frames': 8}))",
        )
        (result,) = run("task", imported, "--blender", blender).of_type("task")
        assert (result["state"], result["hands"], result["warnings"]) == ("done", 2, ["a thumb is missing"])

    @pytest.mark.parametrize(
        ("text", "code", "word"),
        [
            ("os.kill(os.getpid(), 11)", 1, "signal 11"),
            ("print('no space left', file=sys.stderr); sys.exit(3)", 1, "no space left"),
            ("print(json.dumps({'type': 'error', 'text': 'No rig.', 'remedy': 'b', 'exit_code': 9}))", 9, "No rig."),
        ],
    )
    def test_a_crash_or_a_refusal_fails_the_task(self, folder, imported, text, code, word):
        done = run("task", imported, "--blender", self.program(folder, text))
        (result,) = done.of_type("task")
        assert (done.exit_code, result["exit_code"]) == (code, code)
        assert word in result["text"]
        assert result.get("again", False) == (code == 1)

    def test_without_a_blender_the_remedy_names_the_option(self, imported, monkeypatch):
        monkeypatch.delenv(VARIABLE, raising=False)
        (result,) = run("task", imported).of_type("task")
        assert (result["exit_code"], "--blender" in result["remedy"]) == (4, True)

    def test_commands(self, monkeypatch):
        monkeypatch.setenv(VARIABLE, "/opt/blender/blender")
        assert find_command(None)[-2:] == ["--command", "dahyf_hands"]
        assert find_command("/env/bin/python3.11") == ["/env/bin/python3.11", "-m", "addon"]
        assert find_command("nice blender -b --command dahyf_hands")[0] == "nice"
