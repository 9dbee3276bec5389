"""Job types of farms: an Open Job Description template that `openjd` runs, and a Flamenco job type that Node runs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("tenacity", reason="tenacity is not installed: pip install '.[batch]'")

from capture_factory import make_capture

from dahyf_core.batch.ledger import Entry, digest, key_of, write_entry
from dahyf_core.batch.manifest import read_manifest
from dahyf_core.batch.plan import tasks_of
from dahyf_core.batch.results import Result
from dahyf_core.capture import save_capture

ROOT = Path(__file__).parent.parent
FARM = ROOT / "farm"
BLENDER = """#!/bin/sh
while [ "$1" != --output ]; do shift; done
echo blend > "$2"
echo '{"type": "done", "output": "", "hands": 2, "frames": 3}'
"""


@pytest.fixture
def batch(tmp_path):
    """A manifest of two clips that are captured already: the first has been made a .bvh file of, the second not."""
    table = tmp_path / "clips.csv"
    table.write_text("clip,outputs\na.mp4,bvh\nb.mp4,bvh blend\n")
    for clip in read_manifest(table, {}):
        (tmp_path / clip.row.clip).write_text(clip.name)
        capture, export, *_ = tasks_of(clip, tmp_path / "out")
        capture.target.parent.mkdir(parents=True)
        save_capture(make_capture(frames=3), capture.target)
        done(capture)
        if clip.name == "a":
            export.target.write_text("HIERARCHY")
            done(export)
    for name, text in (("dahyf", f'#!/bin/sh\nexec {sys.executable} -m dahyf_core "$@"\n'), ("blender", BLENDER)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def done(task) -> None:
    result = Result(stage=task.stage, output=task.output, state="done", hands=2, frames=3)
    write_entry(task.target, Entry(state="done", key=key_of(task), output=digest(task.target), result=result))


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}


@pytest.mark.skipif(sys.platform == "win32", reason="the programs of this test are for POSIX")
def test_openjd_runs_the_template_in_the_order_of_its_steps(batch):
    openjd = shutil.which("openjd") or Path(sys.executable).with_name("openjd")
    if not Path(openjd).exists():
        pytest.skip("openjd is not installed: scripts/setup engines")
    parameters = {
        "Manifest": batch / "clips.csv",
        "Output": batch / "out",
        "Rows": "1-2",
        "Dahyf": batch / "dahyf",
        "Blender": batch / "blender",
    }
    options = [part for name, value in parameters.items() for part in ("-p", f"{name}={value}")]
    ran = subprocess.run(
        [openjd, "run", FARM / "openjd.json", "--step", "Summary", "--run-dependencies", *options],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert (batch / "out" / "a" / "a.bvh").read_text() == "HIERARCHY"
    assert (batch / "out" / "b" / "b.bvh").read_text().startswith("HIERARCHY\n")
    assert (batch / "out" / "b" / "b.blend").read_text() == "blend\n"
    rows = json.loads((batch / "out" / "summary.json").read_text())["clips"]
    assert [(row["name"], row["state"], len(row["outputs"])) for row in rows] == [("a", "done", 2), ("b", "done", 3)]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
class TestFlamenco:
    def compiled(self, **settings):
        command = [
            "node",
            ROOT / "tests" / "flamenco_job.js",
            FARM / "flamenco" / "dahyf_hands.js",
            json.dumps(settings),
        ]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    def test_each_clip_has_its_tasks_and_blender_comes_after_the_capture(self):
        job = self.compiled(manifest="/m.csv", output="/out", rows="1-2,7", in_blender=True)
        assert [(task["name"], task["type"], task["dependencies"]) for task in job["tasks"]] == [
            ("capture-1", "misc", []),
            ("blender-1", "blender", ["capture-1"]),
            ("capture-2", "misc", []),
            ("blender-2", "blender", ["capture-2"]),
            ("capture-7", "misc", []),
            ("blender-7", "blender", ["capture-7"]),
            ("summary", "misc", ["blender-1", "blender-2", "blender-7"]),
        ]

    def test_its_commands_are_understood_by_the_core(self, batch):
        job = self.compiled(manifest=str(batch / "clips.csv"), output=str(batch / "out"), rows="2", outputs="bvh")
        for task in job["tasks"]:
            (command,) = task["commands"]
            assert command["name"] == "exec"
            ran = subprocess.run(
                [sys.executable, "-m", "dahyf_core", *command["parameters"]["args"]], env=environment(), cwd=batch
            )
            assert ran.returncode == 0
        assert (batch / "out" / "b" / "b.bvh").exists()
        assert (batch / "out" / "summary.html").exists()


class TestDocker:
    def test_the_dockerfile_is_linted(self):
        hadolint = shutil.which("hadolint") or Path(sys.executable).with_name("hadolint")
        if not Path(hadolint).exists():
            pytest.skip("hadolint is not installed: scripts/setup engines")
        linted = subprocess.run([hadolint, FARM / "Dockerfile"], capture_output=True, text=True)
        assert linted.returncode == 0, linted.stdout

    def test_what_it_copies_is_there_and_not_ignored(self):
        kept = {line[1:] for line in (FARM / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"}
        copied = {
            name
            for line in (FARM / "Dockerfile").read_text().splitlines()
            if line.startswith("COPY ")
            for name in line.split()[1:-1]
        }
        assert copied == kept
        assert all((ROOT / name).exists() for name in copied)
