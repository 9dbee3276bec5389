"""Batches on Ray and on submitit, for real: two nodes, and workers that are killed in the middle.

`scripts/setup engines` makes an environment that has both. Blender's place is taken by a program that waits until it is
told to go on, so that a worker is surely met at work.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("tenacity", reason="tenacity is not installed: pip install '.[batch]'")

from capture_factory import make_capture

from dahyf_core.batch.batch import Policy, Tracked, Work, run_batch
from dahyf_core.batch.engines import Resources, create_engine
from dahyf_core.batch.manifest import read_manifest
from dahyf_core.batch.tasks import ImportTask
from dahyf_core.capture import save_capture
from dahyf_core.errors import SettingsError

ROOT = Path(__file__).parent.parent
PATIENCE = 240.0
"""Seconds."""

BLENDER = """#!/bin/sh
while [ "$1" != --output ]; do shift; done
echo $PPID >> "{folder}/started"
touch "{folder}/working-$PPID"
while [ ! -e "{folder}/go" ]; do sleep 0.1; done
echo blend > "$2"
echo '{{"type": "done", "output": "", "hands": 1, "frames": 3}}'
"""


@pytest.fixture
def works(tmp_path, monkeypatch):
    """Two clips, each with a capture and a task that takes it to Blender."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), str(ROOT / "tests"), *sys.path]))
    (tmp_path / "clips.csv").write_text("clip\na.mp4\nb.mp4\n")
    program = tmp_path / "blender"
    program.write_text(BLENDER.format(folder=tmp_path))
    program.chmod(0o755)
    found = []
    for clip in read_manifest(tmp_path / "clips.csv", {}):
        capture = tmp_path / f"{clip.name}.npz"
        save_capture(make_capture(frames=3), capture)
        output = tmp_path / "out" / clip.name / f"{clip.name}.blend"
        found.append(Work(clip, [ImportTask(output=str(output), capture=str(capture))]))
    return found


def resources(folder: Path, **options: object) -> Resources:
    return Resources(processes=2, threads=1, blender=str(folder / "blender"), folder=folder / "out", options=options)


def batch(works, engine, given: Resources, meanwhile: Callable[[], None]):
    """The states of all tasks. meanwhile: called once, from another thread, when the first clip is being done."""
    from threading import Thread

    helper = Thread(target=meanwhile)
    helper.start()
    tracked = Tracked(lambda *_: None, lambda *_: None, lambda *_: None)
    results = run_batch(works, engine, given, Policy(retries=5, wait=0.5), tracked)
    helper.join()
    assert not [result.text for each in results.values() for result in each if result.text]
    return {number: [result.state for result in each] for number, each in results.items()}


def started(folder: Path) -> list[int]:
    """The processes of `dahyf task` that have come to Blender."""
    path = folder / "started"
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def until(true: Callable[[], object]) -> None:
    last = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < last
        time.sleep(0.1)


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def is_gone(process: int) -> bool:
    path = Path(f"/proc/{process}/status")
    return not path.exists() or "zombie" in path.read_text()


def test_an_engine_that_is_not_installed_is_named_with_its_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "submitit", None)
    monkeypatch.delitem(sys.modules, "dahyf_core.batch.engines.slurm", raising=False)
    with pytest.raises(SettingsError, match=r"dahyf-hands\[slurm\]"):
        create_engine("slurm", Resources(folder=tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
class TestSubmitit:
    @pytest.fixture(autouse=True)
    def installed(self):
        pytest.importorskip("submitit", reason="submitit is not installed: scripts/setup engines")

    @pytest.mark.filterwarnings("ignore:Slurm is not on this machine")
    def test_a_killed_job_is_submitted_again_and_leaves_nothing_behind(self, works, tmp_path):
        given = resources(tmp_path, timeout_min=10)
        killed = []

        def kill():
            until(lambda: len(started(tmp_path)) == 2)
            killed.append(started(tmp_path)[0])
            os.kill(parent_of(killed[0]), signal.SIGKILL)
            until(lambda: is_gone(killed[0]))
            (tmp_path / "go").touch()

        assert batch(works, create_engine("slurm", given), given, kill) == {1: ["done"], 2: ["done"]}
        assert len(started(tmp_path)) == 3
        again = resources(tmp_path)
        assert batch(works, create_engine("slurm", again), again, lambda: None) == {1: ["current"], 2: ["current"]}


@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
class TestRay:
    @pytest.fixture
    def cluster(self):
        """Two nodes of one core each, besides a head without any."""
        ray = pytest.importorskip("ray", reason="Ray is not installed: scripts/setup engines")
        from ray.cluster_utils import Cluster

        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        made.nodes = [made.add_node(num_cpus=1) for _ in range(2)]
        yield made
        ray.shutdown()
        made.shutdown()

    def test_a_lost_worker_and_a_lost_node_cost_no_clip(self, works, tmp_path, cluster):
        given = resources(tmp_path, address=cluster.address)

        def kill():
            until(lambda: len(started(tmp_path)) == 2)
            first = started(tmp_path)[0]
            os.kill(parent_of(first), signal.SIGKILL)
            until(lambda: is_gone(first))
            until(lambda: len(started(tmp_path)) == 3)
            cluster.remove_node(cluster.nodes[1], allow_graceful=False)
            (tmp_path / "go").touch()

        states = batch(works, create_engine("ray", given), given, kill)
        assert {state for each in states.values() for state in each} <= {
            "done",
            "current",
        }  # at the first or another try
        assert all(work.tasks[0].target.read_text() == "blend\n" for work in works)
        assert len(started(tmp_path)) >= 3
