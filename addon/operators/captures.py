"""Several captures in one scene: show one of them, or set the scene up for it."""

import bpy

from ..cleaning import recleaning
from ..narrowing import OperatorMixin, OperatorResult, present
from ..scene import scene_import, scene_setup, views
from .poll_message import allows

NO_HANDS = "Capture hands or import a capture first"
RootAndHands = tuple[bpy.types.Object, list[bpy.types.Object]]


def captures(scene: bpy.types.Scene) -> list[RootAndHands]:
    """The root of each capture in a scene, and its hands."""
    return [
        (root, [child for child in scene.objects if child.parent == root and recleaning.is_hand_rig(child)])
        for root in scene_setup.capture_roots(scene)
    ]


def screens(context: bpy.types.Context) -> list[bpy.types.Screen]:
    """The screen of the window; none without a window."""
    return [context.window.screen] if context.window else []


class CaptureChoice(OperatorMixin):
    """Mix into an operator that works on one capture of the scene."""

    root: bpy.props.StringProperty(
        name="Capture", description="Name of the parent empty of the hands. Not set: the capture imported last"
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, None if captures(present(context.scene)) else NO_HANDS)

    def show(self, context: bpy.types.Context) -> bpy.types.Object:
        """Show the chosen capture alone, its hands selected. Returns its root."""
        found = captures(present(context.scene))
        root, hands = next((each for each in found if each[0].name == self.root), found[-1])
        scene_import.leave_mode(context)
        scene_setup.switch(present(context.scene), present(context.view_layer), root)
        scene_import.select(present(context.view_layer), hands or [root])
        return root


class DAHYF_HANDS_OT_select_hands(CaptureChoice, bpy.types.Operator):
    """Show the hands of this capture and hide those of other captures. If the scene was set up for another capture, its
    camera, footage, picture size and range change to those of this one"""

    bl_idname = "dahyf_hands.select_hands"
    bl_label = "Show Captured Hands"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        self.show(context)
        views.fit_picture(screens(context), present(context.scene).render)
        return {"FINISHED"}


class DAHYF_HANDS_OT_set_up_scene(CaptureChoice, bpy.types.Operator):
    """Set the scene's camera, picture size and range to those of this capture, and look through the camera. The frame
    rate stays: the hands keep their speed at any rate"""

    bl_idname = "dahyf_hands.set_up_scene"
    bl_label = "Set Up Scene"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene_setup.set_up(present(context.scene), self.show(context))
        views.look_through_camera(screens(context), present(context.scene).render)
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_select_hands, DAHYF_HANDS_OT_set_up_scene)
