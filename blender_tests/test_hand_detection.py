"""Hands in rigs without a preset are found right or refused, for any names, rotation, mirroring and extra bones."""

import json
from collections import Counter
from collections.abc import Mapping

import bpy
import numpy as np
import pytest
from conftest import MakeCapture
from known_rigs import DATA, FACTS, RIGIFY, expected_bones
from mathutils import Matrix
from people import EXTRAS, Bones, Person, any_turn, build_person, placed, renamed, swapped
from rig_factory import Style, build_rig, without
from rig_outcome import outcome

from addon.errors import RetargetError
from addon.retarget import AUTOMATIC, capture_sources, choose_preset, retarget
from addon.retarget.mapping.automatic import find_hands, preset_of
from addon.retarget.mapping.bone_names import read_name
from addon.retarget.mapping.corrected import corrected_preset
from addon.retarget.mapping.presets import SHIPPED, Preset, best_preset, preset_files, read_preset, usable
from addon.retarget.rest import RestBone
from addon.scene.timing import Timeline
from addon.shared.names import SIDES
from addon.shared.rig_joints import FINGERS, all_joints, finger_joints, hand_joint

PRESETS = {name: read_preset(path) for name, path in preset_files(SHIPPED).items()}
TWO_HANDED = {name: preset for name, preset in PRESETS.items() if len({joint[0] for joint in preset.bones}) == 2}
MIRROR = np.diag([-1.0, 1.0, 1.0])
NAMINGS = ("named", "numbers", "sides", "mirrored")


def found(bones: Mapping[str, RestBone]) -> dict[str, str]:
    return dict(preset_of("rig", find_hands(bones)).bones)


def any_person(rng: np.random.Generator) -> Person:
    lacking = rng.choice(FINGERS[1:], size=rng.integers(0, 3), replace=False) if rng.random() < 0.4 else ()
    return Person(
        arm_drop=rng.uniform(0, 1.4),
        bend=rng.uniform(0, 0.5),
        fingers=tuple(finger for finger in FINGERS if finger not in lacking),
        sides=SIDES if rng.random() < 0.9 else (SIDES[rng.integers(2)],),
        extras=tuple(rng.choice(EXTRAS, size=rng.integers(0, 5), replace=False)),
        ends=rng.random() < 0.3,
        metacarpals=rng.random() < 0.3,
        hand_size=rng.uniform(0.8, 1.6),
    )


def names_for(bones: Mapping[str, RestBone], naming: str) -> dict[str, str]:
    """The names of bones as they are, or numbers alone, or numbers and sides."""
    if naming == "named":
        return {name: name for name in bones}
    endings = {name: name[-2:] if naming == "sides" and name[-2:] in (".L", ".R") else "" for name in bones}
    return {name: f"Bone.{number:03}{endings[name]}" for number, name in enumerate(bones)}


def from_the_thumb(truth: Mapping[str, str], fingers: tuple[str, ...]) -> dict[str, str]:
    """The joints of fingers that no name tells: they are taken in order from the thumb on."""
    order = {finger: FINGERS[place] for place, finger in enumerate(fingers)}
    joints = {}
    for side in SIDES:
        joints |= {joint: bone for joint, bone in truth.items() if joint == hand_joint(side)}
        for finger, taken in order.items():
            pairs = zip(finger_joints(side, finger), finger_joints(side, taken), strict=True)
            joints |= {new: truth[joint] for joint, new in pairs if joint in truth}
    return joints


@pytest.mark.parametrize("naming", NAMINGS)
def test_of_any_person_the_hands_are_found_or_refused(naming: str) -> None:
    """Wherever somebody stands and faces, whatever hangs from them; with names, or two like hands, they are found."""
    rng = np.random.default_rng(NAMINGS.index(naming))
    counts: Counter[str] = Counter()
    for _ in range(60):
        person = any_person(rng)
        bones, truth = build_person(person)
        turn = any_turn(rng) * rng.uniform(0.01, 100)
        if naming == "mirrored":
            turn, truth = turn @ MIRROR, swapped(truth)
        names = names_for(bones, naming)
        result = found(placed(renamed(bones, names), turn, rng.normal(scale=3, size=3)))
        expected = {joint: names[bone] for joint, bone in truth.items()}
        if naming != "named":
            expected = from_the_thumb(expected, person.fingers)
        sides = {joint.partition("_")[0] for joint in result}
        assert result == {joint: bone for joint, bone in expected.items() if joint.partition("_")[0] in sides}, person
        counts["found" if result else "refused"] += 1
        plain = "sword" not in person.extras and person.sides == SIDES
        assert result or (naming not in ("named", "sides") and not plain), person
    assert counts["found"] > counts["refused"]


SAME_IN_OTHER_WORDS = ("bvh_two_segments",)
"""Two bones a finger are the first and the last joint where no preset says otherwise."""

NOT_BY_SHAPE = ("cloudrig_human", "mmd_no_thumb0")
"""Controls at the same places as the bones that they move; end bones that look like phalanges."""


@pytest.mark.parametrize("naming", NAMINGS)
def test_of_rigs_that_others_made_the_hands_are_found_or_refused(naming: str) -> None:
    if not DATA.exists():
        pytest.skip(f"no rigs of others: {DATA}; set DAHYF_TEST_DATA to a folder that has them")
    rng = np.random.default_rng(5)
    counts: Counter[str] = Counter()
    for name, rigs in FACTS.items():
        if name.startswith(RIGIFY) or name in SAME_IN_OTHER_WORDS + NOT_BY_SHAPE:
            continue
        for row in json.loads((DATA / f"{name}.json").read_text("utf-8")):
            facts = rigs[row["object"]]
            if "begin at the same place" in facts.get("refused", "") or "does not rotate" in facts.get("refused", ""):
                continue
            bones = rest_of(row)
            names = names_for(bones, "numbers" if naming == "mirrored" else naming)
            turn = any_turn(rng) @ (MIRROR if naming == "mirrored" else np.eye(3))
            result = found(placed(renamed(bones, names), turn, rng.normal(size=3)))
            expected = {} if "refused" in facts else {j: names[bone] for j, bone in expected_bones(facts).items()}
            expected = swapped(expected) if naming == "mirrored" else expected
            assert result in (expected, {}), name
            counts["found" if result else "refused" if expected else "rightly refused"] += 1
    assert counts["found"] >= 18
    assert counts["refused"] <= 1


def rest_of(row: Mapping) -> dict[str, RestBone]:
    """The bones of a row of a rig's file."""
    bones = Bones()
    for bone in row["bones"]:
        rest = Matrix(bone["rest"])
        bones.add(bone["name"], bone["parent"], rest.translation, rest.to_3x3().col[1])
    return bones


LANGUAGES = {
    "french": (("Pouce", "Index", "Majeur", "Annulaire", "Auriculaire"), ("Gauche", "Droite"), "Main"),
    "spanish": (("Pulgar", "Índice", "Medio", "Anular", "Meñique"), ("Izq", "Der"), "Mano"),
    "german": (("Daumen", "Zeigefinger", "Mittelfinger", "Ringfinger", "Kleinfinger"), ("Links", "Rechts"), "Hand"),
    "italian": (("Pollice", "Indice", "Medio", "Anulare", "Mignolo"), ("Sinistra", "Destra"), "Mano"),
    "russian": (("Большой", "Указательный", "Средний", "Безымянный", "Мизинец"), ("Л", "П"), "Кисть"),
    "chinese": (("大拇指", "食指", "中指", "無名指", "小拇指"), ("左", "右"), "手腕"),
    "japanese": (("親指", "人差し指", "中指", "薬指", "小指"), ("左", "右"), "手首"),
    "korean": (("엄지", "검지", "중지", "약지", "소지"), ("왼", "오른"), "손"),
    "lower case": (("thumb", "index", "middle", "ring", "pinky"), ("left", "right"), "hand"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_finger_words_of_other_languages(language: str) -> None:
    fingers, sides, hand = LANGUAGES[language]
    bones, truth = build_person(Person(extras=("toes", "hair")))
    names = {name: name for name in bones}
    for side, word in zip(SIDES, sides, strict=True):
        names[truth[hand_joint(side)]] = f"{word}_{hand}"
        for finger, called in zip(FINGERS, fingers, strict=True):
            for number, joint in enumerate(finger_joints(side, finger), start=1):
                glue = "" if language in ("japanese", "lower case") else "_"
                names[truth[joint]] = f"{word}{glue}{called}{number}"
    assert found(renamed(bones, names)) == {joint: names[bone] for joint, bone in truth.items()}


@pytest.mark.parametrize(
    ("name", "finger", "side"),
    [
        ("RightHandIndex1", "index", "right"),
        ("f_pinky.02.L", "little", "left"),
        ("lefthandring2", "ring", "left"),
        ("L_Fore_1", "index", "left"),
        ("index_mid.R", "index", "right"),
        ("人差指先.L", "index", "left"),
        ("EarRing_L_1", None, "left"),
        ("SkirtMid_R_1", None, "right"),
        ("LeftForeArm", None, "left"),
        ("middle_toe.L", None, "left"),
        ("keyring", None, None),
        ("spring_l", None, "left"),
    ],
)
def test_what_names_say(name: str, finger: str | None, side: str | None) -> None:
    assert (read_name(name).finger, read_name(name).side) == (finger, side)


@pytest.mark.parametrize("name", TWO_HANDED)
def test_a_preset_that_fits_in_part_is_taken_with_the_names_of_what_is_missing(name: str) -> None:
    whole = TWO_HANDED[name]
    for finger in FINGERS:
        has = without(whole, f"_{finger.upper()}_")
        best = best_preset(PRESETS.values(), [*has.bones.values(), "toe1", "spine"])
        assert best is not None
        assert best.bones == has.bones
        lacking = whole.bones[finger_joints("left", finger)[0]]
        assert any(lacking in note for note in best.notes)


@pytest.mark.parametrize("finger", ["thumb", "ring"])
@pytest.mark.parametrize("name", ["auto_rig_pro", "rigify", "mpfb", "biped", "mmd_japanese"])
def test_what_a_preset_has_in_part_is_keyed(name: str, finger: str, make_capture: MakeCapture) -> None:
    has = without(PRESETS[name], f"_{finger.upper()}_")
    result = outcome(build_rig(has, Style(arm_drop=0.4, finger_bend=0.2, seed=2)), make_capture(frames=2))
    assert (result.preset, result.bones) == (PRESETS[name].name, has.bones)
    assert result.finger_angle < 1
    assert f"The rig rig has no left {finger}; it was left out." in result.warnings


@pytest.mark.parametrize("lacking", [("_HAND",), ("THUMB", "INDEX", "MIDDLE", "RING")])
def test_a_preset_without_the_hand_or_two_fingers_is_none(lacking: tuple[str, ...]) -> None:
    names = without(PRESETS["rigify"], *lacking).bones.values()
    assert best_preset(PRESETS.values(), names) is None


def test_names_may_differ_in_signs_capitals_and_numbers() -> None:
    for name in ("Bip01 L Hand", "bip002_l_hand", "ValveBiped.Bip01_L_Hand"):
        finger = name[:-4] + "Finger"
        bones = [name, f"{finger}1", f"{finger}11", f"{finger}2", f"{finger}21"]
        assert usable(best_preset(PRESETS.values(), bones)).bones["LEFT_HAND"] == name


def test_names_that_tell_no_side_leave_it_to_the_body() -> None:
    """WebXR's: the same for both hands."""
    webxr = PRESETS["webxr_left"]
    assert best_preset(PRESETS.values(), webxr.bones.values()) is None
    for side in SIDES:
        bones, truth = build_person(Person(sides=(side,)))
        names = {bone: webxr.bones[joint.replace(side.upper(), "LEFT")] for joint, bone in truth.items()}
        hand = renamed(bones, {name: names.get(name, name) for name in bones})
        alone = {name: hand[name] for name in webxr.bones.values()}
        alone["wrist"] = RestBone("wrist", None, hand["wrist"].head, hand["wrist"].tail, np.eye(3))
        assert found(alone) == {joint: names[bone] for joint, bone in truth.items()}


def test_a_copy_is_replaced_by_its_control() -> None:
    mixamo = PRESETS["mixamo"]
    rig = build_rig(mixamo)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for side in SIDES:
        held = rig.data.edit_bones[mixamo.bones[hand_joint(side)]]
        control = rig.data.edit_bones.new(f"control.{side}")
        control.head, control.tail, control.roll = held.head, held.tail, held.roll
    bpy.ops.object.mode_set(mode="OBJECT")
    for side in SIDES:
        copy = rig.pose.bones[mixamo.bones[hand_joint(side)]].constraints.new("COPY_TRANSFORMS")
        copy.target, copy.subtarget = rig, f"control.{side}"
    preset = choose_preset(rig, AUTOMATIC)
    assert preset.bones["LEFT_HAND"] == "control.left"
    assert "control.left for mixamorig:LeftHand" in preset.notes[0]
    assert preset.bones["LEFT_INDEX_PROXIMAL"] == mixamo.bones["LEFT_INDEX_PROXIMAL"]


VRM0_THUMB = {"METACARPAL": "Proximal", "PROXIMAL": "Intermediate", "DISTAL": "Distal"}


def vrm0_name(joint: str) -> str:
    side, *parts = joint.split("_")
    segment = VRM0_THUMB.get(parts[-1], "") if parts[0] == "THUMB" else parts[-1].title()
    return side.lower() + parts[0].title() + (segment if len(parts) > 1 else "")


def test_the_vrm_add_ons_map_is_read(registered: None) -> None:
    """The one that is in a file whose add-on is there, of either version, and the custom properties of old files."""
    joints = [joint for joint in all_joints() if "IK" not in joint]
    odd = Preset("odd", {joint: f"x{number}" for number, joint in enumerate(joints)})
    for write in (write_vrm1, write_vrm0, write_old_vrm0):
        rig = build_rig(odd)
        write(rig, odd.bones)
        preset = choose_preset(rig, AUTOMATIC)
        assert preset.name == "VRM human map", write
        assert preset.bones == odd.bones, write


def write_old_vrm0(rig: bpy.types.Object, bones: Mapping[str, str]) -> None:
    for joint, bone in bones.items():
        rig.data[vrm0_name(joint)] = bone


def write_vrm1(rig: bpy.types.Object, bones: Mapping[str, str]) -> None:
    human = {joint.lower(): {"node": {"bone_name": bone}} for joint, bone in bones.items()}
    store(rig, {"spec_version": "1.0", "vrm1": {"humanoid": {"human_bones": human}}})


def write_vrm0(rig: bpy.types.Object, bones: Mapping[str, str]) -> None:
    human = [{"bone": vrm0_name(joint), "node": {"bone_name": bone}} for joint, bone in bones.items()]
    store(rig, {"spec_version": "0.0", "vrm0": {"humanoid": {"human_bones": human}}})


def store(rig: bpy.types.Object, content: dict) -> None:
    """Store properties as an add-on that is now disabled would have."""
    get = getattr(rig.data, "bl_system_properties_get", None)
    owner = get(do_create=True) if get else rig.data
    owner["vrm_addon_extension"] = content


def test_an_end_bone_tells_where_a_finger_ends(make_capture: MakeCapture) -> None:
    """Even where the last bone's own length points elsewhere."""
    mixamo = PRESETS["mixamo"]
    rig = build_rig(mixamo)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    ends = {}
    for joint, name in mixamo.bones.items():
        if joint.endswith("DISTAL"):
            last = rig.data.edit_bones[name]
            end = rig.data.edit_bones.new(f"{name[:-1]}4")
            end.head, end.tail, end.parent = last.tail, last.tail + last.vector, last
            last.tail = last.head + last.vector.length * (last.vector.normalized() + 0.3 * last.x_axis)
            ends[joint] = end.name
    bpy.ops.object.mode_set(mode="OBJECT")
    assert outcome(rig, make_capture(frames=3), ends).finger_angle < 0.5


@pytest.mark.parametrize("change", ["unparented", "alone"])
def test_fingers_that_do_not_move_with_the_hand_are_refused(change: str, make_capture: MakeCapture) -> None:
    mixamo = PRESETS["mixamo"]
    rig = build_rig(mixamo)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = rig.data.edit_bones[mixamo.bones["RIGHT_INDEX_INTERMEDIATE"]]
    if change == "unparented":
        bone.parent = None
    else:
        bone.use_inherit_rotation = False
    bpy.ops.object.mode_set(mode="OBJECT")
    refusal = outcome(rig, make_capture(frames=2)).refusal
    assert bone_is_named(refusal, mixamo.bones["RIGHT_INDEX_INTERMEDIATE"])
    assert rig.animation_data is None or rig.animation_data.action is None


def bone_is_named(refusal: str, bone: str) -> bool:
    return refusal.startswith((f"The bone {bone} of the rig rig does not", f"The bone {bone} of the rig rig is not"))


def test_the_refusal_says_what_was_looked_for_and_the_remedy() -> None:
    rig = build_rig(without(PRESETS["mixamo"], "THUMB", "INDEX", "MIDDLE", "RING", "LITTLE"), name="hero")
    with pytest.raises(
        RetargetError, match=r"No hands were found in the rig hero: no bone at the end of a limb.*Choose"
    ):
        choose_preset(rig, AUTOMATIC)


def test_the_mapping_of_a_rig_without_hands_begins_empty_and_can_be_filled_in(
    make_capture: MakeCapture, registered: None
) -> None:
    whole = PRESETS["mixamo"]
    rig = build_rig(whole)
    feet = {name: f"foot.{number}" for number, name in enumerate(rig.data.bones.keys())}
    for name, foot in feet.items():
        rig.data.bones[name].name = foot
    bpy.context.view_layer.objects.active = rig
    assert bpy.ops.dahyf_hands.edit_mapping() == {"FINISHED"}
    mapping = rig.dahyf_hands_mapping
    assert not mapping.LEFT_HAND
    for joint, bone in whole.bones.items():
        if joint.startswith("LEFT"):
            setattr(mapping, joint, feet[bone])
    sources = capture_sources(make_capture(frames=2), Timeline())
    assert retarget(bpy.context, rig, sources, corrected_preset(rig)).hands == 1


def test_of_more_than_two_hands_the_others_are_named() -> None:
    """Two people in one armature, whom no preset knows."""
    bones, truth = build_person(Person())
    second = placed(renamed(bones, {name: f"b_{name}" for name in bones}), np.eye(3), np.array((2.0, 0, 0)))
    preset = preset_of("rig", find_hands({**bones, **second}))
    assert preset.bones == truth
    assert preset.notes == (
        "The rig rig has more than two hands: hand.L and hand.R are used, b_hand.L, b_hand.R left out.",
    )


def test_two_hands_are_those_of_one_body() -> None:
    """Though the fullest left hand and the fullest right one are of two people."""
    whole, truth = build_person(Person())
    one = {name: bone for name, bone in whole.items() if not name.startswith("little") or ".R" not in name}
    rest = {name: bone for name, bone in whole.items() if not name.startswith(("little", "ring")) or ".L" not in name}
    other = placed(renamed(rest, {name: f"b_{name}" for name in rest}), np.eye(3), np.array((2.0, 0, 0)))
    assert set(found({**other, **one}).values()) == set(truth.values()) & set(one)
