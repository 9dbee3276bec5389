"""A capture that ends in the middle leaves no process and no half-written file."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest
from another_blender import run_script
from conftest import CORE_PYTHON, ROOT
from processes import is_alive, until

import addon
from addon.backend import job
from addon.backend.environment import core_command

SAMPLE = ROOT / "samples" / "one_hand.mp4"


def load_another_file() -> None:
    bpy.ops.wm.read_homefile(use_empty=True)


def disable() -> None:
    addon.unregister()
    addon.register()


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("ends", [load_another_file, disable])
def test_a_capture_ends_with_the_file_and_with_the_add_on(ends: Callable[[], None], tmp_path: Path) -> None:
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    output = tmp_path / "clip.hands.npz"
    command = core_command(CORE_PYTHON, "capture", str(SAMPLE), "-o", str(output), "--json")
    job.start("Capture", command, lambda *_: pytest.fail("nobody waits any more"))
    child = job._current.worker
    until(lambda: job.tick() and job._current.fraction > 0)
    ends()
    assert child.returncode not in (None, 0)
    assert not job.is_running()
    assert not list(tmp_path.glob("*.npz")), "what is done is in the journal, to go on from"


def test_a_capture_ends_with_blender(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
root, pid = sys.argv[sys.argv.index("--") + 1 :]
sys.path.insert(0, root)
import addon
from addon import job
addon.register()
wait = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
job.start("Capture", [sys.executable, "-c", wait, pid], print)
while not Path(pid).exists() or not Path(pid).read_text():
    time.sleep(0.05)
"""
    pid = tmp_path / "pid"
    result = run_script(tmp_path, code, str(ROOT), str(pid))
    assert result.returncode == 0, result.stdout + result.stderr
    until(lambda: not is_alive(int(pid.read_text())))
