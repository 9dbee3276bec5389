"""The wrist stays in a human's range, the arm follows, and the hand reaches its target; deviations are reported."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from conftest import MakeCapture
from mathutils import Matrix
from numpy.typing import NDArray
from rig_factory import Style, build_rig

from addon.backend.capture_file import Capture, read_capture
from addon.retarget import Arm, Retargeted, Wrist, WristChoice, capture_sources, choose_preset, retarget
from addon.retarget.mapping.presets import SHIPPED, Preset, fitted, preset_files, read_preset
from addon.retarget.playback import is_animated
from addon.retarget.rest import rest_bones
from addon.retarget.solving.arm_keys import shown_bone
from addon.retarget.solving.human_limits import rest_arm
from addon.retarget.solving.limb import Limb, find_limb
from addon.retarget.solving.target import target_hand
from addon.retarget.solving.wrist import DEFAULT_CHOICE
from addon.scene.timing import Timeline
from addon.shared.names import SIDES

MIXAMO = read_preset(preset_files(SHIPPED)["mixamo"])
A_POSE = Style(arm_drop=0.7, seed=2)
FRAMES = 30
DATA = Path(os.environ.get("DAHYF_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
UP = np.array(((0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
"""The rest axes of a right hand to those of a camera: fingers up, the palm before it."""
MIRROR = np.diag((-1.0, 1.0, 1.0))
SLACK = 0.5
"""Degrees for what Blender keeps in single floats, and for its IK."""


def hands_up(arrays: dict) -> None:
    """Hands up before the camera, that wave, bow and turn to and fro, and go round in a circle."""
    for hand, side in enumerate(arrays["side"]):
        up = UP if side == "right" else MIRROR @ UP @ MIRROR
        arrays["pose"][hand, :, 1:] = 0.1
        for frame, time in enumerate(np.linspace(0, 2 * np.pi, arrays["pose"].shape[1])):
            wave, bow, turn = 0.4 * np.sin(time), 0.5 * np.sin(2 * time), 0.7 * np.sin(time)
            turned = about("Z", wave) @ about("X", bow) @ about("Y", turn) @ up
            axis, angle = Matrix(turned.tolist()).to_quaternion().to_axis_angle()
            arrays["pose"][hand, frame, 0] = np.array(axis) * angle
            arrays["translation"][hand, frame] = (0.1 * np.cos(time), 0.1 * np.sin(time), 0.6 + 0.05 * np.sin(time))


def about(axis: str, angle: float) -> NDArray:
    return np.array(Matrix.Rotation(angle, 3, axis))


@pytest.fixture
def waving(make_capture: MakeCapture) -> Capture:
    return make_capture(hands_up, frames=FRAMES)


@dataclass(frozen=True)
class Seen:
    """What one arm does on F frames, as Blender evaluates it, in degrees and in the rig's units.

    bends (F, 2): flexion and radial deviation. twists, elbows (F,). places (F, 2, 3): of elbow and wrist. turns
    (F, 3, 3): of the hand in the world, from its rest pose.
    """

    bends: NDArray
    twists: NDArray
    elbows: NDArray
    places: NDArray
    turns: NDArray

    @property
    def shares(self) -> NDArray:
        """(F,) how much of a human wrist's range is used, by the numbers of the American Academy of Orthopaedics."""
        down, aside = self.bends.T
        return np.hypot(np.where(down > 0, down / 80, down / 70), np.where(aside > 0, aside / 20, aside / 35))

    @property
    def longest_step(self) -> float:
        """How far elbow or wrist get from one frame to the next."""
        return float(np.linalg.norm(np.diff(self.places, axis=0), axis=-1).max())


def limb_of(rig: bpy.types.Object, preset: Preset, side: str) -> tuple[Limb, list[str]]:
    """An arm, and the bones that show its upper arm, forearm and hand."""
    bones = rest_bones(rig)
    preset = fitted(preset, bones)
    targets = {each: target_hand(rig.name, bones, preset, each) for each in SIDES}
    limb = find_limb(bones, targets[side], tuple(targets.values())[side == "left" :][:1])
    assert limb is not None
    names = (limb.upper[0], limb.forearm[0], targets[side].hand.name)
    return limb, [shown_bone(rig, bones, name) for name in names]


def watch(rig: bpy.types.Object, preset: Preset, side: str, frames: int = FRAMES) -> Seen:
    """Play the scene and look at an arm."""
    limb, names = limb_of(rig, preset, side)
    rows = [look(rig, limb, names, frame) for frame in range(1, frames + 1)]
    return Seen(*(np.array(column) for column in zip(*rows, strict=True)))


def look(rig: bpy.types.Object, limb: Limb, names: list[str], frame: int) -> tuple:
    bpy.context.scene.frame_set(frame)
    shoulder, elbow, wrist = (np.array(rig.pose.bones[name].head) for name in names)
    hand = rig.pose.bones[names[2]]
    turn = np.array(hand.matrix.to_3x3().normalized()) @ np.array(hand.bone.matrix_local.to_3x3()).T
    upper, forearm = ((b - a) / np.linalg.norm(b - a) for a, b in ((shoulder, elbow), (elbow, wrist)))
    thumb, along, palmar = (turn @ limb.arm.palm).T
    straight = np.array(Matrix.Rotation(0, 3, "X"))
    axis, angle = np.cross(along, forearm), np.arctan2(np.linalg.norm(np.cross(along, forearm)), along @ forearm)
    if angle > 1e-6:
        straight = np.array(Matrix.Rotation(angle, 3, tuple(axis)))
    rotvec = -axis / max(np.linalg.norm(axis), 1e-9) * angle
    across = -np.cross(along, palmar)
    bends = np.degrees((rotvec @ np.cross(along, palmar), rotvec @ np.cross(along, thumb)))
    assert np.allclose(np.abs(across @ thumb), 1, atol=1e-3)
    to_upper = -upper + (upper @ forearm) * forearm
    level = straight @ thumb
    twist = np.degrees(np.arctan2(forearm @ np.cross(to_upper, level), to_upper @ level))
    world = np.array(rig.matrix_world.to_3x3().normalized()) @ turn
    return bends, twist, np.degrees(np.arccos(upper @ forearm)), (elbow, wrist), world


def wanted(rig: bpy.types.Object, preset: Preset, capture: Capture, side: str) -> NDArray:
    """(F, 3, 3) how the hand should be turned in the world: the palm as the captured one's, found from three points."""
    (source,) = (each for each in capture_sources(capture, Timeline()) if each.motion.side == side)
    bones = rest_bones(rig)
    target = target_hand(rig.name, bones, fitted(preset, bones), side)
    world = np.array(rig.matrix_world.to_3x3().normalized())
    knuckles = [target.fingers[finger][0].head for finger in ("index", "middle", "ring", "little")]
    captured = [source.motion.finger_points(finger)[0] for finger in ("index", "middle", "ring", "little")]
    ours, theirs = frame_of(target.hand.head, knuckles), frame_of(source.motion.joints[0], captured)
    return source.motion.to_world @ source.motion.rotations[:, 0] @ theirs @ (world @ ours).T @ world


def frame_of(wrist: NDArray, knuckles: list[NDArray]) -> NDArray:
    along = (knuckles[0] + knuckles[-1]) / 2 - wrist
    along /= np.linalg.norm(along)
    across = knuckles[0] - knuckles[-1]
    across = across - (across @ along) * along
    across /= np.linalg.norm(across)
    return np.stack([across, along, np.cross(across, along)], axis=1)


def degrees_off(first: NDArray, second: NDArray) -> NDArray:
    """(F,) the angles between rotations (F, 3, 3)."""
    return np.degrees(2 * np.arcsin(np.clip(np.linalg.norm(first - second, axis=(1, 2)) / 8**0.5, 0, 1)))


def run(
    rig: bpy.types.Object, capture: Capture, preset: Preset = MIXAMO, choice: WristChoice = DEFAULT_CHOICE
) -> Retargeted:
    return retarget(bpy.context, rig, capture_sources(capture, Timeline()), preset, choice)


def assert_human(seen: Seen) -> None:
    assert seen.shares.max() < 1.01, (seen.shares.argmax(), seen.bends[seen.shares.argmax()])
    assert np.abs(seen.twists).max() < 80 + SLACK
    assert seen.elbows.max() < 150


@pytest.mark.parametrize("drop", [0.0, 0.7, 1.2], ids=["t_pose", "a_pose", "arms_down"])
def test_hands_up_before_a_camera_bend_no_wrist(drop: float, waving: Capture) -> None:
    rig = build_rig(MIXAMO, Style(arm_drop=drop, seed=4))
    assert run(rig, waving).warnings == ()
    for side in SIDES:
        seen = watch(rig, MIXAMO, side)
        assert_human(seen)
        assert degrees_off(seen.turns, wanted(rig, MIXAMO, waving, side)).max() < 0.1, "the hand stays exact"
        assert seen.longest_step < 0.1


def test_without_its_arm_a_wrist_is_kept_human_and_it_is_said(waving: Capture) -> None:
    rig = build_rig(MIXAMO, A_POSE)
    warnings = run(rig, waving, choice=WristChoice(arm=Arm.STAY)).warnings
    for side in SIDES:
        seen = watch(rig, MIXAMO, side)
        assert_human(seen)
        off = degrees_off(seen.turns, wanted(rig, MIXAMO, waving, side))
        (warning,) = (each for each in warnings if f"The {side} wrist would bend" in each)
        assert f"up to {off.max():.0f} degrees" in warning
        assert "Let the arm follow the hand" in warning
        assert np.ptp(seen.places, axis=0).max() < 1e-5


def test_as_captured_whatever_the_wrist_looks_like(waving: Capture) -> None:
    rig = build_rig(MIXAMO, A_POSE)
    assert run(rig, waving, choice=WristChoice(arm=Arm.STAY, human=False)).warnings == ()
    for side in SIDES:
        seen = watch(rig, MIXAMO, side)
        assert seen.shares.max() > 1.2, "this is what is kept human otherwise"
        assert degrees_off(seen.turns, wanted(rig, MIXAMO, waving, side)).max() < 0.1


def test_an_animated_arm_stays_unless_it_is_asked_to_follow(waving: Capture) -> None:
    rig = build_rig(MIXAMO, A_POSE)
    arm = rig.pose.bones["arm_left"]
    for frame, turn in ((1, 0.0), (30, 0.3)):
        arm.rotation_quaternion = (1, turn, 0, 0)
        arm.keyframe_insert("rotation_quaternion", frame=frame)
    before = watch(rig, MIXAMO, "left").places
    run(rig, waving)
    assert np.allclose(watch(rig, MIXAMO, "left").places, before, atol=1e-5)
    assert_human(watch(rig, MIXAMO, "left"))
    assert_human(watch(rig, MIXAMO, "right"))
    assert np.ptp(watch(rig, MIXAMO, "right").places, axis=0).max() > 0.01, "nothing animates this one"
    rig = build_rig(MIXAMO, A_POSE, name="other")
    run(rig, waving, choice=WristChoice(arm=Arm.FOLLOW))
    assert np.ptp(watch(rig, MIXAMO, "left").places, axis=0).max() > 0.01


def test_keys_that_only_pose_an_arm_are_no_animation(waving: Capture) -> None:
    rig = build_rig(MIXAMO, A_POSE)
    for frame in (1, 20):
        rig.pose.bones["arm_left"].keyframe_insert("rotation_quaternion", frame=frame)
    assert run(rig, waving).warnings == ()
    assert np.ptp(watch(rig, MIXAMO, "left").places, axis=0).max() > 0.01


@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_an_fk_arm_takes_the_hand_where_it_was_captured(scale: float, waving: Capture) -> None:
    rig = build_rig(MIXAMO, Style(arm_drop=0.7, seed=2, scale=scale))
    assert run(rig, waving, choice=WristChoice(Wrist.POSITION)).warnings == ()
    for side in SIDES:
        seen, expected = watch(rig, MIXAMO, side), way(waving, side)
        places = seen.places[:, 1] - seen.places[0, 1]
        assert np.linalg.norm(places - expected * ratio(rig, waving, side), axis=-1).max() < 1e-3
        assert_human(seen)
        assert connected(rig, side), "the hand stays on its forearm"


def way(capture: Capture, side: str) -> NDArray:
    """(F, 3) how the captured wrist goes in the world from where it starts."""
    (source,) = (each for each in capture_sources(capture, Timeline()) if each.motion.side == side)
    return source.motion.wrist - source.motion.wrist[0]


def ratio(rig: bpy.types.Object, capture: Capture, side: str) -> float:
    """How much longer the rig's palm is than the captured one."""
    (source,) = (each for each in capture_sources(capture, Timeline()) if each.motion.side == side)
    bones = rig.data.bones
    hand, side = bones[f"mixamorig:{side.capitalize()}Hand"], side.capitalize()
    fingers = {"index": "Index", "middle": "Middle", "ring": "Ring", "little": "Pinky"}
    ours = [(bones[f"mixamorig:{side}Hand{name}1"].head_local - hand.head_local).length for name in fingers.values()]
    theirs = [np.linalg.norm(source.motion.finger_points(name)[0] - source.motion.joints[0]) for name in fingers]
    return float(np.mean(ours) / np.mean(theirs))


def connected(rig: bpy.types.Object, side: str) -> bool:
    """Whether the wrist is at the end of the forearm, and the elbow at that of the upper arm, on the last frame."""
    bones = rig.pose.bones
    arm, forearm, hand = bones[f"arm_{side}"], bones[f"forearm_{side}"], bones[f"mixamorig:{side.capitalize()}Hand"]
    return (arm.tail - forearm.head).length < 1e-4 and (forearm.tail - hand.head).length < 1e-4


def test_what_is_out_of_reach_is_told_in_centimetres(make_capture: MakeCapture) -> None:
    def far_away(arrays: dict) -> None:
        hands_up(arrays)
        arrays["translation"][:, :, 0] = np.linspace(-1, 1, FRAMES)

    capture = make_capture(far_away, frames=FRAMES)
    rig = build_rig(MIXAMO, A_POSE)
    warnings = run(rig, capture, choice=WristChoice(Wrist.POSITION)).warnings
    for side in SIDES:
        assert connected(rig, side)
        assert any(f"The {side} hand is beyond its arm's reach" in each and " cm" in each for each in warnings)
        assert watch(rig, MIXAMO, side).longest_step < 0.3, "the hand itself is to go 0.1 a frame"


def test_the_forearm_takes_the_twist_evenly_where_it_has_two_bones(waving: Capture) -> None:
    preset = read_preset(preset_files(SHIPPED)["mpfb"])
    rig = build_rig(preset, A_POSE)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bones = rig.data.edit_bones
    forearm, hand = bones["forearm_left"], bones[preset.bones["LEFT_HAND"]]
    second = bones.new("forearm2_left")
    middle = (forearm.head + forearm.tail) / 2
    second.head, second.tail, second.parent = middle, forearm.tail.copy(), forearm
    forearm.tail, hand.parent = middle, second
    bpy.ops.object.mode_set(mode="OBJECT")
    run(rig, waving, preset)
    limb, _ = limb_of(rig, preset, "left")
    assert limb.forearm == ("forearm_left", "forearm2_left")
    seen = watch(rig, preset, "left")
    assert_human(seen)
    (turn,) = (curve for curve in fcurves_of(rig) if "forearm2_left" in curve.data_path and curve.array_index == 0)
    twists = [2 * np.degrees(np.arccos(min(abs(point.co.y), 1))) for point in turn.keyframe_points]
    assert np.allclose(twists, np.abs(seen.twists - limb_twist(limb)) / 2, atol=0.5)


def test_what_holds_a_hand_is_named_with_what_it_misses(waving: Capture) -> None:
    rig = build_rig(MIXAMO, A_POSE)
    target = bpy.data.objects.new("target", None)
    bpy.context.scene.collection.objects.link(target)
    hand = rig.pose.bones["mixamorig:LeftHand"]
    holder = hand.constraints.new("COPY_ROTATION")
    holder.name, holder.target = "Held", target
    (warning,) = run(rig, waving).warnings
    off = degrees_off(watch(rig, MIXAMO, "left").turns, wanted(rig, MIXAMO, waving, "left"))
    assert "mixamorig:LeftHand is turned by its constraint Held" in warning
    told = float(warning.split(" degrees")[0].split()[-1])
    assert 0.8 * off.max() < told < off.max() + 1
    holder.mute = True
    assert run(rig, waving).warnings == ()


def test_what_holds_a_hand_two_steps_away_is_found(waving: Capture) -> None:
    """The bone that shows the hand copies one that copies another, which an object drives."""
    rig = build_rig(MIXAMO, A_POSE)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bones = rig.data.edit_bones
    for name, parent in (("ORG-hand", "forearm_left"), ("DEF-hand", "ORG-hand")):
        made, hand = bones.new(name), bones["mixamorig:LeftHand"]
        made.head, made.tail, made.roll, made.parent = hand.head, hand.tail, hand.roll, bones[parent]
    bpy.ops.object.mode_set(mode="OBJECT")
    for name in ("mixamorig:LeftHand", "ORG-hand"):
        rig.data.bones[name].use_deform = False
    follow = rig.pose.bones["ORG-hand"].constraints.new("COPY_TRANSFORMS")
    follow.target, follow.subtarget = rig, "mixamorig:LeftHand"
    assert run(rig, waving).warnings == ()
    target = bpy.data.objects.new("target", None)
    bpy.context.scene.collection.objects.link(target)
    held = rig.pose.bones["ORG-hand"].constraints.new("COPY_ROTATION")
    held.name, held.target = "Held", target
    follow.mute = True
    (warning,) = run(rig, waving).warnings
    assert "DEF-hand does not follow mixamorig:LeftHand, as ORG-hand is turned by its constraint Held" in warning
    assert "degrees" in warning


def test_a_mover_at_any_remove_is_played() -> None:
    rig = build_rig(MIXAMO)
    assert not is_animated(rig)
    first, second = (bpy.data.objects.new(name, None) for name in ("first", "second"))
    rig.pose.bones["root"].constraints.new("COPY_LOCATION").target = first
    first.constraints.new("COPY_LOCATION").target = second
    assert not is_animated(rig)
    second.keyframe_insert("location", frame=1)
    assert is_animated(rig)


def test_a_driver_by_the_frame_is_played() -> None:
    rig = build_rig(MIXAMO)
    driver = rig.pose.bones["root"].driver_add("location", 0).driver
    driver.expression = "0.1"
    assert not is_animated(rig)
    driver.expression = "frame / 10"
    assert is_animated(rig)


def limb_twist(limb: Limb) -> float:
    return float(np.degrees(rest_arm(limb.arm.shoulder, limb.arm.elbow, limb.arm.wrist, limb.arm.palm).twist))


@pytest.mark.parametrize("wrist", [Wrist.ROTATION, Wrist.POSITION])
def test_a_rigify_human(wrist: Wrist, waving: Capture, rigify_human: bpy.types.Object) -> None:
    """What deforms the character, whether its arms follow FK or IK."""
    preset = choose_preset(rigify_human, "AUTOMATIC")
    assert run(rigify_human, waving, preset, WristChoice(wrist)).warnings == ()
    found = {}
    for follows in (0.0, 1.0):
        for side in "LR":
            rigify_human.animation_data.action.use_fake_user = True
            switch(rigify_human, f"upper_arm_parent.{side}", follows)
        for side in SIDES:
            seen = found[follows, side] = watch(rigify_human, preset, side)
            assert_human(seen)
            assert degrees_off(seen.turns, wanted(rigify_human, preset, waving, side)).max() < 0.1
            assert seen.longest_step < 0.1
    for side in SIDES:
        apart = np.linalg.norm(found[0.0, side].places - found[1.0, side].places, axis=-1)
        assert apart[:, 1].max() < 1e-3, "the wrist"
        assert apart[:, 0].max() < 0.02, "the elbow, which IK finds by its own solver"


def switch(rig: bpy.types.Object, bone: str, value: float) -> None:
    """Let an arm follow IK (0) or FK (1), keyed or not."""
    rig.pose.bones[bone]["IK_FK"] = value
    for curve in fcurves_of(rig):
        if bone in curve.data_path and "IK_FK" in curve.data_path:
            curve.keyframe_points[0].co.y = value
            curve.update()
    rig.update_tag()


@pytest.mark.parametrize("name", ["mixamo_xbot", "mixamo_mannequin", "unreal5_manny", "mpfb_default", "readyplayerme"])
@pytest.mark.parametrize("wrist", [Wrist.ROTATION, Wrist.POSITION])
def test_rigs_that_others_made(name: str, wrist: Wrist) -> None:
    rigs, tools = DATA / "rigs", DATA.parent / "tools"
    if not (rigs / f"{name}.json").exists():
        pytest.skip("the shared rigs are not here")
    sys.path.append(str(tools))
    from rig_from_json import build

    rig = build(rigs / f"{name}.json")[-1]
    bpy.context.view_layer.update()
    capture = read_capture(rigs / "two_hands_known_angles.npz")
    preset = choose_preset(rig, "AUTOMATIC")
    run(rig, capture, preset, WristChoice(wrist))
    for side in SIDES:
        seen = watch(rig, preset, side, frames=40)
        assert_human(seen)
        if wrist is Wrist.ROTATION:
            assert degrees_off(seen.turns, wanted(rig, preset, capture, side)).max() < 0.1
