"""Running another Blender of the tested version, executable or Python module, in its own process and profile."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import bpy

from addon import compat


def run_script(
    folder: Path, code: str, *arguments: str, profile: str = "profile", window: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a new Blender, in `folder`, with `folder / profile` as the user's own files.

    The code finds the arguments behind `--` in sys.argv. A Blender with a window stays until the code ends it.
    """
    (folder / profile).mkdir(exist_ok=True)
    script = folder / "script.py"
    script.write_text(code, "utf-8")
    return subprocess.run(
        [*(python_in_window() if window else python_in_blender()), str(script), "--", *arguments],
        env=os.environ | {"BLENDER_USER_RESOURCES": str(folder / profile)} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )


def python_in_blender() -> list[str]:
    """The command for a script, whose path is appended."""
    if compat.IS_PYTHON_MODULE:
        return [sys.executable]
    return [bpy.app.binary_path, "--background", "--python-exit-code", "1", "--python"]


def has_windows() -> bool:
    """Whether a Blender with a window can be run."""
    return not compat.IS_PYTHON_MODULE and shutil.which("xvfb-run") is not None


def python_in_window() -> list[str]:
    """The command for a script in a real window, on its own display."""
    return ["xvfb-run", "--auto-servernum", bpy.app.binary_path, "--python-exit-code", "1", "--python"]
