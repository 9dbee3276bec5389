"""Batches: manifests and what is wrong with them, tries and retries, the page, and a run with real processes."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from threading import Event, Lock

import msgspec
import pytest

pytest.importorskip("tenacity", reason="tenacity is not installed: pip install '.[batch]'")

from cli_runner import run
from footage_factory import write_pictures, write_video
from rendered_hands import RATE, hand_picture

from dahyf_core.batch.batch import Policy, Tracked, Work, run_batch
from dahyf_core.batch.engines import Resources
from dahyf_core.batch.engines.worker import unfinished
from dahyf_core.batch.ledger import Entry, digest, key_of, write_entry
from dahyf_core.batch.manifest import Row, parse_settings, read_manifest
from dahyf_core.batch.plan import tasks_of
from dahyf_core.batch.results import Facts, Result, failed
from dahyf_core.batch.summary import render, write_summary
from dahyf_core.batch.tasks import read_task
from dahyf_core.errors import ExitCode, SettingsError

ROOT = Path(__file__).parent.parent
HEADER = "clip,name,hands,lens,range,cleaning.finger_hz,outputs,rig_file,rig\n"


def manifest(folder: Path, text: str, name: str = "clips.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def refusal(path: Path, **settings: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read_manifest(path, settings)
    return str(refused.value)


class TestManifests:
    def test_the_same_rows_as_csv_and_json(self, tmp_path):
        table = manifest(tmp_path, HEADER + "a.mp4,,1,65,10:250,3,report glb,,\nday 2/b.mp4,,,,,,,,\n")
        as_json = manifest(
            tmp_path,
            json.dumps(
                {
                    "version": 1,
                    "defaults": {"outputs": ["report", "glb"]},
                    "clips": [
                        {"clip": "a.mp4", "hands": 1, "lens": 65, "range": "10:250", "cleaning": {"finger_hz": 3}},
                        {"clip": "day 2/b.mp4", "outputs": ["report"]},
                    ],
                }
            ),
            "clips.json",
        )
        clips = read_manifest(table, {})
        assert clips == read_manifest(as_json, {})
        assert [clip.name for clip in clips] == ["a", "b"]
        assert clips[0].row.lens.fov_degrees == 65
        assert clips[0].row.cleaning.finger_hz == 3
        assert clips[0].row.outputs == ("report", "glb")

    def test_tables_of_spreadsheets_in_other_countries(self, tmp_path):
        clips = read_manifest(manifest(tmp_path, "\ufeffclip;hands\r\na.mp4;1\r\n\r\nb.mp4;2\r\n"), {})
        assert [clip.row.hands for clip in clips] == [1, 2]

    def test_settings_fill_what_rows_leave_open(self, tmp_path):
        path = manifest(tmp_path, "clip,hands,lens.focal_px\na.mp4,1,\nb.mp4,,900\n")
        first, second = read_manifest(path, parse_settings(["hands=3", "outputs=bvh"]))
        assert (first.row.hands, second.row.hands) == (1, 3)
        assert (first.row.outputs, second.row.lens.focal_px) == (("bvh",), 900)

    def test_a_folder_has_its_videos_and_sequences(self, tmp_path):
        for name in ("a.mp4", "a.mov", "day/b.MP4", ".hidden.mp4", "out/c.mp4", "notes.txt"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        write_pictures(tmp_path / "shot", range(2))
        clips = read_manifest(tmp_path, {}, tmp_path / "out")
        assert [clip.name for clip in clips] == ["a.mov", "a.mp4", "day/b", "shot"]

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("a.mp4,,0,,,,,,", ["row 1 (line 2)", "hands", ">= 1"]),
            ("a.mp4,,two,,,,,,", ["hands", "int"]),
            (",,1,,,,,,", ["clip"]),
            ("a.mp4,,,400,,,,,", ["lens", "400"]),
            ("a.mp4,,,,,-3,,,", ["cleaning", "-3"]),
            ("a.mp4,,,,,,glb pdf,,", ["outputs", "pdf"]),
            ("a.mp4,,,,,,rig,,", ["outputs", "rig_file"]),
            ("a.mp4,,,,,,,hero.blend,", ["rig", "belong together"]),
            ("a.mp4,../up,,,,,,,", ["name", "cannot be the name"]),
            ("a.mp4,,,,,,,,\nA.mp4,,,,,,,,", ["row 2 (line 3)", "another row"]),
        ],
        ids=str,
    )
    def test_bad_rows_are_named_with_line_and_column(self, tmp_path, line, words):
        said = refusal(manifest(tmp_path, HEADER + line + "\n"))
        assert all(word in said for word in words), said

    @pytest.mark.parametrize(
        ("name", "text", "word"),
        [
            ("a.csv", "", "no column clip"),
            ("a.csv", "clip\n", "no clips"),
            ("a.csv", "name\nb\n", "no column clip"),
            ("a.csv", "clip,clip\na,b\n", "twice"),
            ("a.csv", "clip\na.mp4,1\n", "has 2 cells"),
            ("a.csv", "clip,colour\na.mp4,red\n", "colour"),
            ("a.csv", "clip,lens.size\na.mp4,red\n", "size"),
            ("a.json", "{", "not understood"),
            ("a.json", "[3]", "not understood"),
            ("a.json", '{"version": 2, "clips": []}', "version"),
            ("a.json", "[" * 100_000, "not understood"),
            ("a.xls", "", "no manifest"),
        ],
        ids=str,
    )
    def test_what_is_no_manifest(self, tmp_path, name, text, word):
        assert word in refusal(manifest(tmp_path, text, name))
        with pytest.raises(SettingsError):
            parse_settings(["hands"])

    def test_all_bad_rows_are_counted(self, tmp_path):
        said = refusal(manifest(tmp_path, "clip,hands\n" + "".join(f"{n}.mp4,0\n" for n in range(15))))
        assert "15 bad rows" in said
        assert "row 10 " in said
        assert "and 5 more" in said


def clips_of(folder: Path, count: int, **settings: str):
    return read_manifest(manifest(folder, "clip\n" + "".join(f"clip_{n}.mp4\n" for n in range(count))), settings)


def test_stages_and_files_of_a_clip(tmp_path):
    settings = {"cleaning.finger_hz": "3", "outputs": "rig report mano blend sheet", "rig_file": "h.blend", "rig": "h"}
    (clip,) = clips_of(tmp_path, 1, **settings)
    tasks = tasks_of(clip, tmp_path / "out")
    names = [(task.stage, task.target.relative_to(tmp_path / "out").as_posix()) for task in tasks]
    assert names == [
        ("capture", "clip_0/clip_0.raw.npz"),
        ("clean", "clip_0/clip_0.npz"),
        ("export", "clip_0/clip_0.mano.npz"),
        ("preview", "clip_0/clip_0.png"),
        ("report", "clip_0/clip_0.html"),
        ("import", "clip_0/clip_0.blend"),
        ("retarget", "clip_0/clip_0.rig.blend"),
    ]
    assert {task.needs for task in tasks[2:]} == {tasks[1].target}
    assert [task.stage for task in tasks_of(clip, tmp_path, ["capture", "report"])] == ["capture", "report"]
    assert tasks[0].job["footage"] == str(tmp_path / "clip_0.mp4")


class FakeEngine:
    """Does nothing, and says what it is told to. outcomes: exit codes of the tries of a clip, in turns."""

    def __init__(self, outcomes=(0,), slots: int = 2) -> None:
        self.slots = slots
        self.calls: list[str] = []
        self.at_once = self.most = 0
        self._outcomes = outcomes
        self._lock = Lock()
        self.stopped = Event()

    def run(self, files, tell, threads):
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            name = Path(files[0]).parts[-4]
            number = self.calls.count(name)
            self.calls.append(name)
        tell({"type": "progress", "stage": "capture", "done": 1, "total": 2})
        code = self._outcomes[min(number, len(self._outcomes) - 1)]
        results = []
        for file in files:
            task = read_task(file)
            if code:
                results.append(failed(task.stage, task.output, ("It failed.", "Mend it.", code)))
                continue
            results.append(done(task))
        with self._lock:
            self.at_once -= 1
        return results

    def stop(self):
        self.stopped.set()


def done(task) -> Result:
    """Write the output of a task as if it had been done."""
    task.target.write_text(f"{task.stage} of {task.target.name}")
    result = Result(stage=task.stage, output=task.output, state="done", hands=2, frames=10, seconds=1.5)
    write_entry(task.target, Entry(state="done", key=key_of(task), output=digest(task.target), result=result))
    return result


class TestTries:
    def works(self, folder: Path, count: int):
        for number in range(count):
            (folder / f"clip_{number}.mp4").write_text(f"footage {number}")
        return [Work(clip, tasks_of(clip, folder / "out")) for clip in clips_of(folder, count)]

    def batch(self, works, engine, retries: int = 2):
        self.ended: list[str] = []
        tracked = Tracked(lambda *_: None, lambda *_: None, lambda clip, _: self.ended.append(clip.name))
        return run_batch(works, engine, Resources(), Policy(retries, wait=0.001), tracked)

    def test_every_clip_is_done_once_and_a_second_run_does_nothing(self, tmp_path):
        works, engine = self.works(tmp_path, 6), FakeEngine()
        results = self.batch(works, engine)
        assert sorted(engine.calls) == sorted(self.ended) == [f"clip_{n}" for n in range(6)]
        assert engine.most <= 2
        assert all(result.state == "done" for each in results.values() for result in each)
        again = FakeEngine()
        results = self.batch(works, again)
        assert (again.calls, len(self.ended)) == ([], 6)
        assert {result.state for each in results.values() for result in each} == {"current"}

    @pytest.mark.parametrize(
        ("codes", "calls", "state"),
        [
            ((1, 7, 0), 3, "done"),
            ((137, 0), 2, "done"),
            ((1, 1, 1, 0), 3, "failed"),
            ((3, 0), 1, "failed"),
            ((4, 0), 1, "failed"),
        ],
        ids=str,
    )
    def test_only_what_may_pass_is_tried_again(self, tmp_path, codes, calls, state):
        engine = FakeEngine(codes)
        results = self.batch(self.works(tmp_path, 1), engine)
        assert len(engine.calls) == calls
        assert {result.state for result in results[1]} == {state}

    def test_a_folder_that_cannot_be_written_fails_its_clip_alone(self, tmp_path):
        works = self.works(tmp_path, 3)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "clip_1").write_text("in the way")
        results = self.batch(works, FakeEngine(), retries=0)
        assert [results[number][0].exit_code for number in (1, 2, 3)] == [0, 7, 0]

    def test_an_interruption_stops_the_engine_and_what_waits(self, tmp_path):
        engine = FakeEngine((1,), slots=1)

        def interrupt(*_):
            raise KeyboardInterrupt

        tracked = Tracked(lambda *_: None, lambda *_: None, interrupt)
        with pytest.raises(KeyboardInterrupt):
            run_batch(self.works(tmp_path, 9), engine, Resources(), Policy(0), tracked)
        assert engine.stopped.is_set()
        assert len(engine.calls) < 9


@pytest.mark.parametrize(
    ("code", "last", "said", "expected"),
    [
        (-9, {}, "", (137, "signal 9")),
        (-11, {"type": "progress"}, "", (139, "signal 11")),
        (2, {"type": "error", "text": "Wrong.", "remedy": "Right.", "exit_code": 4}, "", (4, "Wrong.")),
        (1, {}, "first\nMemoryError: big", (1, "MemoryError: big")),
        (0, {}, "", (1, "exit code 0")),
        (130, {}, "", (130, "interrupted")),
    ],
    ids=str,
)
def test_a_worker_that_ends_early_leaves_results(tmp_path, code, last, said, expected):
    task = tmp_path / "task.json"
    task.write_text(json.dumps({"stage": "report", "output": "a.html", "capture": "a.npz"}))
    (result,) = unfinished([task], code, last, said)
    assert (result.state, result.exit_code) == ("failed", expected[0])
    assert expected[1] in result.text
    assert result.remedy


class TestPage:
    NASTY = "</script><img src=x onerror=alert(1)>"

    def rows(self, folder: Path):
        good, bad = (Work(clip, tasks_of(clip, folder)) for clip in clips_of(folder, 2))
        facts = Facts(confidence=0.9, seen=18, lost=2, sides=("left",), thumbnail="AAAA")
        outputs = [task.output for task in good.tasks]
        results = {
            1: [
                Result(stage="capture", output=outputs[0], state="done", hands=1, frames=20, seconds=2, facts=facts),
                Result(stage="report", output=outputs[1], state="kept", seconds=1, warnings=(self.NASTY,)),
            ],
            2: [failed("capture", "x.npz", (self.NASTY, "Mend it.", ExitCode.FOOTAGE))],
        }
        page = write_summary([good, bad], results, folder)
        return page.read_text(), json.loads((folder / "summary.json").read_text())["clips"]

    def test_it_has_what_people_ask_for(self, tmp_path):
        _, (first, second) = self.rows(tmp_path)
        assert (first["state"], first["confidence"], first["lost"], first["seconds"]) == ("kept", 0.9, 2, 3)
        assert [each["file"] for each in first["outputs"]] == ["clip_0/clip_0.npz", "clip_0/clip_0.html"]
        assert (second["state"], second["reason"], second["exit_code"]) == ("failed", self.NASTY, 3)

    def test_texts_are_no_markup_and_nothing_is_loaded(self, tmp_path):
        page, _ = self.rows(tmp_path)
        assert self.NASTY not in page
        assert "<img src" not in page
        assert page.count("</script>") == 2
        assert not re.search(r"https?://|innerHTML|eval\(", page)
        assert "default-src 'none'" in page
        assert "SCRIPT-DIGEST" not in page

    def test_what_is_unknown_is_not_finished(self, tmp_path):
        (work,) = (Work(clip, tasks_of(clip, tmp_path)) for clip in clips_of(tmp_path, 1))
        write_summary([work], {}, tmp_path)
        (row,) = json.loads((tmp_path / "summary.json").read_text())["clips"]
        assert row["state"] == "unfinished"

    @pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
    def test_its_script_draws_few_of_many_rows_and_sorts_and_filters(self, tmp_path):
        _, (row, bad) = self.rows(tmp_path)
        many = [{**row, "number": n, "name": f"clip {n}", "frames": 5000 - n} for n in range(1, 5000)]
        (tmp_path / "page.html").write_text(render([*many, {**bad, "number": 5000, "name": "bad"}], "A batch"))
        check = subprocess.run(
            ["node", ROOT / "tests" / "summary_page.js", tmp_path / "page.html"], capture_output=True, text=True
        )
        assert check.returncode == 0, check.stderr + check.stdout


def test_a_real_batch_with_good_and_bad_clips(tmp_path):
    write_video(tmp_path / "good.mp4", 4, (320, 240), RATE, picture=hand_picture)
    (tmp_path / "bad.mp4").write_text("no footage")
    options = ["--set", "estimator=baseline", "--set", "outputs=bvh", "--retries", 0]
    path = manifest(tmp_path, "clip,name\ngood.mp4,\nbad.mp4,\nnone.mp4,\n")
    first = run("batch", path, "-o", tmp_path / "out", *options)
    assert first.exit_code == first.error["exit_code"] == ExitCode.FOOTAGE
    assert "2 of 3 clips failed" in first.error["text"]
    states = {(each["clip"], each["stage"]): each["state"] for each in first.of_type("task")}
    assert states == {
        ("good", "capture"): "done",
        ("good", "export"): "done",
        ("bad", "capture"): "failed",
        ("bad", "export"): "blocked",
        ("none", "capture"): "failed",
        ("none", "export"): "blocked",
    }
    assert any(each.get("clip") == "good" for each in first.of_type("progress"))
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "good").glob("*.*")}
    assert {path.name for path in written} >= {"good.npz", "good.bvh"}
    second = run("batch", path, "-o", tmp_path / "out", *options, "--rows", "1")
    assert second.exit_code == 0
    assert {each["state"] for each in second.of_type("task")} == {"current"}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "good").glob("*.*")} == written
    rows = json.loads((tmp_path / "out" / "summary.json").read_text())["clips"]
    assert [row["state"] for row in rows] == ["done", "failed", "failed"]
    assert rows[0]["thumbnail"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--rows", "9"], 4),
        (["--rows", "a:b"], 4),
        (["--stages", "dance"], 4),
        (["--set", "hands"], 4),
        (["--set", "hands=0"], 4),
        (["--engine", "cloud"], 2),
        (["--engine-set", "partition"], 4),
        (["--processes", "-1"], 2),
        (["--gpus", "-1"], 2),
    ],
    ids=str,
)
def test_wrong_options_are_refused_before_any_work(tmp_path, arguments, code):
    path = manifest(tmp_path, "clip\na.mp4\n")
    assert run("batch", path, "-o", tmp_path / "out", *arguments).exit_code == code
    assert not list((tmp_path / "out").glob("*"))


def test_a_summary_alone_does_no_task(tmp_path):
    path = manifest(tmp_path, "clip\na.mp4\n")
    run("batch", path, "-o", tmp_path / "out", "--only-summary")
    assert (tmp_path / "out" / "summary.html").exists()
    assert not list((tmp_path / "out").rglob("*.npz"))


def test_the_schema_of_rows_knows_every_column():
    schema = json.loads((ROOT / "docs" / "schemas" / "batch.schema.json").read_text())
    assert set(schema["$defs"]["Row"]["properties"]) == {each.name for each in msgspec.structs.fields(Row)}
