"""A rig's other animation continues, retargeting again replaces the last result, and a result can be removed."""

from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from animation import fcurves_of
from conftest import MakeCapture
from finger_angles import worst_angle
from rig_factory import Style, build_rig
from snapshot import differences, snapshot

from addon.errors import RetargetError
from addon.retarget import Arm, Wrist, WristChoice, is_captured, of_sides, remove, retarget, scene_sources
from addon.retarget.mapping.presets import SHIPPED, read_preset
from addon.scene.scene_import import ImportOptions, import_capture

MIXAMO = read_preset(SHIPPED / "mixamo.json")
FRAMES = (-30, -4.5, 1, 2, 2.5, 3, 4, 6, 9.25, 60)
KEYED = ("arm_left", "arm_right", "root", "mixamorig:LeftHand", "mixamorig:LeftHandIndex2")
"""Bones that the old animation moves: those that retargeting keys among them."""
HAND, FINGER = "mixamorig:LeftHand", "mixamorig:LeftHandIndex2"


@pytest.fixture
def hero(make_capture: MakeCapture) -> bpy.types.Object:
    """A character with metacarpals, and an Action on arms, root, hand and a finger; two captured hands."""
    import_capture(bpy.context, make_capture(frames=3), ImportOptions(show_footage=False))
    rig = build_rig(MIXAMO, Style(metacarpals=True, seed=3), name="hero")
    key(rig, KEYED, 2.0, 5.0)
    return rig


def key(rig: bpy.types.Object, names: tuple[str, ...], *frames: float, amount: float = 0.3) -> None:
    """Key rotation, location and scale, different on each frame."""
    for number, frame in enumerate(frames):
        for name in names:
            bone = rig.pose.bones[name]
            bone.rotation_quaternion = (1, amount * number, 0.1, amount)
            bone.location = (0.01, amount * number / 10, 0.02)
            bone.scale = (1, 1 + amount * number, 1 - amount / 2) if "Hand" in name else (1 + amount,) * 3
            for path in ("rotation_quaternion", "location", "scale"):
                bone.keyframe_insert(path, frame=frame)


def track(rig: bpy.types.Object, name: str = "mine", **settings: object) -> bpy.types.NlaTrack:
    """The rig's Action once more in an NLA track, on other frames, and a new Action that does something else."""
    animation = rig.animation_data
    action = animation.action
    made = animation.nla_tracks.new()
    made.name = name
    strip = made.strips.new(name, 1, action)
    for setting, value in settings.items():
        setattr(strip, setting, value)
    animation.action = None
    key(rig, KEYED, 1.0, 4.0, amount=0.2)
    return made


def plain(_rig: bpy.types.Object) -> None:
    pass


def cyclic(rig: bpy.types.Object) -> None:
    for curve in fcurves_of(rig):
        curve.modifiers.new("CYCLES").mode_after = "REPEAT_OFFSET"


def linear(rig: bpy.types.Object) -> None:
    for curve in fcurves_of(rig):
        curve.extrapolation = "LINEAR"


def noisy(rig: bpy.types.Object) -> None:
    for curve in fcurves_of(rig):
        curve.modifiers.new("NOISE").strength = 0.2


def manual_range(rig: bpy.types.Object) -> None:
    action = rig.animation_data.action
    action.use_frame_range, action.frame_start, action.frame_end = True, 2, 3


def above_a_track(rig: bpy.types.Object) -> None:
    track(rig)
    cyclic(rig)


def added_to_a_track(rig: bpy.types.Object) -> None:
    track(rig)
    cyclic(rig)
    rig.animation_data.action_blend_type = "ADD"


def combined_with_a_track(rig: bpy.types.Object) -> None:
    track(rig)
    linear(rig)
    rig.animation_data.action_blend_type = "COMBINE"


def in_part(rig: bpy.types.Object) -> None:
    track(rig)
    rig.animation_data.action_influence = 0.4


def only_within_its_range(rig: bpy.types.Object) -> None:
    track(rig)
    rig.animation_data.action_extrapolation = "NOTHING"


def forward_only(rig: bpy.types.Object) -> None:
    track(rig)
    rig.animation_data.action_extrapolation = "HOLD_FORWARD"


def below_a_muted_track(rig: bpy.types.Object) -> None:
    track(rig).mute = True
    rig.animation_data.action_influence = 0.4


def solo(rig: bpy.types.Object) -> None:
    track(rig).is_solo = True


def solo_among_tracks(rig: bpy.types.Object) -> None:
    chosen = track(rig, "first")
    track(rig, "second").mute = True
    track(rig, "third")
    chosen.mute = True
    chosen.is_solo = True


def tracks_alone(rig: bpy.types.Object) -> None:
    track(rig, blend_type="ADD")
    track(rig, "upper", extrapolation="NOTHING", use_animated_influence=True, influence=0.5)
    rig.animation_data.action = None
    rig.animation_data.action_blend_type = "ADD"


def nla_off(rig: bpy.types.Object) -> None:
    track(rig)
    rig.animation_data.use_nla = False
    rig.animation_data.action_blend_type, rig.animation_data.action_influence = "ADD", 0.3


def blended_but_alone(rig: bpy.types.Object) -> None:
    rig.animation_data.action_blend_type, rig.animation_data.action_influence = "MULTIPLY", 0.3


def no_animation(rig: bpy.types.Object) -> None:
    rig.animation_data_clear()


def rotation_mode_keyed(rig: bpy.types.Object) -> None:
    """The old animation changes what a finger's rotation is, on the way."""
    for frame, mode in ((1, "QUATERNION"), (2, "XYZ"), (5, "QUATERNION")):
        rig.pose.bones[FINGER].rotation_mode = mode
        rig.pose.bones[FINGER].keyframe_insert("rotation_mode", frame=frame)


def posed_without_keys(rig: bpy.types.Object) -> None:
    for bone in rig.pose.bones:
        if "Hand" in bone.name and bone.name != HAND:
            bone.location, bone.scale = (0.003, 0.001, 0.002), (1, 1.4, 0.8)


def metacarpals_keyed(rig: bpy.types.Object) -> None:
    key(rig, tuple(bone.name for bone in rig.pose.bones if bone.name.startswith("meta")), 1.0, 5.0)


CASES = (
    plain,
    cyclic,
    linear,
    noisy,
    manual_range,
    above_a_track,
    added_to_a_track,
    combined_with_a_track,
    in_part,
    only_within_its_range,
    forward_only,
    below_a_muted_track,
    solo,
    solo_among_tracks,
    tracks_alone,
    nla_off,
    blended_but_alone,
    no_animation,
    rotation_mode_keyed,
    posed_without_keys,
    metacarpals_keyed,
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)


def just_as_captured(wrist: Wrist = Wrist.ROTATION, arm: Arm = Arm.STAY) -> WristChoice:
    """The hands of made-up captures turn in ways that no human's does."""
    return WristChoice(wrist, arm, human=False)


def run(rig: bpy.types.Object, wrist: Wrist = Wrist.ROTATION, arm: Arm = Arm.STAY) -> bpy.types.Action:
    sources = scene_sources(bpy.context.scene, None)
    return retarget(bpy.context, rig, sources, MIXAMO, just_as_captured(wrist, arm)).action


def local_poses(rig: bpy.types.Object) -> dict[str, np.ndarray]:
    """(F, 4, 4) of each bone in its own space on all frames, as it is evaluated."""
    found: dict[str, list] = {bone.name: [] for bone in rig.pose.bones}
    for frame in FRAMES:
        bpy.context.scene.frame_set(int(frame // 1), subframe=frame % 1)
        for bone in rig.pose.bones:
            found[bone.name].append(bone.matrix_basis.copy())
    bpy.context.scene.frame_set(1)
    return {name: np.array(poses) for name, poses in found.items()}


def captured_hands() -> list[bpy.types.Object]:
    return [found for found in bpy.data.objects if is_captured(found)]


def look_around() -> None:
    """Show another frame, then frame 3."""
    for frame in (2, 3):
        bpy.context.scene.frame_set(frame)


def others(rig: bpy.types.Object) -> list[str]:
    """Bones that retargeting does not key."""
    return [bone.name for bone in rig.pose.bones if bone.name not in MIXAMO.bones.values()]


@each_case
def test_the_rest_goes_on_and_the_hands_do_what_was_captured(case: Callable, hero: bpy.types.Object) -> None:
    case(hero)
    before = local_poses(hero)
    run(hero)
    after = local_poses(hero)
    apart = {name: np.abs(after[name] - before[name]).max() for name in others(hero)}
    assert max(apart.values()) < 2e-4, max(apart.items(), key=lambda item: item[1])
    assert worst_angle(captured_hands(), hero, MIXAMO) < 1.0


@each_case
def test_it_goes_again_without_a_trace(case: Callable, hero: bpy.types.Object) -> None:
    case(hero)
    look_around()
    before = snapshot(bpy.context.scene)
    run(hero)
    look_around()
    assert remove(hero) is None
    look_around()
    assert differences(before, snapshot(bpy.context.scene)) == []


def test_another_action_takes_the_place_of_the_last(hero: bpy.types.Object) -> None:
    """Without the wrist, the wrist is what it was before the first try."""
    before = local_poses(hero)
    first = run(hero).name
    assert not np.allclose(local_poses(hero)[HAND], before[HAND], atol=0.01)
    count = len(bpy.data.actions)
    again = run(hero, Wrist.NONE)
    assert (again.name, len(bpy.data.actions)) == (first, count)
    assert np.allclose(local_poses(hero)[HAND], before[HAND], atol=1e-5)
    assert worst_angle(captured_hands(), hero, MIXAMO) > 5, "the wrist does not follow"
    remove(hero)
    assert np.allclose(local_poses(hero)[HAND], before[HAND], atol=1e-5)


@pytest.mark.parametrize("case", [plain, no_animation, solo, added_to_a_track], ids=lambda case: case.__name__)
def test_again_is_as_if_for_the_first_time(case: Callable, hero: bpy.types.Object) -> None:
    case(hero)
    look_around()
    before = snapshot(bpy.context.scene)
    run(hero, arm=Arm.AUTO)
    once = local_poses(hero)
    look_around()
    for _ in range(2):
        run(hero, Wrist.NONE)
        run(hero, arm=Arm.AUTO)
    again = local_poses(hero)
    assert max(np.abs(again[name] - once[name]).max() for name in once) < 1e-5
    remove(hero)
    look_around()
    assert differences(before, snapshot(bpy.context.scene)) == []


def test_one_hand_after_the_other(hero: bpy.types.Object) -> None:
    sources = scene_sources(bpy.context.scene, None)
    look_around()
    before = snapshot(bpy.context.scene)
    for side in ("LEFT", "RIGHT"):
        retarget(bpy.context, hero, of_sides(sources, side), MIXAMO, just_as_captured())
    assert worst_angle(captured_hands(), hero, MIXAMO) < 1.0
    remove(hero)
    look_around()
    assert differences(before, snapshot(bpy.context.scene)) == []


def test_what_was_edited_by_hand_stays(hero: bpy.types.Object) -> None:
    """Other bones' keys go on in the next result; the Action with the edited hand is kept and named."""
    first = run(hero)
    for name, path in (("arm_left", "rotation_quaternion"), ("arm_right", "location"), (FINGER, "rotation_quaternion")):
        setattr(hero.pose.bones[name], path, (0.5, 0.5, 0.5, 0.5)[: len(getattr(hero.pose.bones[name], path))])
        hero.pose.bones[name].keyframe_insert(path, frame=4)
    edited = local_poses(hero)
    done = retarget(bpy.context, hero, scene_sources(bpy.context.scene, None), MIXAMO, just_as_captured())
    assert first.use_fake_user
    assert f"The Action {first.name} was edited after it was written, and stays in the file." in done.warnings
    again = local_poses(hero)
    assert max(np.abs(again[name] - edited[name]).max() for name in others(hero)) < 1e-5
    assert worst_angle(captured_hands(), hero, MIXAMO) < 1.0
    hero.pose.bones["root"].keyframe_insert("location", frame=9)
    assert remove(hero) == done.action.name
    assert done.action.use_fake_user


def test_a_result_is_known_after_reopening(hero: bpy.types.Object, tmp_path: Path) -> None:
    added_to_a_track(hero)
    look_around()
    before = snapshot(bpy.context.scene)
    run(hero)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hero.blend"))
    look_around()
    run(bpy.data.objects["hero"], Wrist.NONE)
    assert remove(bpy.data.objects["hero"]) is None
    look_around()
    assert differences(before, snapshot(bpy.context.scene)) == []


def test_what_was_never_retargeted_cannot_go_back(hero: bpy.types.Object) -> None:
    with pytest.raises(RetargetError, match="The rig hero has no keys of Retarget"):
        remove(hero)
    action = run(hero)
    track = hero.animation_data.nla_tracks.new()
    track.name = "hands"
    track.strips.new("hands", 1, action)
    hero.animation_data.action = None
    with pytest.raises(RetargetError, match="but in the NLA track hands"):
        remove(hero)


def test_tweak_mode_is_refused(hero: bpy.types.Object) -> None:
    track(hero).strips[0].select = True
    hero.animation_data.action = None
    hero.animation_data.nla_tracks.active = hero.animation_data.nla_tracks[0]
    hero.animation_data.use_tweak_mode = True
    assert hero.animation_data.use_tweak_mode
    before = snapshot(bpy.context.scene)
    with pytest.raises(RetargetError, match="tweak mode"):
        run(hero)
    assert differences(before, snapshot(bpy.context.scene)) == []


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("case", [plain, no_animation, solo, added_to_a_track], ids=lambda case: case.__name__)
@pytest.mark.parametrize("retargeted", [False, True])
def test_a_preview_shows_it_and_leaves_no_trace(case: Callable, retargeted: bool, hero: bpy.types.Object) -> None:
    case(hero)
    if retargeted:
        run(hero, Wrist.NONE)
    settings = bpy.context.scene.dahyf_hands
    settings.retarget_target, settings.retarget_preset = hero, "mixamo"
    settings.retarget_human_wrist = False
    look_around()
    before = snapshot(bpy.context.scene)
    bpy.ops.dahyf_hands.preview_retarget()
    assert worst_angle(captured_hands(), hero, MIXAMO) < 1.0
    settings.retarget_wrist = "NONE"
    assert worst_angle(captured_hands(), hero, MIXAMO) > 5
    look_around()
    bpy.ops.dahyf_hands.preview_retarget()
    settings.retarget_wrist = "ROTATION"
    look_around()
    assert differences(before, snapshot(bpy.context.scene)) == []


@pytest.mark.usefixtures("registered")
def test_the_operators_do_the_same(hero: bpy.types.Object) -> None:
    look_around()
    before = snapshot(bpy.context.scene)
    assert bpy.ops.dahyf_hands.retarget(target="hero", preset="mixamo", human_wrist=False) == {"FINISHED"}
    assert worst_angle(captured_hands(), hero, MIXAMO) < 1.0
    look_around()
    assert bpy.ops.dahyf_hands.remove_retarget(target="hero") == {"FINISHED"}
    look_around()
    assert differences(before, snapshot(bpy.context.scene)) == []
