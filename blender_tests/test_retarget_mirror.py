"""Mirrored hands: the image of the captured hands in a mirror."""

import bpy
import numpy as np
import pytest
from capture_factory import capture_arrays
from conftest import MakeCapture
from rig_factory import Style, build_rig
from test_retarget import MIXAMO, curve_values

from addon.backend.capture_file import Capture
from addon.retarget import Wrist, WristChoice, capture_sources, retarget, scene_sources
from addon.retarget.motion.mirror import mirrored
from addon.scene.scene_import import ImportOptions, import_capture
from addon.scene.timing import Timeline


def mirror_capture(arrays: dict) -> None:
    """A capture of the other hands in the mirror image of the footage, by its arrays alone."""
    sides = tuple("left" if side == "right" else "right" for side in arrays["side"])
    fresh = capture_arrays(sides=sides, frames=3)
    for name in ("side", "rest_vertices", "rest_joints", "rest_tips", "faces"):
        arrays[name] = fresh[name]
    arrays["pose"] = arrays["pose"] * np.array([1, -1, -1], np.float32)
    arrays["translation"] = arrays["translation"] * np.array([-1, 1, 1], np.float32)


@pytest.mark.parametrize("wrist", [Wrist.ROTATION, Wrist.POSITION])
def test_a_mirrored_capture_moves_a_rig_as_the_mirrored_footage_would(wrist: Wrist, make_capture: MakeCapture) -> None:
    capture: Capture = make_capture(frames=3)
    rig = build_rig(MIXAMO, Style(arm_drop=0.4, seed=3))
    sources = [mirrored(source) for source in capture_sources(capture, Timeline())]
    assert [source.motion.side for source in sources] == ["left", "right"]
    retarget(bpy.context, rig, sources, MIXAMO, WristChoice(wrist))
    by_option = curve_values(rig)
    retarget(
        bpy.context,
        rig,
        capture_sources(make_capture(mirror_capture, frames=3), Timeline()),
        MIXAMO,
        WristChoice(wrist),
    )
    by_footage = curve_values(rig)
    assert set(by_option) == set(by_footage)
    for key, values in by_footage.items():
        assert np.allclose(by_option[key], values, atol=1e-4), key


def test_mirrored_twice_is_what_it_was(make_capture: MakeCapture) -> None:
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))
    for source in scene_sources(bpy.context.scene, None):
        again = mirrored(mirrored(source)).motion
        assert again.side == source.motion.side
        for name in ("rotations", "wrist", "to_world", "joints", "tips"):
            assert np.allclose(getattr(again, name), getattr(source.motion, name), atol=1e-6), name


def test_the_left_hand_alone_drives_the_right_one(make_capture: MakeCapture, registered: None) -> None:
    import_capture(bpy.context, make_capture(sides=("left",), frames=3), ImportOptions(show_footage=False))
    rig = build_rig(MIXAMO)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.dahyf_hands.retarget(target=rig.name, mirror=True)
    paths = {path for path, _ in curve_values(rig)}
    assert any("RightHandIndex" in path for path in paths)
    assert not any("LeftHand" in path for path in paths)
