"""The rig that is driven: its bones at rest, and the hands that a preset finds in it."""

from collections.abc import Mapping

import bpy
import numpy as np

from ..errors import RetargetError
from .joints import FINGERS, finger_joints, hand_joint
from .presets import Preset
from .solve import FEWEST_KNUCKLES, RestBone, TargetHand, common_knuckles


def rest_bones(armature: bpy.types.Object) -> dict[str, RestBone]:
    """All bones of a rig at rest, in its own axes."""
    return {
        bone.name: RestBone(
            name=bone.name,
            parent=bone.parent.name if bone.parent else None,
            head=np.array(bone.head_local, np.float64),
            tail=np.array(bone.tail_local, np.float64),
            orientation=np.array(bone.matrix_local.to_3x3(), np.float64),
        )
        for bone in armature.data.bones
    }


def target_hand(rig_name: str, bones: Mapping[str, RestBone], preset: Preset, side: str) -> TargetHand:
    """A hand of a rig as a preset finds it; fingers and bones that it lacks are left out. Raises RetargetError."""
    wrist = preset.bones.get(hand_joint(side))
    if wrist is None:
        raise RetargetError(
            f"The rig {rig_name} has no bone for {hand_joint(side)} by the preset {preset.name}.",
            "Choose another preset or Automatic, or save a preset and name the bone there.",
        )
    fingers = {}
    for finger in FINGERS:
        found = [preset.bones.get(joint) for joint in finger_joints(side, finger)]
        fingers[finger] = {segment: bones[name] for segment, name in enumerate(found) if name is not None}
    hand = TargetHand(bones[wrist], fingers)
    if len(common_knuckles(hand)) < FEWEST_KNUCKLES:
        raise RetargetError(
            f"The rig {rig_name} has fewer than two fingers at {wrist} by the preset {preset.name}: "
            "the palm cannot be told from the back of the hand.",
            "Choose another preset or Automatic, or save a preset and name their bones there.",
        )
    return hand


def missing_fingers(hand: TargetHand) -> list[str]:
    """The fingers that a hand lacks."""
    return [finger for finger in FINGERS if not hand.fingers[finger]]
