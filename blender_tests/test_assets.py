"""Captured motion in the Asset Browser, and entries of the keymap."""

import bpy
import pytest
from conftest import MakeCapture

from addon import keymap

pytestmark = pytest.mark.usefixtures("registered")


@pytest.fixture
def hands(make_capture: MakeCapture) -> list[bpy.types.Object]:
    """Two imported hands, which are selected."""
    bpy.ops.dahyf_hands.import_capture(filepath=str(make_capture(frames=3).path))
    return [each for each in bpy.data.objects if "dahyf_side" in each]


def test_selected_hands_become_assets_once(hands: list[bpy.types.Object]) -> None:
    for _ in range(2):
        assert bpy.ops.dahyf_hands.mark_assets() == {"FINISHED"}
    for hand in hands:
        tags = sorted(tag.name for tag in hand.animation_data.action.asset_data.tags)
        assert tags == sorted(["hand capture", hand["dahyf_side"]])


def test_only_captured_motion_becomes_an_asset(hands: list[bpy.types.Object]) -> None:
    for hand in hands:
        hand.animation_data_clear()
    assert bpy.ops.dahyf_hands.mark_assets() == {"CANCELLED"}
    assert not any(action.asset_data for action in bpy.data.actions)


def test_entries_of_the_keymap_have_operators_but_no_keys() -> None:
    if bpy.context.window_manager.keyconfigs.addon is None:
        pytest.skip("Blender has no keymaps here")
    entries = [entry for _, entry in keymap._entries]
    assert len(entries) == len(keymap.NAMES) + len(keymap.DIRECTIONS)
    for entry in entries:
        name = entry.idname.partition(".")[2]
        getattr(bpy.ops.dahyf_hands, name).get_rna_type()
        assert entry.type == "NONE"
    spans = [entry for entry in entries if entry.idname == "dahyf_hands.jump_to_bad_span"]
    assert [entry.properties.next for entry in spans] == [True, False]
