"""A .blend file is written atomically: complete or not at all."""

import os
from pathlib import Path

import bpy
import pytest
from another_blender import run_script
from capture_factory import capture_arrays, write_capture
from conftest import ROOT

from addon.errors import OutputError
from addon.scene import blend_file

WITH_LITTLE_SPACE = """
import resource, signal, sys
root, limit, *arguments = sys.argv[sys.argv.index("--") + 1 :]
sys.path.insert(0, root)
from addon import command_line
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
sys.exit(command_line.run(arguments))
"""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """A file of an earlier run."""
    path = tmp_path / "out.blend"
    bpy.ops.mesh.primitive_cube_add()
    blend_file.save(path)
    return path


@pytest.mark.parametrize("limit", [1, 20_000, 65_536])
def test_a_full_disk_leaves_the_file_that_was_there(output: Path, limit: int) -> None:
    pytest.importorskip("resource", reason="limits of files are Unix's")
    capture = write_capture(output.parent / "clip.npz", capture_arrays())
    before = output.read_bytes()
    arguments = (str(ROOT), str(limit), "import", str(capture), "-o", str(output), "--json")
    result = run_script(output.parent, WITH_LITTLE_SPACE, *arguments)
    assert result.returncode == 7, result.stdout + result.stderr
    assert '"type": "done"' not in result.stdout
    assert output.read_bytes() == before
    assert not [path for path in output.parent.iterdir() if path.name.startswith(".dahyf")]


@pytest.mark.parametrize("compress", [False, True])
def test_a_file_that_is_cut_anywhere_is_noticed(output: Path, compress: bool) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(output), compress=compress, copy=True)
    blend_file.check(output)
    whole = output.read_bytes()
    for part in (0.0, 0.1, 0.5, 0.9, 0.999):
        output.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(OSError, match=r"\w"):
            blend_file.check(output)


def test_a_file_takes_the_place_of_an_old_one_and_keeps_its_permissions(output: Path) -> None:
    output.chmod(0o640)
    bpy.ops.mesh.primitive_monkey_add()
    blend_file.save(output)
    assert output.stat().st_mode & 0o777 == 0o640
    assert list(output.parent.iterdir()) == [output]
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert {"Cube", "Suzanne"} <= set(bpy.data.objects.keys())


def test_a_link_stays_a_link(output: Path) -> None:
    link = output.with_name("link.blend")
    link.symlink_to(output)
    bpy.ops.mesh.primitive_monkey_add()
    blend_file.save(link)
    assert link.is_symlink()
    bpy.ops.wm.open_mainfile(filepath=str(output))
    assert "Suzanne" in bpy.data.objects


def test_what_cannot_be_written_is_an_error(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_path: Path) -> None:
        raise OSError("it is short")

    monkeypatch.setattr(blend_file, "check", fail)
    before = output.read_bytes()
    with pytest.raises(OutputError, match="it is short"):
        blend_file.save(output)
    assert output.read_bytes() == before
    assert list(output.parent.iterdir()) == [output]


def test_what_a_killed_blender_left_goes_and_other_files_stay(output: Path) -> None:
    old, new, mine = (output.with_name(name) for name in (".dahyf-old.blend", ".dahyf-new.blend", "old.blend"))
    for path in (old, new, mine):
        path.touch()
    for path in (old, mine):
        os.utime(path, (0, 0))
    blend_file.save(output)
    assert not old.exists()
    assert new.exists()
    assert mine.exists()
