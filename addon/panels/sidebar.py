"""The sidebar of the 3D View: its first sections, which are about a new capture, and what all sections share."""

from collections.abc import Sequence
from typing import Final

import bpy

from .. import drawing
from ..backend import job, notices
from ..cleaning import recleaning, span_markers
from ..narrowing import PanelMixin, present
from ..operators.capture import DAHYF_HANDS_OT_capture
from ..operators.captures import DAHYF_HANDS_OT_select_hands, DAHYF_HANDS_OT_set_up_scene, captures
from ..operators.choose_footage import DAHYF_HANDS_OT_choose_footage
from ..scene import footage, scene_setup
from ..scene.references import absolute
from ..settings import capture_properties, clean_properties, display_properties, preferences
from .presets import DAHYF_HANDS_PT_cameras, DAHYF_HANDS_PT_capture_presets

THUMBNAIL_SIZE: Final = 6.0
LENS_PROPERTIES: Final = {
    "UNKNOWN": (),
    "FOV": ("field_of_view",),
    "FOCAL_MM": ("focal_mm", "sensor_mm"),
    "FOCAL_PX": ("focal_px",),
}


class SidebarPanel(PanelMixin):
    """What all panels of the add-on share: their place in the sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "DaHyF Hands"
    layout: bpy.types.UILayout


class DAHYF_HANDS_PT_footage(SidebarPanel, bpy.types.Panel):
    """Footage of the hands"""

    bl_label = "Footage"

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(present(context.scene))
        row = self.layout.row(align=True)
        if settings.footage:
            row.prop(settings, "footage", text="")
        row.operator(DAHYF_HANDS_OT_choose_footage.bl_idname, text="" if settings.footage else None, icon="FILE_FOLDER")
        if settings.footage:
            draw_facts(self.layout, context, settings)
        column = drawing.split_column(self.layout)
        column.prop(settings, "mirrored")
        if settings.has_sequence:
            column.prop(settings, "use_sequence")
        is_sequence = capture_properties.is_sequence(settings.footage)
        column.prop(settings, "sequence_rate" if is_sequence else "deinterlace")
        column.prop(settings, "use_range")
        if settings.use_range:
            row = column.row(align=True)
            row.use_property_split = False
            row.prop(settings, "range_start")
            row.prop(settings, "range_end")


def draw_facts(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: capture_properties.DAHYF_HANDS_PG_settings
) -> None:
    """A thumbnail of the footage with size, rate and length below it, or why it cannot be captured."""
    if obstacle := capture_properties.footage_obstacle(settings):
        drawing.wrapped(layout, context, obstacle, "ERROR")
        return
    facts = capture_properties.describe_footage(settings)
    if not facts:
        drawing.wrapped(layout, context, "Blender cannot show this footage; Capture Hands tries to read it.", "INFO")
        return
    icon = footage.thumbnail(absolute(settings.footage))
    if icon:
        layout.template_icon(icon_value=icon, scale=THUMBNAIL_SIZE)
    row = layout.row()
    row.alignment = "CENTER"
    row.label(text=facts, translate=False)


class DAHYF_HANDS_PT_lens(SidebarPanel, bpy.types.Panel):
    """Angle of view of the camera"""

    bl_label = "Lens"

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(present(context.scene))
        column = drawing.split_column(self.layout)
        column.prop(settings, "lens")
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
        settings = capture_properties.settings_of(present(context.scene))
        column = drawing.split_column(self.layout)
        for name in ("max_hands", "quality", "lost", "scene_setup", "start_frame", "capture_file"):
            column.prop(settings, name)
        draw_action(self.layout, context, settings)
        self.layout.operator("dahyf_hands.import_capture", icon="IMPORT")
        self.layout.operator("dahyf_hands.import_result")
        draw_captures(self.layout, context)


def draw_action(
    layout: bpy.types.UILayout, context: bpy.types.Context, settings: capture_properties.DAHYF_HANDS_PG_settings
) -> None:
    """The button that can be used now, Set Up or Capture, with its progress or its result."""
    chosen = preferences.preferences_of(context)
    if preferences.core_interpreter(chosen) is None or job.is_running("set_up"):
        if not job.is_running("set_up"):
            drawing.wrapped(layout, context, preferences.core_state(chosen).text, "INFO")
        drawing.draw_set_up(layout, context, bool(chosen.bundle))
        return
    stopped = capture_properties.stopped_at(settings)
    text = f"Resume ({stopped[0]} of {stopped[1]} done)" if stopped else DAHYF_HANDS_OT_capture.bl_label
    drawing.draw_button_or_progress(layout, "capture", DAHYF_HANDS_OT_capture.bl_idname, text, "VIEW_PAN")
    if notices.of("set_up") is not None:
        drawing.draw_state(layout, context, "set_up", None)
    else:
        drawing.draw_state(layout, context, "capture", job.obstacle() or obstacle(context, settings))


def obstacle(context: bpy.types.Context, settings: capture_properties.DAHYF_HANDS_PG_settings) -> str | None:
    """Why nothing can be captured, or None. The Footage section itself says what is wrong with the footage."""
    if settings.footage and capture_properties.footage_obstacle(settings):
        return "Choose other footage first"
    return DAHYF_HANDS_OT_capture.obstacle(context)


def draw_captures(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The captures of the scene, one a row: a button that shows its hands, and one that sets up the scene for it."""
    found = captures(present(context.scene))
    if not found:
        return
    column = layout.column(align=True)
    column.label(text="In This Scene")
    for root, hands in found:
        sides = ", ".join(hand["dahyf_side"] for hand in hands)
        row = column.row(align=True)
        row.operator(
            DAHYF_HANDS_OT_select_hands.bl_idname,
            text=f"{scene_setup.title(root)}: {sides or 'no hands'}",
            icon="RADIOBUT_ON" if scene_setup.is_shown(present(context.view_layer), root) else "RADIOBUT_OFF",
            translate=False,
        ).root = root.name
        row.operator(DAHYF_HANDS_OT_set_up_scene.bl_idname, text="", icon="SCENE_DATA").root = root.name
        if scene_setup.is_shown(present(context.view_layer), root):
            draw_worst_spans(column, present(context.scene), hands)
    column = drawing.split_column(layout)
    settings = display_properties.settings_of(present(context.scene))
    column.prop(settings, "opacity")
    column.prop(settings, "wire")


def draw_worst_spans(layout: bpy.types.UILayout, scene: bpy.types.Scene, hands: Sequence[bpy.types.Object]) -> None:
    """A button for each hand with a bad span, which goes to its longest one."""
    threshold = clean_properties.settings_of(scene).threshold
    for hand in hands:
        if span := span_markers.worst_span(hand, threshold):
            text = f"{hand[recleaning.SIDE].capitalize()}: worst {span_markers.in_words(span)}"
            button = layout.operator("dahyf_hands.jump_to_worst_span", text=text, icon="ZOOM_SELECTED", translate=False)
            button.hand = hand.name


CLASSES = (DAHYF_HANDS_PT_footage, DAHYF_HANDS_PT_lens, DAHYF_HANDS_PT_capture)
