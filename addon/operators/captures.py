"""Several captures in one scene: choose among them."""

import bpy

from .. import retarget
from ..cleaning import recleaning
from ..scene import scene_import
from .polling import allows

NO_HANDS = "Capture hands or import a capture first"
RootAndHands = tuple[bpy.types.Object, list[bpy.types.Object]]


def captures(scene: bpy.types.Scene) -> list[RootAndHands]:
    """The root of each capture in a scene, and its hands."""
    captured = [found for found in scene.objects if retarget.CAPTURE_PROPERTY in found]
    return [
        (root, [hand for hand in captured if hand.parent == root and recleaning.is_hand_rig(hand)])
        for root in captured
        if root.type == "EMPTY"
    ]


class DAHYF_HANDS_OT_select_hands(bpy.types.Operator):
    """Select the hands of this capture, to clean or retarget them"""

    bl_idname = "dahyf_hands.select_hands"
    bl_label = "Select Captured Hands"
    bl_options = {"REGISTER", "UNDO"}

    root: bpy.props.StringProperty(
        name="Capture", description="Name of the empty above the hands; empty: the capture imported last"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, None if captures(context.scene) else NO_HANDS)

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = captures(context.scene)
        root, hands = next((each for each in found if each[0].name == self.root), found[-1])
        scene_import.leave_mode(context)
        scene_import.select(context.view_layer, hands or [root])
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_select_hands,)
