"""The add-on's command in a Blender of its own. If that crashes, one task fails. It ends when this process does."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dahyf_core.batch.tasks import ImportTask, RetargetTask
from dahyf_core.capture.tracking_loop import Report
from dahyf_core.errors import DahyfError, ExitCode, SettingsError, detail

VARIABLE = "DAHYF_BLENDER"
"""Names Blender's executable, a Python that has bpy, or the whole command that starts the add-on's."""
ADDON = ("--command", "dahyf_hands")
ROOT = Path(__file__).resolve().parents[2]


class BlenderError(DahyfError):
    """The add-on refused its work, or its Blender crashed. It has the exit code of the add-on's command."""

    def __init__(self, reason: str, remedy: str, exit_code: int) -> None:
        super().__init__(reason, remedy)
        self.exit_code = exit_code  # type: ignore[misc]


def find_command(given: str | None) -> list[str] | None:
    """The command that starts the add-on's, from an option or from the environment; None without both.

    Blender gets `--command dahyf_hands`, and a Python `-m addon`, which lies in the checkout. A command of several
    words stays as it is.
    """
    words = shlex.split(given or os.environ.get(VARIABLE, ""))
    if len(words) != 1:
        return words or None
    if Path(words[0]).name.startswith("python"):
        return [*words, "-m", "addon"]
    return [*words, "--background", "--disable-autoexec", *ADDON]


def arguments_of(task: ImportTask | RetargetTask) -> list[str]:
    """The arguments of the add-on's command."""
    common = ["--output", task.output, "--start-frame", str(task.start_frame), "--json"]
    if task.file:
        common += ["--file", task.file]
    if isinstance(task, ImportTask):
        return ["import", task.capture, "--set-up-scene", task.set_up_scene, *common]
    options = ["--hands", task.sides, "--wrist", task.wrist, "--arm", task.arm, "--space", task.space]
    options += ["--preset", task.preset] if task.preset else []
    options += ["--mirror"] if task.mirror else []
    return ["retarget", task.capture, "--rig", task.rig, *options, *common]


def run(command: Sequence[str] | None, arguments: Sequence[str], report: Report) -> Mapping[str, Any]:
    """Run the add-on's command to its end. Returns its message about the result. Raises SettingsError, BlenderError."""
    if command is None:
        raise SettingsError(
            "No Blender is known.", f"Give --blender, or set {VARIABLE} to Blender's path or a Python with bpy."
        )
    last: Mapping[str, Any] = {}
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [*command, *arguments, "--exit-with-stdin"],
                stdin=subprocess.PIPE,  # never written to: it closes when this process ends, and Blender with it
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(),
            )
        except OSError as error:
            raise SettingsError(
                f"{command[0]} does not start: {detail(error)}.", "Check the path of Blender."
            ) from error
        with process:
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    message = _message(line)
                    if message.get("type") == "warning":
                        report.warning(str(message.get("text")))
                    last = message or last
                process.wait()  # its input stays open until then
            except BaseException:
                process.kill()
                raise
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 10_000))
        said = errors.read().decode("utf-8", "replace").strip().splitlines()
    if process.returncode == 0 and last.get("type") == "done":
        return last
    if last.get("type") == "error":
        raise BlenderError(str(last["text"]), str(last.get("remedy", "")), int(last.get("exit_code", 1)) or 1)
    how = f"signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
    words = f": {detail(ValueError(said[-1]))}" if said else ""
    raise BlenderError(
        f"Blender ended by {how} before its work was done{words}.", "Try again; if it stays, report it.",
        ExitCode.UNEXPECTED,
    )  # fmt: skip


def _message(line: bytes) -> Mapping[str, Any]:
    """A message of the add-on; empty for what Blender itself prints."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) and "type" in message else {}


def _environment() -> dict[str, str]:
    """The environment without this Python's own settings; the checkout is on the path, for `python -m addon`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1", "DAHYF_PYTHON": sys.executable}
