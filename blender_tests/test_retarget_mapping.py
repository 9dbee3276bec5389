"""Which bone is which joint: preset files, and the mapping found in a rig."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from rig_factory import Style, build_rig, without

from addon.errors import RetargetError
from addon.retarget import choose_preset
from addon.retarget.mapping.automatic import find_hands, preset_of
from addon.retarget.mapping.presets import SHIPPED, Preset, fitted, preset_files, read_preset, write_preset
from addon.retarget.rest import rest_bones
from addon.retarget.rotations import (
    matrices_from_axis_angle,
    matrices_from_quaternions,
    quaternions_from_matrices,
    swing,
    unit,
)
from addon.shared.rig_joints import all_joints, side_of

PRESETS = {name: read_preset(path) for name, path in preset_files(SHIPPED).items()}
MIXAMO = PRESETS["mixamo"]
UNNAMED = Preset(
    "unnamed", {joint: f"Bone.{number:03}" for number, joint in enumerate(all_joints()) if "IK" not in joint}
)
WORDS = Preset(
    "words",
    {
        joint: f"{joint.split('_')[0].lower()} {'-'.join(joint.lower().split('_')[1:])}"
        for joint in all_joints()
        if "IK" not in joint
    },
)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_shipped_presets_are_whole_and_cite_their_source(preset: Preset) -> None:
    sides = {side_of(joint) for joint in preset.bones}
    assert sides
    assert {joint for joint in all_joints() if "IK" not in joint and side_of(joint) in sides} <= set(preset.bones)
    assert preset.source


@pytest.mark.parametrize("style", [Style(), Style(metacarpals=True, finger_bend=0.3), Style(arm_drop=0.8, across=True)])
@pytest.mark.parametrize(
    "named", [UNNAMED, WORDS, PRESETS["mmd_japanese"], PRESETS["character_creator"]], ids=lambda p: p.name
)
def test_automatic_finds_every_joint(named: Preset, style: Style) -> None:
    rig = build_rig(named, style)
    assert preset_of("rig", find_hands(rest_bones(rig))).bones == named.bones


def test_automatic_takes_short_fingers_and_end_bones() -> None:
    short = without(MIXAMO, "INTERMEDIATE", "RING")
    rig = build_rig(short)
    bpy.ops.object.mode_set(mode="EDIT")
    for joint in ("LEFT_INDEX_DISTAL", "LEFT_THUMB_DISTAL"):
        last = rig.data.edit_bones[short.bones[joint]]
        end = rig.data.edit_bones.new(last.name[:-1] + "4_end")
        end.head, end.tail, end.parent = last.tail, last.tail + last.vector, last
    bpy.ops.object.mode_set(mode="OBJECT")
    assert preset_of("rig", find_hands(rest_bones(rig))).bones == short.bones


def test_automatic_refuses_what_has_no_hands() -> None:
    bpy.ops.object.armature_add()
    with pytest.raises(RetargetError, match="No hands were found in the rig Armature"):
        choose_preset(bpy.context.object, "AUTOMATIC")


def test_a_namespace_may_differ() -> None:
    names = [bone.replace("mixamorig", "mixamorig7") for bone in MIXAMO.bones.values()]
    assert fitted(MIXAMO, names).bones["LEFT_HAND"] == "mixamorig7:LeftHand"


def test_presets_survive_a_file(tmp_path: Path) -> None:
    write_preset(PRESETS["rigify"], tmp_path / "mine.json")
    assert read_preset(tmp_path / "mine.json") == PRESETS["rigify"]
    assert list(tmp_path.iterdir()) == [tmp_path / "mine.json"]


SWITCH = '{{"bones": {{}}, "ik_switches": {{"LEFT": {{"bone": "a", "property": "b", "value": {}}}}}}}'


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"bones": []}',
        '{"bones": {"LEFT_ELBOW": "a"}}',
        '{"bones": {"LEFT_HAND": 3}}',
        '{"bones": {"LEFT_HAND": "a", "RIGHT_HAND": "a"}}',
        '{"bones": {}, "ik_switches": {"UP": {"bone": "a", "property": "b", "value": 1}}}',
        '{"bones": {}, "ik_switches": {"LEFT": {"bone": "a"}}}',
        "[" * 100_000,
        '{"bones": ' * 5_000,
        '{"bones": {"LEFT_HAND": ""}}',
        '{"bones": {}, "name": 5}',
        '{"bones": {}, "source": ["a"]}',
        '{"bones": {}, "ik_switches": []}',
        '{"bones": {}, "ik_switches": {"LEFT": 5}}',
        SWITCH.format("NaN"),
        SWITCH.format("-Infinity"),
        SWITCH.format("1e999"),
        SWITCH.format("1" + "0" * 400),
        SWITCH.format('"nan"'),
        SWITCH.format("true"),
        " " * 1_000_001,
    ],
    ids=lambda content: content[:40],
)
def test_damaged_presets_are_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content)
    with pytest.raises(RetargetError, match=r"mine\.json is damaged"):
        read_preset(path)


def test_unknown_presets_are_refused_with_the_names_of_known_ones(tmp_path: Path) -> None:
    rig = build_rig(MIXAMO)
    with pytest.raises(RetargetError, match=r"no preset nothing.*mixamo"):
        choose_preset(rig, "nothing")
    with pytest.raises(RetargetError, match="does not exist"):
        choose_preset(rig, str(tmp_path / "none.json"))


def test_rotations_are_what_they_say() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(scale=2, size=(200, 3))
    vectors[0] = 0
    matrices = matrices_from_axis_angle(vectors)
    assert np.allclose(matrices @ matrices.swapaxes(-1, -2), np.eye(3))
    assert np.allclose(np.einsum("nij,nj->ni", matrices, vectors), vectors)
    assert np.allclose(matrices_from_quaternions(quaternions_from_matrices(matrices)), matrices)


def test_a_swing_is_the_shortest_turn() -> None:
    rng = np.random.default_rng(4)
    start, end = unit(rng.normal(size=(2, 200, 3)))
    end[0], end[1] = start[0], -start[1]
    turns = swing(start, end)
    assert np.allclose(np.einsum("nij,nj->ni", turns, start), end, atol=1e-4)
    cosines = (np.trace(turns, axis1=1, axis2=2) - 1) / 2
    assert np.allclose(cosines, np.einsum("ni,ni->n", start, end), atol=1e-4)
