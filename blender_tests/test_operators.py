"""The operator of the panel and of File > Import."""

from pathlib import Path

import bpy
import pytest
from capture_factory import capture_arrays, write_capture


@pytest.fixture
def capture_path(tmp_path: Path) -> Path:
    return write_capture(tmp_path / "clip.npz", capture_arrays())


@pytest.mark.usefixtures("registered")
def test_imports_in_one_undo_step(capture_path: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(capture_path)) == {"FINISHED"}
    assert data_blocks() == {"objects": 6, "actions": 2, "cameras": 1, "armatures": 2, "materials": 1}
    bpy.ops.ed.undo()
    assert data_blocks() == {"objects": 0, "actions": 0, "cameras": 0, "armatures": 0, "materials": 0}
    assert bpy.context.scene.render.fps == 24
    bpy.ops.ed.redo()
    assert data_blocks()["actions"] == 2


def data_blocks() -> dict[str, int]:
    return {kind: len(getattr(bpy.data, kind)) for kind in ("objects", "actions", "cameras", "armatures", "materials")}


@pytest.mark.usefixtures("registered")
def test_options_reach_the_import(capture_path: Path) -> None:
    bpy.ops.dahyf_hands.import_capture(filepath=str(capture_path), scene_setup="NEVER")
    assert bpy.context.scene.render.fps == 24


@pytest.mark.usefixtures("registered")
def test_a_damaged_file_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clip.npz"
    path.write_bytes(b"broken")
    with pytest.raises(RuntimeError, match="is not a capture file"):
        bpy.ops.dahyf_hands.import_capture(filepath=str(path))
    assert not bpy.data.objects
