"""Fixtures: an empty scene for every test, and captures to import."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from capture_factory import capture_arrays, write_capture

import addon
from addon.backend.capture_file import Capture, read_capture
from addon.cleaning import recleaning

ROOT = Path(__file__).parent.parent
CORE_PYTHON = Path(os.environ.get("DAHYF_PYTHON") or ROOT / ".env" / "core" / "bin" / "python")

MakeCapture = Callable[..., Capture]
Hands = Callable[[], list[bpy.types.Object]]


@pytest.fixture(autouse=True)
def empty_scene() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def make_capture(tmp_path: Path) -> MakeCapture:
    """Write a made-up capture and read it back. `change` may alter its arrays before; the rest goes to the factory."""

    def make(change: Callable[[dict], None] = lambda arrays: None, **options: Any) -> Capture:
        arrays = capture_arrays(**options)
        change(arrays)
        return read_capture(write_capture(tmp_path / "clip.hands.npz", arrays))

    return make


@pytest.fixture(scope="session")
def registered() -> Iterator[None]:
    """Registers the add-on, as enabling it does."""
    addon.register()
    yield
    addon.unregister()


@pytest.fixture
def captured(written_capture: Path, tmp_path: Path) -> Path:
    """A capture in an empty folder. On the timeline, frames 21 to 36 of 40 show no hand."""
    return Path(shutil.copy(written_capture, tmp_path / "clip.hands.npz"))


@pytest.fixture(scope="session")
def written_capture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A capture that the core has written, with frames of low confidence and a gap."""
    if not CORE_PYTHON.exists():
        pytest.skip("the core is not installed: run scripts/setup core")
    path = tmp_path_factory.mktemp("capture") / "clip.npz"
    command = [CORE_PYTHON, ROOT / "tests" / "capture_factory.py", path, "--frames", "40"]
    options = ["--unconfident", *map(str, range(10, 14)), "--unseen", *map(str, range(20, 36))]
    subprocess.run([*map(str, command), *options], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    return path


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the add-on run the core of this checkout."""
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from dahyf_core.cli import main; main()"
    monkeypatch.setattr("addon.settings.preferences.preferences_of", lambda _context: None)
    monkeypatch.setattr("addon.settings.preferences.core_interpreter", lambda _preferences: CORE_PYTHON)
    monkeypatch.setattr(
        "addon.backend.environment.core_command",
        lambda interpreter, *arguments: [str(interpreter), "-c", script, *arguments],
    )


@pytest.fixture
def hands(registered: None, core: None, captured: Path) -> Hands:
    """A function that finds the imported hands, also after undo."""
    bpy.ops.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(captured))
    return lambda: sorted(filter(recleaning.is_hand_rig, bpy.data.objects), key=lambda rig: rig["dahyf_hand"])


@pytest.fixture
def rigify_human() -> bpy.types.Object:
    """The human that Rigify generates from the waist up, in its A-pose."""
    addon_utils = pytest.importorskip("addon_utils")
    if addon_utils.enable("rigify", default_set=True) is None:
        pytest.skip("this Blender comes without Rigify")
    bpy.ops.object.armature_human_metarig_add()
    bpy.ops.object.mode_set(mode="EDIT")
    bones = bpy.context.object.data.edit_bones
    kept = ("spine", "shoulder", "arm", "hand", "f_", "thumb", "palm")
    for bone in [bone for bone in bones if not any(part in bone.name for part in kept)]:
        bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.pose.rigify_generate()
    return bpy.context.object


def data_blocks() -> dict[str, int]:
    kinds = ("objects", "actions", "armatures", "meshes", "materials", "collections")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}
