"""The Retarget section: move captured hands to the hands of a character's rig."""

import bpy

from .. import drawing, retarget
from ..narrowing import Icon, present
from ..operators.captures import NO_HANDS, captures
from ..operators.retarget import (
    DAHYF_HANDS_OT_edit_mapping,
    DAHYF_HANDS_OT_make_override,
    DAHYF_HANDS_OT_preview_retarget,
    DAHYF_HANDS_OT_remove_retarget,
    DAHYF_HANDS_OT_retarget,
    DAHYF_HANDS_OT_save_preset,
    chosen_object,
    obstacle,
)
from ..retarget.writing import preview
from ..settings import capture_properties
from .sidebar import SidebarPanel


class DAHYF_HANDS_PT_retarget(SidebarPanel, bpy.types.Panel):
    """Key a character's hands from the captured hands"""

    bl_label = "Retarget"

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(present(context.scene))
        if not captures(present(context.scene)) and not preview.previewing(present(context.scene)):
            drawing.wrapped(self.layout, context, f"{NO_HANDS}.", "INFO")
            return
        column = drawing.split_column(self.layout)
        for name in ("target", "source", "preset", "hands", "mirror", "wrist"):
            column.prop(settings, f"retarget_{name}")
        arm = column.row()
        arm.active = settings.retarget_wrist == "ROTATION"
        arm.prop(settings, "retarget_arm")
        with_wrist = column.column()
        with_wrist.active = settings.retarget_wrist != "NONE"
        with_wrist.prop(settings, "retarget_human_wrist")
        with_wrist.prop(settings, "retarget_space")
        row = column.row(heading="Start Frame")
        row.prop(settings, "retarget_use_start_frame", text="")
        value = row.row()
        value.active = settings.retarget_use_start_frame
        value.prop(settings, "retarget_start_frame", text="")
        column.separator()
        self.layout.operator(DAHYF_HANDS_OT_edit_mapping.bl_idname, icon="VIEW_PAN")
        reason = obstacle(context)
        shown = preview.previewing(present(context.scene))
        text = f"End Preview on {shown.name}" if shown else "Preview"
        icon: Icon = "HIDE_OFF" if shown else "HIDE_ON"
        self.layout.operator(DAHYF_HANDS_OT_preview_retarget.bl_idname, text=text, icon=icon, depress=bool(shown))
        row = self.layout.row()
        row.scale_y = 1.6
        row.enabled = reason is None
        fill_in(row.operator(DAHYF_HANDS_OT_retarget.bl_idname, icon="ARMATURE_DATA"), settings)
        draw_remove(self.layout, context, settings)
        if retarget.linked_reason(chosen_object(context)):
            self.layout.operator(DAHYF_HANDS_OT_make_override.bl_idname, icon="LIBRARY_DATA_OVERRIDE")
        button = self.layout.operator(DAHYF_HANDS_OT_save_preset.bl_idname, icon="EXPORT")
        button.target, button.preset = target_name(settings), settings.retarget_preset
        drawing.draw_state(self.layout, context, "retarget", reason)


def draw_remove(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: capture_properties.DAHYF_HANDS_PG_settings
) -> None:
    """The button that removes the keys of Retarget from the rig; greyed out where it has none, or is linked."""
    rig = chosen_object(context)
    row = layout.row()
    row.enabled = rig is not None and retarget.has_result(rig) and not retarget.linked_reason(rig)
    row.operator(DAHYF_HANDS_OT_remove_retarget.bl_idname, icon="X").target = target_name(settings)


def fill_in(button: bpy.types.OperatorProperties, settings: capture_properties.DAHYF_HANDS_PG_settings) -> None:
    """Pass the panel's settings to the button."""
    button.target = target_name(settings)
    button.source = settings.retarget_source.name if settings.retarget_source else ""
    button.preset = settings.retarget_preset
    button.hands = settings.retarget_hands
    button.wrist = settings.retarget_wrist
    button.arm = settings.retarget_arm
    button.human_wrist = settings.retarget_human_wrist
    button.space = settings.retarget_space
    button.mirror = settings.retarget_mirror
    if settings.retarget_use_start_frame:
        button.start_frame = settings.retarget_start_frame


def target_name(settings: capture_properties.DAHYF_HANDS_PG_settings) -> str:
    """The name of the chosen rig, or nothing."""
    return settings.retarget_target.name if settings.retarget_target else ""


CLASSES = (DAHYF_HANDS_PT_retarget,)
