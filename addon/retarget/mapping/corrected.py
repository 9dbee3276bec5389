"""The mapping of a rig that the user corrected. It is stored with the rig."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import bpy

from ...errors import RetargetError
from ...narrowing import armature_of, attach, string_property
from ...shared.names import SIDES
from ...shared.rig_joints import FINGERS, HAND, HAND_IK, all_joints, finger_joints, hand_joint
from .choice import AUTOMATIC, choose_preset
from .presets import Preset, fitted

PROPERTY: Final = "dahyf_hands_mapping"
CORRECTED: Final = "CORRECTED"
"""Identifier of the rig's corrected mapping in the menu of presets."""

PARTS: Final = {HAND: "hand bone or FK control", HAND_IK: "IK control of the hand"}


def joint_property(joint: str) -> object:
    """The property with the bone of one joint. The label of `LEFT_INDEX_PROXIMAL` is Left Index Proximal."""
    side, _, part = joint.partition("_")
    what = PARTS.get(part, f"{part.replace('_', ' ').lower()} bone")
    return string_property(
        joint.replace("_", " ").title().replace("Ik", "IK"),
        f"The rig's {side.lower()} {what}. Not set: the rig has none",
    )


class DAHYF_HANDS_PG_mapping(bpy.types.PropertyGroup):
    """A bone name for each joint of two hands, and the preset that it was filled in from, which has the IK switches."""

    if TYPE_CHECKING:
        begun_with: str


DAHYF_HANDS_PG_mapping.__annotations__ = {
    "begun_with": string_property("Begun With", "Preset that the mapping was filled in from"),
    **{joint: joint_property(joint) for joint in all_joints()},
}


def mapping_of(armature: bpy.types.Object) -> DAHYF_HANDS_PG_mapping:
    """The mapping that is stored with a rig."""
    return getattr(armature, PROPERTY)


def bones_of(mapping: DAHYF_HANDS_PG_mapping) -> dict[str, str]:
    """The bones by joint, for joints that have one."""
    return {joint: bone for joint in all_joints() if (bone := getattr(mapping, joint))}


def fill_in(armature: bpy.types.Object, identifier: str) -> None:
    """Fill a rig's mapping in from a preset or from Automatic. It is empty where Automatic finds no hands.

    Raises RetargetError where the preset does not exist or is damaged.
    """
    try:
        preset = choose_preset(armature, identifier)
    except RetargetError:
        if identifier != AUTOMATIC:
            raise
        identifier, preset = "", Preset(armature.name, {})
    put(armature, fitted(preset, armature_of(armature).bones.keys()).bones)
    mapping_of(armature).begun_with = identifier


def put(armature: bpy.types.Object, bones: Mapping[str, str]) -> None:
    """Set the bones of a rig's mapping, and clear all other joints."""
    for joint in all_joints():
        setattr(mapping_of(armature), joint, bones.get(joint, ""))


def corrected_preset(armature: bpy.types.Object) -> Preset:
    """A rig's mapping as a preset. Raises RetargetError where there is none, or it has a mistake."""
    mapping = mapping_of(armature)
    bones = bones_of(mapping)
    if not bones:
        raise RetargetError(f"The rig {armature.name} has no mapping yet.", "Press Correct Mapping.")
    for mistake in mistakes(armature):
        raise RetargetError(mistake, "Press Correct Mapping.")
    switches = choose_preset(armature, mapping.begun_with).ik_switches if mapping.begun_with else {}
    return Preset(armature.name, bones, "a mapping that was corrected by hand", switches)


def mistakes(armature: bpy.types.Object) -> Iterator[str]:
    """Sentences on mistakes in a rig's mapping: bones that do not exist, and bones used for two joints."""
    seen: dict[str, str] = {}
    for joint, bone in bones_of(mapping_of(armature)).items():
        if bone not in armature_of(armature).bones:
            yield f"The rig {armature.name} has no bone {bone} for {joint}."
        elif bone in seen:
            yield f"The bone {bone} of the rig {armature.name} is used for {seen[bone]} and for {joint}."
        seen[bone] = joint


def draw(layout: bpy.types.UILayout, armature: bpy.types.Object) -> None:
    """Draw the bone names of both hands of a rig, and the mistakes in its mapping."""
    if not bones_of(mapping_of(armature)):
        layout.label(text=f"No hands were found in {armature.name}: choose the bones of one or both", icon="INFO")
    for side in SIDES:
        draw_hand(layout.box(), armature, side)
    for mistake in mistakes(armature):
        layout.label(text=mistake, icon="ERROR")


def draw_hand(layout: bpy.types.UILayout, armature: bpy.types.Object, side: str) -> None:
    """Draw the bone names of one hand, laid out like a hand seen from its back, tips at the top."""
    mapping = mapping_of(armature)
    layout.label(text=f"{side.title()} Hand")
    fingers = FINGERS if side == "right" else tuple(reversed(FINGERS))
    row = layout.row()
    for finger in fingers:
        column = row.column(align=True)
        column.label(text=finger.title())
        for joint in reversed(finger_joints(side, finger)):
            column.prop_search(mapping, joint, armature.data, "bones", text="")
    row = layout.row()
    for part, title in ((HAND, "Hand"), (HAND_IK, "IK Control")):
        row.prop_search(mapping, hand_joint(side, part), armature.data, "bones", text=title)


CLASSES = (DAHYF_HANDS_PG_mapping,)


def register() -> None:
    """Attach mappings to objects."""
    attach(bpy.types.Object, PROPERTY, DAHYF_HANDS_PG_mapping)


def unregister() -> None:
    """Detach them."""
    delattr(bpy.types.Object, PROPERTY)
