"""Tasks of the core that work in Blender: `dahyf task` with this Blender, and processes that are killed."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from another_blender import python_in_blender
from capture_factory import capture_arrays, footage, write_capture
from conftest import CORE_PYTHON, ROOT
from processes import is_alive, until

from addon import compat

MANY = 20_000
"""Frames that keep Blender at work for seconds."""

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="it finds processes in /proc")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a short capture and a long one, and a task of each."""
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    if not compat.IS_PYTHON_MODULE:
        pytest.skip("the core's Blender has the add-on from the checkout, by the bpy module alone")
    picture = bpy.data.images.new("picture", 640, 360)
    picture.filepath_raw, picture.file_format = str(tmp_path / "clip.png"), "PNG"
    picture.save()
    found = footage(path=picture.filepath_raw, kind="still")  # so that Blender has nothing to say before it is done
    for name, frames in (("long", MANY), ("short", 6)):
        write_capture(tmp_path / f"{name}.npz", capture_arrays(frames=frames, footage=found))
        task = {"stage": "import", "capture": f"{name}.npz", "output": f"{name}.blend"}
        (tmp_path / f"{name}.json").write_text(json.dumps(task))
    return tmp_path


@pytest.fixture
def core(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The core at both tasks."""
    files = [str(folder / "long.json"), str(folder / "short.json")]
    (blender,) = python_in_blender()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with subprocess.Popen(
        [str(CORE_PYTHON), "-m", "dahyf_core", "task", *files, "--json", "--blender", f"{blender} -m addon"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        yield process
        process.kill()


def blender_of(core: subprocess.Popen[str], folder: Path) -> int:
    """The number of the core's Blender, once it is at the long capture."""
    found: list[int] = []

    def is_found() -> bool:
        assert core.poll() is None
        children = Path(f"/proc/{core.pid}/task/{core.pid}/children").read_text().split()
        commands = {child: Path(f"/proc/{child}/cmdline").read_bytes() for child in children}
        found[:] = [int(child) for child, command in commands.items() if os.fsencode(folder / "long.npz") in command]
        return bool(found)

    until(is_found)
    return found[0]


def test_a_killed_core_leaves_no_blender_behind(core: subprocess.Popen[str], folder: Path) -> None:
    blender = blender_of(core, folder)
    core.kill()
    until(lambda: not is_alive(blender))
    assert not (folder / "long.blend").exists()


def test_a_killed_blender_costs_its_clip_alone(core: subprocess.Popen[str], folder: Path) -> None:
    os.kill(blender_of(core, folder), signal.SIGSEGV)
    assert core.stdout is not None
    results = [each for line in core.stdout if (each := json.loads(line))["type"] == "task"]
    assert [(each["state"], each.get("again", False)) for each in results] == [("failed", True), ("done", False)]
    assert "signal 11" in results[0]["text"]
    assert not (folder / "long.blend").exists()
    bpy.ops.wm.open_mainfile(filepath=str(folder / "short.blend"))
    assert len([each for each in bpy.data.objects if each.type == "ARMATURE"]) == 2
