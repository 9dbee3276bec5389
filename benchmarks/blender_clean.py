"""Times cleaning again from Blender: 2,000 frames of two hands, the core's process and the keys.

Usage: .env/bpy-5.0/bin/python -m benchmarks blender_clean [FRAMES]
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np

import addon
from addon.backend import environment, worker
from addon.operators.clean import clean_work
from addon.settings import clean_properties, preferences

ROOT = Path(__file__).resolve().parent.parent
CORE_PYTHON = Path(os.environ.get("DAHYF_PYTHON") or ROOT / ".env" / "core" / "bin" / "python")
REPEATS = 10


def main(frames: int) -> None:
    """Print the least seconds of several runs."""
    addon.register()
    preferences.preferences_of = lambda _context: None
    preferences.core_interpreter = lambda _preferences: CORE_PYTHON
    environment.core_command = core_of_this_checkout
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with tempfile.TemporaryDirectory() as folder:
        bpy.ops.dahyf_hands.import_capture(filepath=make_capture(Path(folder) / "clip.npz", frames))
        parts = np.array([seconds_of_parts() for _ in range(REPEATS)])
        whole = [seconds_of(bpy.ops.dahyf_hands.clean) for _ in range(REPEATS)]
    print(f"Blender {bpy.app.version_string}: {frames} frames of two hands, the least of {REPEATS} runs")
    for name, seconds in zip(("reading", "process", "keys"), parts.min(axis=0), strict=True):
        print(f"{name:10} {seconds:6.3f} s")
    print(f"{'together':10} {parts.sum(axis=1).min():6.3f} s")
    print(f"{'operator':10} {min(whole):6.3f} s, which looks for the process's end every {worker.POLL_SECONDS} s")


def core_of_this_checkout(interpreter: Path, *arguments: str) -> list[str]:
    """`dahyf ARGUMENTS`."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dahyf_core.cli import main; main()"
    return [str(interpreter), "-I", "-c", script, *arguments]


def make_capture(path: Path, frames: int) -> str:
    """A capture of made-up hands, some frames of them lost."""
    lost = [str(frame) for frame in range(frames) if frame % 100 < 5]
    command = [CORE_PYTHON, ROOT / "tests" / "capture_factory.py", path, "--frames", str(frames)]
    subprocess.run([*command, "--unconfident", *lost], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    return str(path)


def seconds_of_parts() -> tuple[float, float, float]:
    """Clean once, as the operator does: what is read before, the core's process, the keys."""
    scene = bpy.context.scene
    settings = {name: getattr(scene.dahyf_hands_clean, name) for name in clean_properties.NAMES}
    start = time.perf_counter()
    work = clean_work(bpy.context, settings, swap=False)
    ready = time.perf_counter()
    environment = worker.clean_environment(os.environ)
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}  # the core ends with its input
    with subprocess.Popen(work.command, env=environment, **streams) as core:
        assert core.wait() == 0
    written = time.perf_counter()
    work.conclude()
    return ready - start, written - ready, time.perf_counter() - written


def seconds_of(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
