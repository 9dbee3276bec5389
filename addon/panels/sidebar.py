"""The sidebar of the 3D View: its first sections, which are about a new capture, and what all sections share."""

import textwrap

import bpy

from .. import job, preferences, properties
from ..operators.capture import DAHYF_HANDS_OT_capture

CHARACTER_PIXELS = 7.0


class SidebarPanel:
    """Where all panels of the add-on stand."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DaHyF Hands"


def split_column(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column of settings, names to the left."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


class DAHYF_HANDS_PT_footage(SidebarPanel, bpy.types.Panel):
    """Which pictures the hands are taken from"""

    bl_label = "Footage"

    def draw(self, context: bpy.types.Context) -> None:
        settings = properties.settings_of(context.scene)
        self.layout.prop(settings, "footage", text="")
        column = split_column(self.layout)
        column.prop(settings, "mirrored")
        if properties.is_sequence(settings.footage):
            column.prop(settings, "sequence_rate")
        column.prop(settings, "use_range")
        if settings.use_range:
            row = column.row(align=True)
            row.use_property_split = False
            row.prop(settings, "range_start")
            row.prop(settings, "range_end")


class DAHYF_HANDS_PT_lens(SidebarPanel, bpy.types.Panel):
    """How wide the camera sees"""

    bl_label = "Lens"

    def draw(self, context: bpy.types.Context) -> None:
        settings = properties.settings_of(context.scene)
        column = split_column(self.layout)
        column.prop(settings, "lens", text="Known By")
        for name in LENS_PROPERTIES[settings.lens]:
            column.prop(settings, name)


class DAHYF_HANDS_PT_capture(SidebarPanel, bpy.types.Panel):
    """Capture the hands, and key them"""

    bl_label = "Capture"

    def draw(self, context: bpy.types.Context) -> None:
        settings = properties.settings_of(context.scene)
        column = split_column(self.layout)
        for name in ("max_hands", "lost", "set_scene"):
            column.prop(settings, name)
        draw_action(self.layout, context)
        draw_failure(self.layout, context)
        self.layout.operator("dahyf_hands.import_capture", icon="IMPORT")


LENS_PROPERTIES = {
    "UNKNOWN": (),
    "FOV": ("field_of_view",),
    "FOCAL_MM": ("focal_mm", "sensor_mm"),
    "FOCAL_PX": ("focal_px",),
}


def draw_action(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What can be done now: watch the work, set up the core, or capture."""
    if job.is_running():
        job.draw_progress(layout)
    elif preferences.core_interpreter(preferences.preferences_of(context)) is None:
        layout.label(text="The core is not installed yet.", icon="INFO")
        layout.operator("dahyf_hands.set_up_environment", icon="IMPORT")
    else:
        row = layout.row()
        row.scale_y = 1.6
        row.operator(DAHYF_HANDS_OT_capture.bl_idname, icon="VIEW_PAN")


def draw_failure(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The last error with its remedy, wrapped to the sidebar's width."""
    if job.failure is None:
        return
    width = context.region.width / context.preferences.system.ui_scale
    box = layout.box().column()
    box.scale_y = 0.8
    for index, text in enumerate((job.failure["text"], job.failure.get("remedy", ""))):
        for number, line in enumerate(textwrap.wrap(text, max(int(width / CHARACTER_PIXELS) - 6, 12))):
            box.label(text=line, icon="ERROR" if index == number == 0 else "BLANK1")


CLASSES = (DAHYF_HANDS_PT_footage, DAHYF_HANDS_PT_lens, DAHYF_HANDS_PT_capture)
