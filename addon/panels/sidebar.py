"""The sidebar of the 3D View: its first sections, which are about a new capture, and what all sections share."""

import textwrap
from typing import Final

import bpy

from ..backend import job
from ..operators.capture import DAHYF_HANDS_OT_capture
from ..operators.captures import DAHYF_HANDS_OT_select_hands, captures
from ..scene import footage
from ..settings import capture_properties, preferences
from .presets import DAHYF_HANDS_PT_cameras, DAHYF_HANDS_PT_capture_presets

CHARACTER_PIXELS: Final = 7.0
THUMBNAIL_SIZE: Final = 6.0
LENS_PROPERTIES: Final = {
    "UNKNOWN": (),
    "FOV": ("field_of_view",),
    "FOCAL_MM": ("focal_mm", "sensor_mm"),
    "FOCAL_PX": ("focal_px",),
}


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


def wrapped(layout: bpy.types.UILayout, context: bpy.types.Context, text: str, icon: str) -> None:
    """A sentence, wrapped to the sidebar's width."""
    width = context.region.width / context.preferences.system.ui_scale
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, max(int(width / CHARACTER_PIXELS) - 6, 12))):
        column.label(text=line, icon="BLANK1" if number else icon)


def draw_obstacle(layout: bpy.types.UILayout, context: bpy.types.Context, reason: str | None) -> None:
    """Why the button below is grey."""
    if reason:
        wrapped(layout, context, reason, "INFO")


class DAHYF_HANDS_PT_footage(SidebarPanel, bpy.types.Panel):
    """Which pictures the hands are taken from"""

    bl_label = "Footage"

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(context.scene)
        self.layout.prop(settings, "footage", text="")
        if settings.footage:
            draw_facts(self.layout, settings)
        column = split_column(self.layout)
        column.prop(settings, "mirrored")
        if capture_properties.is_sequence(settings.footage):
            column.prop(settings, "sequence_rate")
        column.prop(settings, "use_range")
        if settings.use_range:
            row = column.row(align=True)
            row.use_property_split = False
            row.prop(settings, "range_start")
            row.prop(settings, "range_end")


def draw_facts(layout: bpy.types.UILayout, settings: capture_properties.DAHYF_HANDS_PG_settings) -> None:
    """The first picture in small; size, rate and length beside it."""
    icon = footage.thumbnail(capture_properties.absolute(settings.footage))
    if icon:
        layout.template_icon(icon_value=icon, scale=THUMBNAIL_SIZE)
    facts = capture_properties.describe_footage(settings)
    row = layout.row()
    row.alignment = "CENTER"
    row.label(text=facts or "Blender cannot show this footage", icon="NONE" if facts else "INFO")


class DAHYF_HANDS_PT_lens(SidebarPanel, bpy.types.Panel):
    """How wide the camera sees"""

    bl_label = "Lens"

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(context.scene)
        column = split_column(self.layout)
        column.prop(settings, "lens", text="Known By")
        for name in LENS_PROPERTIES[settings.lens]:
            column.prop(settings, name)
        if settings.lens == "FOCAL_MM":
            DAHYF_HANDS_PT_cameras.draw_menu(self.layout)


class DAHYF_HANDS_PT_capture(SidebarPanel, bpy.types.Panel):
    """Capture the hands, and key them"""

    bl_label = "Capture"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        DAHYF_HANDS_PT_capture_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(context.scene)
        column = split_column(self.layout)
        for name in ("max_hands", "quality", "lost", "set_scene", "capture_file"):
            column.prop(settings, name)
        draw_action(self.layout, context)
        draw_failure(self.layout, context)
        self.layout.operator("dahyf_hands.import_capture", icon="IMPORT")
        draw_captures(self.layout, context)


def draw_action(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What can be done now: watch the work, set up the core, or capture."""
    if job.is_running():
        wrapped(layout, context, job.draw_progress(layout), "NONE")
    elif preferences.core_interpreter(preferences.preferences_of(context)) is None:
        wrapped(layout, context, "The core is not installed yet.", "INFO")
        layout.operator("dahyf_hands.set_up_environment", icon="IMPORT")
    else:
        draw_obstacle(layout, context, DAHYF_HANDS_OT_capture.obstacle(context))
        row = layout.row()
        row.scale_y = 1.6
        row.operator(DAHYF_HANDS_OT_capture.bl_idname, icon="VIEW_PAN")


def draw_failure(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The last error with its remedy, and a button that carries the remedy out where one can."""
    failure = job.failure
    if failure is None:
        return
    box = layout.box().column()
    box.alert = True
    wrapped(box, context, failure["text"], "ERROR")
    box.alert = False
    wrapped(box, context, failure.get("remedy", ""), "BLANK1")
    row = box.row()
    for name in job.remedies(failure):
        row.operator(name)
    row.operator("dahyf_hands.dismiss_error", text="Dismiss")


def draw_captures(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The captures of the scene, by the names of their roots; a click selects the hands."""
    found = captures(context.scene)
    if not found:
        return
    column = layout.column(align=True)
    column.label(text="In This Scene")
    for root, hands in found:
        sides = ", ".join(hand["dahyf_side"] for hand in hands)
        selected = any(hand.select_get() for hand in hands)
        column.operator(
            DAHYF_HANDS_OT_select_hands.bl_idname,
            text=f"{root.name.removesuffix('_root')}: {sides or 'no hands'}",
            icon="RADIOBUT_ON" if selected else "RADIOBUT_OFF",
        ).root = root.name


CLASSES = (DAHYF_HANDS_PT_footage, DAHYF_HANDS_PT_lens, DAHYF_HANDS_PT_capture)
