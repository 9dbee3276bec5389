"""Undo and redo of every step: no data-block is lost, and no unused one stays."""

from collections.abc import Callable
from pathlib import Path

import bpy
import pytest
from conftest import Hands
from rig_factory import build_rig

from addon.retarget.mapping.presets import SHIPPED, read_preset

SAMPLE = Path(__file__).parent.parent / "samples" / "one_hand.mp4"

operators = bpy.ops.dahyf_hands


def data_blocks() -> set[tuple[str, str]]:
    """Kind and name of all that is in the file."""
    return {(block.id_type, block.name_full) for block in bpy.data.user_map()}


def orphans() -> list[str]:
    """What nothing uses; the next save would drop it."""
    return [repr(block) for block in bpy.data.user_map() if not block.users]


def choose(rig: bpy.types.Object) -> None:
    for selected in bpy.context.selected_objects:
        selected.select_set(False)
    rig.select_set(True)
    bpy.context.view_layer.objects.active = rig


def first(hands: Hands) -> None:
    choose(hands()[0])


def corrected(hands: Hands) -> None:
    """A hand with a key on a correction layer."""
    first(hands)
    operators.add_correction_layer()
    hands()[0].pose.bones["index1.R"].keyframe_insert("rotation_quaternion", frame=3)


def split(hands: Hands) -> None:
    """A track that is two hands, both selected, at a frame where the first can be split again."""
    first(hands)
    bpy.context.scene.frame_set(9)
    operators.split_here()
    hands()[0].select_set(True)
    bpy.context.view_layer.objects.active = hands()[0]
    bpy.context.scene.frame_set(5)


def with_character(_hands: Hands) -> None:
    choose(build_rig(read_preset(SHIPPED / "mixamo.json"), name="hero"))


def previewed(hands: Hands) -> None:
    with_character(hands)
    operators.preview_retarget()


def retargeted(hands: Hands) -> None:
    with_character(hands)
    operators.retarget()


def footage_chosen(_hands: Hands) -> None:
    settings = bpy.context.scene.dahyf_hands
    settings.footage, settings.capture_file = str(SAMPLE), str(Path(bpy.app.tempdir) / "new.hands.npz")
    settings.use_range, settings.range_start, settings.range_end = True, 11, 20


def nothing(_hands: Hands) -> None:
    pass


@pytest.mark.parametrize(
    ("prepare", "name", "arguments"),
    [
        (footage_chosen, "capture", {}),
        (nothing, "clean", {"finger_hz": 2}),
        (corrected, "clean", {"lost": "open"}),
        (first, "clean", {"swap": True}),
        (first, "add_correction_layer", {}),
        (corrected, "drop_hand", {}),
        (split, "split_here", {}),
        (split, "join_hands", {}),
        (with_character, "preview_retarget", {}),
        (previewed, "preview_retarget", {}),
        (previewed, "retarget", {}),
        (with_character, "retarget", {}),
        (retargeted, "retarget", {"wrist": "NONE"}),
    ],
)
def test_a_step_goes_and_comes_back_whole(
    hands: Hands, prepare: Callable[[Hands], None], name: str, arguments: dict
) -> None:
    prepare(hands)
    before = data_blocks()
    bpy.ops.ed.undo_push(message="before")
    assert getattr(operators, name)("EXEC_DEFAULT", True, **arguments) == {"FINISHED"}
    after = data_blocks()
    assert orphans() == []
    for undo_or_redo, expected in ((bpy.ops.ed.undo, before), (bpy.ops.ed.redo, after), (bpy.ops.ed.undo, before)):
        undo_or_redo()
        assert data_blocks() == expected
        assert orphans() == []
