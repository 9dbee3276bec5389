"""Retargeting: the target's fingers have the source's directions, and nothing else of the rig changes."""

from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from conftest import MakeCapture
from finger_angles import world
from finger_angles import worst_angle as worst_of
from mathutils import Euler
from numpy.typing import NDArray
from rig_factory import Style, build_rig, without

from addon import compat
from addon.backend.capture_file import Capture
from addon.compat import NewAction
from addon.errors import RetargetError
from addon.retarget import (
    Retargeted,
    Space,
    Wrist,
    WristChoice,
    capture_sources,
    choose_preset,
    of_sides,
    placed,
    retarget,
    scene_sources,
)
from addon.retarget.mapping.presets import SHIPPED, Preset, preset_files, read_preset
from addon.scene import scene_setup
from addon.scene.camera import CAMERA_ROTATION
from addon.scene.scene_import import ImportedCapture, ImportOptions, import_capture
from addon.scene.scene_setup import SceneSetup
from addon.scene.timing import Timeline
from addon.shared.names import SIDES
from addon.shared.rig_joints import hand_joint

PRESETS = {name: read_preset(path) for name, path in preset_files(SHIPPED).items()}
MIXAMO = PRESETS["mixamo"]
STYLES = {
    "t_pose": Style(seed=1),
    "a_pose": Style(arm_drop=0.7, seed=2),
    "relaxed": Style(arm_drop=0.9, finger_bend=0.4, seed=3),
    "large_and_scaled": Style(size=2.5, scale=0.01, seed=4),
    "metacarpals": Style(metacarpals=True, finger_bend=0.2, seed=5),
    "bones_across_fingers": Style(across=True, seed=6),
}
TOLERANCE = 3.0


@pytest.fixture
def imported(make_capture: MakeCapture) -> ImportedCapture:
    """A right and a left hand, three frames of any pose."""
    return import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))


def run(rig: bpy.types.Object, preset: Preset, wrist: Wrist = Wrist.ROTATION, hands: str = "BOTH") -> Retargeted:
    sources = of_sides(scene_sources(bpy.context.scene, None), hands)
    return retarget(bpy.context, rig, sources, preset, just_as_captured(wrist))


def just_as_captured(wrist: Wrist) -> WristChoice:
    """The hands of made-up captures turn in ways that no human's does."""
    return WristChoice(wrist, human=False)


def worst_angle(imported: ImportedCapture, rig: bpy.types.Object, preset: Preset, sides: tuple = SIDES) -> float:
    return worst_of([hand.armature for hand in imported.rigs], rig, preset, (1, 2, 3), sides)


@pytest.mark.parametrize("name", PRESETS)
def test_fingers_agree_for_each_preset(name: str, imported: ImportedCapture) -> None:
    rig = build_rig(PRESETS[name], Style(arm_drop=0.5, finger_bend=0.25, seed=len(name)))
    sides = tuple(side for side in SIDES if hand_joint(side) in PRESETS[name].bones)
    if len(sides) == 2:
        assert choose_preset(rig, "AUTOMATIC").name == PRESETS[name].name
    run(rig, PRESETS[name])
    assert worst_angle(imported, rig, PRESETS[name], sides) < TOLERANCE


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_fingers_agree_for_any_rest_pose_roll_and_size(style: Style, imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO, style)
    rig.rotation_euler = (0.3, -0.4, 2.0)
    run(rig, MIXAMO)
    assert worst_angle(imported, rig, MIXAMO) < TOLERANCE


def test_two_bones_point_along_the_chord_of_three(imported: ImportedCapture) -> None:
    preset = without(MIXAMO, "INTERMEDIATE", "THUMB_PROXIMAL")
    rig = build_rig(preset, Style(finger_bend=0.3))
    run(rig, preset)
    assert worst_angle(imported, rig, preset) < TOLERANCE


def test_a_copy_of_the_source_is_posed_as_the_source(imported: ImportedCapture) -> None:
    """Twist as well as direction: the whole orientation of every bone."""
    source = imported.rigs[0].armature
    twin = source.copy()
    twin.animation_data_clear()
    del twin["dahyf_side"]
    bpy.context.scene.collection.objects.link(twin)
    run(twin, choose_preset(twin, "AUTOMATIC"), hands="RIGHT")
    for frame in (1, 2, 3):
        bpy.context.scene.frame_set(frame)
        for bone in source.pose.bones:
            expected, found = (each.to_3x3() for each in (bone.matrix, twin.pose.bones[bone.name].matrix))
            assert np.allclose(expected, found, atol=1e-4), bone.name


def test_a_generated_rigify_human(imported: ImportedCapture, rigify_human: bpy.types.Object) -> None:
    """What deforms the character, not only its controls, whether the arm follows FK or IK."""
    preset = choose_preset(rigify_human, "AUTOMATIC")
    assert preset.name == PRESETS["rigify"].name
    assert not run(rigify_human, preset).warnings
    deforming = Preset("", {joint: f"DEF-{bone}" for joint, bone in preset.bones.items() if "HAND" not in joint})
    for fk in (0.0, 1.0):
        for side in "LR":
            rigify_human.pose.bones[f"upper_arm_parent.{side}"]["IK_FK"] = fk
        rigify_human.update_tag()
        assert worst_angle(imported, rigify_human, deforming) < TOLERANCE


OTHER_CONTROLS = ("palm.L", "f_index.01_master.L", "f_ring.01_master.L", "thumb.01_master.L")


def test_animated_controls_above_a_rigify_finger_do_not_spoil_it(
    imported: ImportedCapture, rigify_human: bpy.types.Object
) -> None:
    """The fingers make up for palm and finger controls that turn, move and scale, and these keep their keys."""
    for name in OTHER_CONTROLS:
        bone = rigify_human.pose.bones[name]
        turn = "rotation_quaternion" if bone.rotation_mode == "QUATERNION" else "rotation_euler"
        for frame, amount in ((1, 0.0), (3, 0.3)):
            setattr(bone, turn, (1, amount, 0.1, amount)[-len(getattr(bone, turn)) :])
            bone.scale, bone.location = (1, 1 - amount, 1), (0, amount / 30, 0)
            for path in (turn, "scale", "location"):
                bone.keyframe_insert(path, frame=frame)
    before = curve_values(rigify_human)
    preset = choose_preset(rigify_human, "AUTOMATIC")
    run(rigify_human, preset)
    fingers = {joint: f"DEF-{bone}" for joint, bone in preset.bones.items() if bone.startswith(("f_", "thumb"))}
    assert worst_angle(imported, rigify_human, Preset("", fingers)) < 1.0
    after = curve_values(rigify_human)
    assert all(np.array_equal(after[key], values) for key, values in before.items())


def test_a_rigify_hand_moves_by_its_ik_control(make_capture: MakeCapture, rigify_human: bpy.types.Object) -> None:
    def move(arrays: dict) -> None:
        arrays["translation"][:] = [[0, 0, 0.5], [0.02, 0, 0.5], [0.02, 0.01, 0.46]]

    options = ImportOptions(SceneSetup.ALWAYS, show_footage=False)
    import_capture(bpy.context, make_capture(move, sides=("left",), frames=3), options)
    run(rigify_human, choose_preset(rigify_human, "rigify"), Wrist.POSITION)
    places = positions(rigify_human, "DEF-hand.L")
    steps = places[1:] - places[0]
    ratio = np.linalg.norm(steps[0]) / 0.02
    assert 0.5 < ratio < 2
    assert np.allclose(steps / ratio, [[0.02, 0, 0], [0.02, -0.04, -0.01]], atol=2e-3)
    assert rigify_human.pose.bones["upper_arm_parent.L"]["IK_FK"] == 0


def positions(rig: bpy.types.Object, bone: str) -> NDArray:
    found = []
    for frame in (1, 2, 3):
        bpy.context.scene.frame_set(frame)
        found.append(world(rig, rig.pose.bones[bone].head))
    return np.array(found)


@pytest.mark.parametrize("mode", ["XYZ", "ZYX", "AXIS_ANGLE"])
def test_rotation_modes_stay_what_they_are(mode: str, imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO)
    for bone in rig.pose.bones:
        bone.rotation_mode = mode
    run(rig, MIXAMO)
    assert {bone.rotation_mode for bone in rig.pose.bones} == {mode}
    assert worst_angle(imported, rig, MIXAMO) < TOLERANCE


def test_fingers_only_leaves_the_wrist_and_poses_the_same_fingers(imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO)
    run(rig, MIXAMO)
    both = curve_values(rig)
    run(rig, MIXAMO, Wrist.NONE)
    fingers = curve_values(rig)
    arms = ("mixamorig:{0}Hand", "arm_{1}", "forearm_{1}")
    assert set(both) - set(fingers) == {
        (f'pose.bones["{bone.format(side.capitalize(), side)}"].rotation_quaternion', index)
        for side in SIDES
        for bone in arms
        for index in range(4)
    }
    assert all(np.allclose(both[key], fingers[key]) for key in fingers)


def curve_values(owner: bpy.types.Object) -> dict:
    return {
        (curve.data_path, curve.array_index): np.array([point.co[:] for point in curve.keyframe_points])
        for curve in fcurves_of(owner)
    }


HAND = "mixamorig:LeftHand"


def wrist_poses(wrist: Wrist, space: Space) -> tuple[NDArray, NDArray]:
    """(3, 3, 3) rotations in the world and (3, 3) places of a fresh rig's hand on frames 1 to 3."""
    rig = build_rig(MIXAMO)
    scene = bpy.context.scene
    sources = [placed(scene, source, space) for source in of_sides(scene_sources(scene, None), "LEFT")]
    retarget(bpy.context, rig, sources, MIXAMO, just_as_captured(wrist))
    rotations = []
    for frame in (1, 2, 3):
        scene.frame_set(frame)
        rotations.append((rig.matrix_world @ rig.pose.bones[HAND].matrix).to_3x3().normalized())
    places = positions(rig, HAND)
    bpy.data.objects.remove(rig)
    return np.array(rotations), places


def aim(camera: bpy.types.Object, frame: int, turn: tuple[float, float, float]) -> None:
    camera.rotation_euler = turn
    camera.location = (frame, 2, -1)
    camera.keyframe_insert("rotation_euler", frame=frame)
    camera.keyframe_insert("location", frame=frame)


def test_before_the_camera_that_filmed_it_a_hand_moves_as_in_the_world(make_capture: MakeCapture) -> None:
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(SceneSetup.ALWAYS, show_footage=False))
    for in_world, before_camera in zip(
        wrist_poses(Wrist.POSITION, Space.WORLD), wrist_poses(Wrist.POSITION, Space.CAMERA), strict=True
    ):
        assert np.allclose(in_world, before_camera, atol=1e-5)


def test_before_a_moving_camera_a_hand_turns_as_before_its_own(imported: ImportedCapture) -> None:
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    for frame, turn in ((1, (0.3, 0.2, -0.9)), (2, (0.4, -0.2, 0.9)), (3, (1.4, 1.2, 0.1))):
        aim(scene.camera, frame, turn)
    in_world, _ = wrist_poses(Wrist.ROTATION, Space.WORLD)
    before_camera, _ = wrist_poses(Wrist.ROTATION, Space.CAMERA)
    own = np.array(Euler(CAMERA_ROTATION).to_matrix())
    for frame in (1, 2, 3):
        scene.frame_set(frame)
        view = np.array(scene.camera.matrix_world.to_3x3())
        assert np.allclose(view.T @ before_camera[frame - 1], own.T @ in_world[frame - 1], atol=1e-4)


def test_before_a_camera_a_hand_goes_as_before_its_own(imported: ImportedCapture) -> None:
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.rotation_euler = (0.3, 0.2, -0.9)
    bpy.context.view_layer.update()
    _, in_world = wrist_poses(Wrist.POSITION, Space.WORLD)
    _, before_camera = wrist_poses(Wrist.POSITION, Space.CAMERA)
    own, view = np.array(Euler(CAMERA_ROTATION).to_matrix()), np.array(scene.camera.matrix_world.to_3x3())
    assert np.allclose((before_camera - before_camera[0]) @ view, (in_world - in_world[0]) @ own, atol=1e-5)
    assert np.ptp(in_world, axis=0).max() > 1e-3


def test_without_a_camera_there_is_no_space_of_it(imported: ImportedCapture) -> None:
    bpy.context.scene.camera = None
    with pytest.raises(RetargetError, match="has no camera"):
        wrist_poses(Wrist.ROTATION, Space.CAMERA)


def test_one_hand(imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO)
    assert run(rig, MIXAMO, hands="LEFT").hands == 1
    assert all("left" in path.lower() for path, _ in curve_values(rig))
    run(rig, MIXAMO, hands="RIGHT")
    assert worst_angle(imported, rig, MIXAMO) < TOLERANCE, "the other hand goes on playing"


def test_animation_of_the_arms_goes_on_and_is_untouched(imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO)
    arm = rig.pose.bones["arm_left"]
    for frame, turn in ((1, 0.0), (3, 0.8)):
        arm.rotation_quaternion = (np.cos(turn), 0, 0, np.sin(turn))
        arm.keyframe_insert("rotation_quaternion", frame=frame)
    rig.pose.bones["root"].location.x = 0.1
    walk, before = rig.animation_data.action, curve_values(rig)
    where = positions(rig, HAND)
    run(rig, MIXAMO)
    assert worst_angle(imported, rig, MIXAMO) < TOLERANCE
    assert np.allclose(positions(rig, HAND), where, atol=1e-5)
    rig.animation_data.action = walk
    assert all(np.array_equal(values, before[key]) for key, values in curve_values(rig).items())


def test_keys_lie_and_look_as_those_of_the_source(make_capture: MakeCapture) -> None:
    def open_gap(arrays: dict) -> None:
        arrays["state"][0] = [1, 2, 0, 3]
        arrays["pose"][0, 2] = arrays["translation"][0, 2] = np.nan

    capture = make_capture(open_gap, sides=("right",), frames=4)
    import_capture(bpy.context, capture, ImportOptions(show_footage=False))
    rig = build_rig(MIXAMO)
    run(rig, MIXAMO)
    points = fcurves_of(rig)[0].keyframe_points
    assert [(point.co.x, point.type, point.interpolation) for point in points] == [
        (1, "KEYFRAME", "LINEAR"),
        (2, "JITTER", "CONSTANT"),
        (4, "GENERATED", "LINEAR"),
    ]


def test_the_capture_file_and_the_scene_give_the_same(make_capture: MakeCapture) -> None:
    capture: Capture = make_capture(frames=3)
    import_capture(bpy.context, capture, ImportOptions(show_footage=False))
    rig = build_rig(MIXAMO)
    run(rig, MIXAMO, Wrist.POSITION)
    from_scene = curve_values(rig)
    rig = build_rig(MIXAMO)
    retarget(bpy.context, rig, capture_sources(capture, Timeline()), MIXAMO, just_as_captured(Wrist.POSITION))
    apart = {key: np.abs(values - from_scene[key]).max() for key, values in curve_values(rig).items()}
    assert max(apart.values()) < 1e-3, max(apart.items(), key=lambda item: item[1])


def test_corrections_on_a_layer_are_retargeted(imported: ImportedCapture) -> None:
    source = imported.rigs[0].armature
    compat.push_down(source)
    source.animation_data.action_blend_type = "COMBINE"
    NewAction(source, "corrections").assign()
    bone = source.pose.bones["index1.R"]
    bone.rotation_quaternion = (0.8, 0.6, 0, 0)
    bone.keyframe_insert("rotation_quaternion", frame=2)
    rig = build_rig(MIXAMO)
    run(rig, MIXAMO, hands="RIGHT")
    assert worst_angle(imported, rig, MIXAMO, sides=("right",)) < TOLERANCE


def test_a_connected_hand_without_an_arm_cannot_move_and_says_so(imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO, Style(connected=True, elbows=False))
    with pytest.raises(RetargetError, match=r"mixamorig:.*Hand of the rig rig is connected") as failure:
        run(rig, MIXAMO, Wrist.POSITION)
    assert failure.value.remedy
    assert not fcurves_of(rig)
    assert len(bpy.data.actions) == 2, "those of the captured hands"


def test_bones_that_something_else_turns_are_keyed_and_named(imported: ImportedCapture) -> None:
    rig = build_rig(MIXAMO)
    index, ring, thumb = (rig.pose.bones[MIXAMO.bones[f"LEFT_{name}_PROXIMAL"]] for name in ("INDEX", "RING", "THUMB"))
    index.constraints.new("COPY_ROTATION").name = "Follow"
    ring.constraints.new("COPY_ROTATION").mix_mode = "ADD"
    thumb.driver_add("rotation_quaternion", 1)
    assert sorted(text for text in run(rig, MIXAMO).warnings if "is keyed, but" in text) == [
        f"The bone {index.name} of the rig rig is keyed, but turned by its constraint Follow: mute that to see it.",
        f"The bone {thumb.name} of the rig rig is keyed, but turned by a driver: mute that to see it.",
    ]


def test_missing_fingers_are_left_out_and_named(imported: ImportedCapture) -> None:
    preset = without(MIXAMO, "LEFT_RING", "LEFT_THUMB")
    rig = build_rig(MIXAMO)
    assert run(rig, preset).warnings == (
        "The rig rig has no left thumb; it was left out.",
        "The rig rig has no left ring; it was left out.",
    )


@pytest.mark.parametrize(
    ("lacking", "words"),
    [(("_HAND",), "no bone for RIGHT_HAND"), (("THUMB", "INDEX", "MIDDLE", "RING"), "fewer than two fingers")],
)
def test_rigs_without_hands_are_refused_by_name(
    lacking: tuple[str, ...], words: str, imported: ImportedCapture
) -> None:
    rig = build_rig(MIXAMO, name="hero")
    with pytest.raises(RetargetError, match=f"hero has {words}"):
        run(rig, without(MIXAMO, *lacking))


def test_a_rig_with_one_hand_does_what_that_one_does(imported: ImportedCapture) -> None:
    rig = build_rig(without(MIXAMO, "LEFT"))
    done = run(rig, choose_preset(rig, "AUTOMATIC"))
    assert done.hands == 1
    assert done.warnings == ("The rig rig has no left hand; the captured one was left out.",)
    assert worst_angle(imported, rig, MIXAMO, ("right",)) < TOLERANCE


def test_two_captures_of_one_side(make_capture: MakeCapture) -> None:
    import_capture(bpy.context, make_capture(sides=("left", "left")), ImportOptions(show_footage=False))
    done = run(build_rig(MIXAMO), MIXAMO)
    assert done.hands == 1
    assert "several hands of one side" in done.warnings[0]


def test_a_side_that_was_not_captured_is_named(make_capture: MakeCapture) -> None:
    import_capture(bpy.context, make_capture(sides=("right",)), ImportOptions(show_footage=False))
    with pytest.raises(RetargetError, match="no left hand"):
        of_sides(scene_sources(bpy.context.scene, None), "LEFT")


def test_sources_are_what_is_shown_or_what_is_named(make_capture: MakeCapture) -> None:
    first, second = (
        import_capture(bpy.context, make_capture(sides=sides), ImportOptions(show_footage=False))
        for sides in (("left",), ("left", "right"))
    )
    assert [source.motion.side for source in scene_sources(bpy.context.scene, None)] == ["left"]
    assert len(scene_sources(bpy.context.scene, first.root)) == 1
    assert len(scene_sources(bpy.context.scene, second.root)) == 2
    scene_setup.switch(bpy.context.scene, bpy.context.view_layer, second.root)
    assert len(scene_sources(bpy.context.scene, None)) == 2
    (source,) = scene_sources(bpy.context.scene, second.rigs[1].armature)
    assert source.motion.side == "right"


def test_a_scene_without_captures_says_what_to_do() -> None:
    with pytest.raises(RetargetError, match=r"no captured hands.*[Ii]mport"):
        scene_sources(bpy.context.scene, None)


@pytest.mark.usefixtures("registered")
def test_the_operator_makes_one_undo_step_without_leftovers(imported: ImportedCapture) -> None:
    build_rig(MIXAMO)
    before = (len(bpy.data.actions), len(bpy.data.objects), len(bpy.data.scenes))
    bpy.ops.ed.undo_push(message="before")
    done = bpy.ops.dahyf_hands.retarget("EXEC_DEFAULT", True, target="rig", preset="mixamo", wrist="NONE")
    assert done == {"FINISHED"}
    assert len(bpy.data.actions) == before[0] + 1
    bpy.ops.ed.undo()
    assert (len(bpy.data.actions), len(bpy.data.objects), len(bpy.data.scenes)) == before
    assert not fcurves_of(bpy.data.objects["rig"])


@pytest.mark.usefixtures("registered")
def test_the_operator_refuses_what_is_no_rig(imported: ImportedCapture) -> None:
    build_rig(MIXAMO)
    for target in ("nobody", imported.rigs[0].armature.name, imported.camera.name):
        with pytest.raises(RuntimeError, match=target):
            bpy.ops.dahyf_hands.retarget(target=target)


@pytest.mark.usefixtures("registered")
def test_a_preset_is_saved_and_used(imported: ImportedCapture, tmp_path: Path) -> None:
    rig = build_rig(without(MIXAMO, "RIGHT"))
    assert bpy.ops.dahyf_hands.save_preset(target="rig", filepath=str(tmp_path / "mine.json")) == {"FINISHED"}
    saved = choose_preset(rig, str(tmp_path / "mine.json"))
    assert saved.bones[hand_joint("left")] == "mixamorig:LeftHand"
    assert saved.name == "mine"
    run(rig, saved, hands="LEFT")
    assert worst_angle(imported, rig, MIXAMO, sides=("left",)) < TOLERANCE
