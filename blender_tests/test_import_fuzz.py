"""Damaged and forged captures: refused in a sentence with nothing left in the file, or imported like any other."""

import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from capture_factory import capture_arrays, write_capture
from conftest import data_blocks

from addon.backend.capture_file import read_capture
from addon.errors import CaptureFileError
from addon.scene.rollback import all_blocks
from addon.scene.scene_import import ImportOptions, import_capture

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from damage import damaged_arrays, damaged_bytes

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SEEDS = range(8)
CASES = 25


def refused(path: Path) -> bool:
    """Import a file. Whether it is refused. Checks that a refusal changes nothing, and removes what an import made."""
    before, known = data_blocks(), {block.as_pointer() for block in all_blocks()}
    refusal = None
    try:
        import_capture(bpy.context, read_capture(path), ImportOptions(show_footage=False))
    except CaptureFileError as error:
        refusal = error
    else:
        bpy.data.batch_remove([block for block in all_blocks() if block.as_pointer() not in known])
    assert data_blocks() == before
    assert refusal is None or str(path) in refusal.reason
    return refusal is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_bytes(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path = write_capture(tmp_path / "clip.npz", capture_arrays(frames=3))
    content = path.read_bytes()
    for _ in range(CASES):
        path.write_bytes(damaged_bytes(content, rng))
        refused(path)


@pytest.mark.parametrize("seed", SEEDS)
def test_forged_arrays(tmp_path: Path, seed: int) -> None:
    """Archives that are whole, so that only their numbers tell."""
    rng = np.random.default_rng(seed)
    arrays = capture_arrays(frames=3)
    answers = [refused(write_capture(tmp_path / "clip.npz", damaged_arrays(arrays, rng))) for _ in range(CASES)]
    assert any(answers)
