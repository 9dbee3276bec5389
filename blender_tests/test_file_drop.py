"""Clips and captures dropped on Blender."""

from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from conftest import ROOT, MakeCapture

from addon.operators import file_drop
from addon.settings import capture_properties

pytestmark = pytest.mark.usefixtures("registered")


def handler_of(name: str) -> type[bpy.types.FileHandler]:
    """The handler that takes a file of that name."""
    suffix = Path(name).suffix
    (found,) = (each for each in file_drop.CLASSES if suffix in each.bl_file_extensions.split(";"))
    return found


def drop(file: Path) -> set[str]:
    """What Blender does with a dropped file: call its handler's operator."""
    group, _, name = handler_of(file.name).bl_import_operator.partition(".")
    return getattr(getattr(bpy.ops, group), name)("INVOKE_DEFAULT", filepath=str(file))


def test_a_dropped_clip_becomes_the_footage() -> None:
    clip = ROOT / "samples" / "one_hand.mp4"
    assert drop(clip) == {"FINISHED"}
    assert capture_properties.settings_of(bpy.context.scene).footage == str(clip)


def test_a_dropped_capture_is_imported(make_capture: MakeCapture) -> None:
    assert drop(make_capture(frames=3).path) == {"FINISHED"}
    assert any(each.get("dahyf_capture") for each in bpy.data.objects)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.webm", "clip.hands.npz"])
def test_each_kind_of_file_has_one_handler(name: str) -> None:
    assert handler_of(name)


@pytest.mark.parametrize(
    ("editor", "taken"),
    [("VIEW_3D", True), ("SEQUENCE_EDITOR", True), ("FILE_BROWSER", True), ("CLIP_EDITOR", False)],
)
def test_files_are_taken_in_three_editors(editor: str, taken: bool) -> None:
    context = SimpleNamespace(area=SimpleNamespace(type=editor))
    assert all(each.poll_drop(context) == taken for each in file_drop.CLASSES)


def test_blender_knows_the_handlers_while_the_add_on_is_on() -> None:
    for each in file_drop.CLASSES:
        assert hasattr(bpy.types, each.bl_idname)
