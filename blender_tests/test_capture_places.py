"""Paths of captures: no capture in use is overwritten, and each is found again."""

import shutil
import subprocess
from pathlib import Path

import bpy
import pytest
from capture_factory import capture_arrays, footage, write_capture
from conftest import CORE_PYTHON, ROOT

from addon.backend.capture_file import read_capture
from addon.cleaning import recleaning
from addon.settings import capture_properties

SAMPLE = ROOT / "samples" / "one_hand.mp4"
operators = bpy.ops.dahyf_hands


@pytest.fixture
def common(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of all unsaved scenes' captures."""
    folder = tmp_path / "captures"
    folder.mkdir()
    monkeypatch.setattr("addon.extension.user_folder", lambda *_, **__: folder)
    return folder


def clip_in(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(SAMPLE, folder / "clip.mp4"))


def capture(clip: Path, first: int = 11, last: int = 16) -> Path:
    """Capture a few frames as the button does; the file."""
    settings = bpy.context.scene.dahyf_hands
    settings.footage = str(clip)
    settings.use_range, settings.range_start, settings.range_end = True, first, last
    output = capture_properties.capture_path(settings)
    assert operators.capture("EXEC_DEFAULT", True) == {"FINISHED"}
    return output


def hand() -> bpy.types.Object:
    return next(filter(recleaning.is_hand_rig, bpy.data.objects))


@pytest.mark.usefixtures("registered", "core")
def test_same_named_clips_of_two_unsaved_scenes(common: Path, tmp_path: Path) -> None:
    first = capture(clip_in(tmp_path / "monday"))
    content = first.read_bytes()
    bpy.ops.wm.read_homefile(use_empty=True)
    second = capture(clip_in(tmp_path / "tuesday"), last=20)
    assert first.parent == second.parent == common
    assert first.read_bytes() == content
    assert (len(read_capture(first).frame), len(read_capture(second).frame)) == (6, 10)
    assert read_capture(second).footage.path.parent.name == "tuesday"


@pytest.mark.usefixtures("registered", "core", "common")
def test_the_same_clip_again_is_a_new_file(tmp_path: Path) -> None:
    clip = clip_in(tmp_path / "monday")
    first = capture(clip)
    content = first.read_bytes()
    bpy.ops.wm.read_homefile(use_empty=True)
    second = capture(clip, last=20)
    assert second.name == first.name.replace(".hands.npz", ".2.hands.npz")
    assert first.read_bytes() == content


HOLD = """
import sys
from pathlib import Path
from dahyf_core.capture.atomic import sole_writer
from dahyf_core.capture.journal import journal_folder
output = Path(sys.argv[1])
with sole_writer(output, journal_folder(output)):
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.usefixtures("registered", "core", "common")
def test_a_capture_that_another_blender_is_making_is_refused_by_name(tmp_path: Path) -> None:
    bpy.context.scene.dahyf_hands.footage = str(clip_in(tmp_path / "monday"))
    output = capture_properties.capture_path(bpy.context.scene.dahyf_hands)
    other = subprocess.Popen(
        [CORE_PYTHON, "-c", HOLD, str(output)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert other.stdout.readline().strip() == b"writing"
        with pytest.raises(RuntimeError, match="Another process is writing") as refused:
            operators.capture("EXEC_DEFAULT", True)
    finally:
        other.communicate()
    assert output.name in str(refused.value)
    assert not bpy.data.objects


@pytest.mark.usefixtures("registered", "core")
def test_two_blend_files_in_one_folder(tmp_path: Path) -> None:
    clip = clip_in(tmp_path)
    for name in ("one", "two"):
        bpy.ops.wm.read_homefile(use_empty=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / f"{name}.blend"))
        capture(clip)
        bpy.ops.wm.save_mainfile()
    for name, file in (("one", "clip.hands.npz"), ("two", "clip.2.hands.npz")):
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / f"{name}.blend"))
        assert recleaning.read_origin(hand()).path.name == file
        bpy.context.view_layer.objects.active = hand()
        assert operators.clean("EXEC_DEFAULT", True, finger_hz=2) == {"FINISHED"}


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("named", ["", "//mine.npz", "//mine.hands.npz"])
def test_a_file_that_is_there_is_never_chosen(tmp_path: Path, named: str) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.dahyf_hands
    settings.footage, settings.capture_file = str(SAMPLE), named
    for _ in range(3):
        path = capture_properties.capture_path(settings)
        assert not path.exists()
        path.write_bytes(b"somebody's")
    assert len(list(tmp_path.glob("*.npz"))) == 3


@pytest.mark.usefixtures("registered")
def test_a_stopped_capture_of_this_footage_is_gone_on_with(tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    settings = bpy.context.scene.dahyf_hands
    settings.footage = str(SAMPLE)
    path = capture_properties.capture_path(settings)
    write_capture(path, capture_arrays(footage=footage(path=str(SAMPLE.resolve()))))
    stopped = capture_properties.partial(path) / capture_properties.STOPPED
    stopped.parent.mkdir()
    stopped.write_text("")
    assert capture_properties.capture_path(settings) == path
    settings.footage = str(clip_in(tmp_path).rename(tmp_path / "one_hand.mp4"))
    assert capture_properties.capture_path(settings) != path, "of other footage"
    settings.footage = str(SAMPLE)
    stopped.unlink()
    assert capture_properties.capture_path(settings) != path, "it is whole"


def import_beside(folder: Path) -> Path:
    """A saved scene with a capture beside it."""
    folder.mkdir(exist_ok=True)
    path = write_capture(folder / "clip.hands.npz", capture_arrays())
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "scene.blend"))
    operators.import_capture(filepath=str(path))
    bpy.ops.wm.save_mainfile()
    return path


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("decoy", [False, True])
def test_a_scene_that_is_saved_elsewhere_finds_its_capture(tmp_path: Path, decoy: bool) -> None:
    path = import_beside(tmp_path / "first")
    elsewhere = tmp_path / "some" / "where" / "else"
    elsewhere.mkdir(parents=True)
    if decoy:
        write_capture(elsewhere / path.name, capture_arrays(seed=5))
    bpy.ops.wm.save_as_mainfile(filepath=str(elsewhere / "scene.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(elsewhere / "scene.blend"))
    assert recleaning.read_origin(hand()).path == path


@pytest.mark.usefixtures("registered")
def test_a_folder_that_moves_as_a_whole_keeps_its_capture(tmp_path: Path) -> None:
    import_beside(tmp_path / "first")
    (tmp_path / "first").rename(tmp_path / "second")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "second" / "scene.blend"))
    assert recleaning.read_origin(hand()).path == tmp_path / "second" / "clip.hands.npz"
