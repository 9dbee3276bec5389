"""Every call of the add-on in README and docs runs as written."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from animation import fcurves_of
from conftest import CORE_PYTHON, ROOT
from rig_factory import build_rig

from addon import command_line
from addon.retarget.mapping.presets import SHIPPED, read_preset

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPERATOR, COMMAND = "bpy.ops.dahyf_hands", "--command dahyf_hands"


def documented(language: str, words: str) -> Iterator[object]:
    """The blocks in a language that have these words, each named by its page."""
    for page in PAGES:
        for number, (found, text) in enumerate(BLOCK.findall(page.read_text("utf-8"))):
            if found == language and words in text:
                yield pytest.param(text, id=f"{page.name}-{number}")


def commands() -> Iterator[object]:
    for page in PAGES:
        for language, text in BLOCK.findall(page.read_text("utf-8")):
            lines = [line for line in text.splitlines() if COMMAND in line] if language == "sh" else []
            yield from (pytest.param(line, id=f"{page.name}: {line}") for line in lines)


@pytest.fixture(scope="module")
def capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture of the core, long enough for the frame numbers in the documents."""
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    path = tmp_path_factory.mktemp("capture") / "clip.npz"
    command = [CORE_PYTHON, ROOT / "tests" / "capture_factory.py", path, "--frames", "150", "--unseen", "30", "31"]
    subprocess.run(list(map(str, command)), env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    return path


@pytest.fixture
def folder(tmp_path: Path, capture: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the documents name: footage, captures, and the file of a character."""
    shutil.copy(ROOT / "samples" / "one_hand.mp4", tmp_path / "clip.mp4")
    for name in ("clip", "a", "b"):
        shutil.copy(capture, tmp_path / f"{name}.npz")
    build_rig(read_preset(SHIPPED / "mixamo.json"), name="Hero")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_calls_to_try() -> None:
    assert len(list(documented("python", OPERATOR))) >= 3
    assert len(list(commands())) >= 3


@pytest.mark.usefixtures("registered", "core")
@pytest.mark.parametrize("text", list(documented("python", OPERATOR)))
def test_a_documented_script_runs(text: str, folder: Path) -> None:
    """In a saved file with a character and a capture, as it is after the import of that."""
    bpy.ops.dahyf_hands.import_capture(filepath=str(folder / "clip.npz"))
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    exec(compile(text, "document", "exec"), {"bpy": bpy})
    if "retarget(" in text:
        assert bool(fcurves_of(bpy.data.objects["Hero"])) != ("remove_retarget(" in text)


@pytest.mark.usefixtures("registered")
def test_retarget_needs_no_active_rig(folder: Path) -> None:
    """A script in the background has nothing selected."""
    bpy.ops.dahyf_hands.import_capture(filepath=str(folder / "clip.npz"))
    for selected in list(bpy.context.view_layer.objects.selected):
        selected.select_set(False)
    bpy.context.view_layer.objects.active = None
    assert bpy.ops.dahyf_hands.retarget(target="Hero") == {"FINISHED"}
    assert fcurves_of(bpy.data.objects["Hero"])
    with pytest.raises(RuntimeError, match="No rig is chosen"):
        bpy.ops.dahyf_hands.retarget()


@pytest.mark.usefixtures("registered", "core")
@pytest.mark.parametrize("line", list(commands()))
def test_a_documented_command_runs(line: str, folder: Path) -> None:
    words = shlex.split(line, comments=True)
    start = words.index("--command")
    assert words[0] == "blender"
    assert words[start + 1] == "dahyf_hands"
    files = [word for word in words[1:start] if word.endswith(".blend")]
    bpy.ops.wm.read_homefile(use_empty=True)
    if files == ["shot.blend"]:
        bpy.ops.dahyf_hands.import_capture(filepath=str(folder / "clip.npz"))
        bpy.ops.wm.save_as_mainfile(filepath=str(folder / "shot.blend"))
    elif files:
        bpy.ops.wm.open_mainfile(filepath=str(folder / files[0]))
    assert command_line.run(words[start + 2 :]) == 0
    output = folder / words[words.index("-o") + 1]
    if output.suffix != ".blend":
        assert output.stat().st_size
        return
    bpy.ops.wm.open_mainfile(filepath=str(output))
    keyed = [found for found in bpy.data.objects if found.type == "ARMATURE" and fcurves_of(found)]
    assert keyed
