"""Bad spans: markers on the timeline, and a click to the worst one of a hand."""

from pathlib import Path

import bpy
import pytest
from capture_factory import capture_arrays, write_capture

from addon.cleaning import span_markers
from addon.settings import display_properties
from addon.shared.capture_schema import State

pytestmark = pytest.mark.usefixtures("registered")


@pytest.fixture
def hands(tmp_path: Path) -> dict[str, bpy.types.Object]:
    """Two imported hands by side. The right one is interpolated in frames 3 and 6 to 8, the left one nowhere."""
    arrays = capture_arrays(frames=12)
    arrays["confidence"][:] = 1
    right = arrays["side"].tolist().index("right")
    for picture in (2, 5, 6, 7):
        arrays["state"][right, picture] = State.INTERPOLATED
    bpy.ops.dahyf_hands.import_capture(filepath=str(write_capture(tmp_path / "a.hands.npz", arrays)))
    return {each["dahyf_side"]: each for each in bpy.data.objects if "dahyf_side" in each}


def select_all() -> None:
    for each in bpy.data.objects:
        each.select_set(True)


def test_spans_become_markers_once_and_other_markers_stay(hands: dict[str, bpy.types.Object]) -> None:
    scene = bpy.context.scene
    scene.timeline_markers.new("Bad take", frame=1)
    select_all()
    for _ in range(2):
        assert bpy.ops.dahyf_hands.mark_bad_spans() == {"FINISHED"}
    markers = sorted((marker.frame, marker.name) for marker in scene.timeline_markers)
    assert markers == [(1, "Bad take"), (3, "Bad right 3"), (6, "Bad right 6 to 8")]
    assert bpy.ops.dahyf_hands.clear_span_markers() == {"FINISHED"}
    assert [marker.name for marker in scene.timeline_markers] == ["Bad take"]
    assert bpy.ops.dahyf_hands.clear_span_markers() == {"CANCELLED"}


def test_a_click_goes_to_the_longest_span_of_the_hand(hands: dict[str, bpy.types.Object]) -> None:
    right, left = hands["right"], hands["left"]
    bpy.context.view_layer.objects.active = left
    assert bpy.ops.dahyf_hands.jump_to_worst_span(hand=right.name) == {"FINISHED"}
    assert bpy.context.scene.frame_current == 6
    assert bpy.context.view_layer.objects.active == right
    assert span_markers.worst_span(left, 0.0) is None
    bpy.context.scene.frame_set(2)
    assert bpy.ops.dahyf_hands.jump_to_worst_span(hand=left.name) == {"CANCELLED"}
    assert bpy.context.scene.frame_current == 2


def test_an_object_that_is_no_hand_is_refused(hands: dict[str, bpy.types.Object]) -> None:
    with pytest.raises(RuntimeError, match="Select a captured hand"):
        bpy.ops.dahyf_hands.jump_to_worst_span(hand="nothing")


def test_opacity_and_wire_reach_all_hands_and_later_ones(hands: dict[str, bpy.types.Object], tmp_path: Path) -> None:
    settings = display_properties.settings_of(bpy.context.scene)
    settings.opacity, settings.wire = 0.25, True
    other = write_capture(tmp_path / "b.hands.npz", capture_arrays(frames=3))
    bpy.ops.dahyf_hands.import_capture(filepath=str(other))
    skins = [each for each in bpy.data.objects if each.type == "MESH" and each.parent and "dahyf_side" in each.parent]
    assert len(skins) == 4
    for skin in skins:
        assert skin.show_wire
        assert skin.data.materials[0].diffuse_color[3] == pytest.approx(0.25)
    settings.opacity, settings.wire = 1.0, False
    assert not any(skin.show_wire for skin in skins)
