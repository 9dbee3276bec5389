"""VRM's names of the joints of two hands, which presets of Retarget use for the bones of any rig."""

from typing import Final

from . import names
from .names import BONE_NAMES, SIDES

LITTLE: Final = "little"
FINGERS: Final = tuple(LITTLE if finger == "pinky" else finger for finger in names.FINGERS)
"""The fingers in the order of `names.FINGERS`. VRM calls the last one `little`."""

SEGMENTS: Final = {
    finger: (
        "METACARPAL" if finger == "thumb" else "PROXIMAL",
        "PROXIMAL" if finger == "thumb" else "INTERMEDIATE",
        "DISTAL",
    )
    for finger in FINGERS
}
"""The three bones of a finger, from the palm to the tip, without the metacarpals inside the palm: MANO has none."""

MANO_BONES: Final = {
    finger: tuple(BONE_NAMES.index(f"{name}{number}") for number in (1, 2, 3))
    for finger, name in zip(FINGERS, names.FINGERS, strict=True)
}
"""Indices of the three bones of each finger in MANO's order."""

HAND: Final = "HAND"
HAND_IK: Final = "HAND_IK"
"""The control that moves the hand when the arm follows it. Few rigs have one."""


def hand_joint(side: str, part: str = HAND) -> str:
    """`LEFT_HAND`, `RIGHT_HAND_IK`."""
    return f"{side.upper()}_{part}"


def finger_joints(side: str, finger: str) -> tuple[str, str, str]:
    """The three joints of a finger, from the palm to the tip: `RIGHT_INDEX_PROXIMAL`, ..."""
    first, second, third = (f"{side.upper()}_{finger.upper()}_{segment}" for segment in SEGMENTS[finger])
    return first, second, third


def all_joints() -> tuple[str, ...]:
    """Every name that a preset may map."""
    return tuple(joint for side in SIDES for joint in side_joints(side))


def side_joints(side: str) -> tuple[str, ...]:
    """The names of one hand: its controls, then its fingers from the thumb to the little one."""
    fingers = (joint for finger in FINGERS for joint in finger_joints(side, finger))
    return (hand_joint(side), hand_joint(side, HAND_IK), *fingers)


def side_of(joint: str) -> str:
    """`left` or `right`."""
    return joint.partition("_")[0].lower()
