"""The Clean section: gate and smoothing of the selected hands, track edits, and their bad spans."""

import bpy

from .. import drawing
from ..backend import job, notices
from ..errors import AddonError
from ..narrowing import present
from ..operators.captures import DAHYF_HANDS_OT_select_hands, captures
from ..operators.clean import DAHYF_HANDS_OT_clean, missing_hand
from ..operators.core_job import core_obstacle
from ..settings.clean_properties import DAHYF_HANDS_PG_clean, Floor, parse_floors, settings_of
from .presets import DAHYF_HANDS_PT_clean_presets
from .sidebar import SidebarPanel

GATE = ("threshold", "lost", "max_gap_seconds", "spike")
SMOOTHING = ("wrist_position_hz", "wrist_depth_hz", "wrist_rotation_hz", "finger_hz")
STEADYING = ("stillness", "wrist_rotation_only")


class DAHYF_HANDS_PT_clean(SidebarPanel, bpy.types.Panel):
    """Clean the selected hands again, without a new capture"""

    bl_label = "Clean"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        DAHYF_HANDS_PT_clean_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        settings = settings_of(present(context.scene))
        section = DAHYF_HANDS_OT_clean.section
        if (missing := missing_hand(context)) and not job.is_running(section):
            if notice := notices.of(section):
                drawing.draw_notice(self.layout, context, notice)
            drawing.wrapped(self.layout, context, f"{missing}.", "INFO")
            if captures(present(context.scene)):
                self.layout.operator(DAHYF_HANDS_OT_select_hands.bl_idname, icon="RESTRICT_SELECT_OFF")
            return
        draw_settings(self.layout, "Trust", settings, GATE)
        draw_ranges(self.layout, settings)
        draw_settings(self.layout, "Smoothing", settings, SMOOTHING)
        draw_settings(self.layout, "Stillness", settings, STEADYING)
        clean = DAHYF_HANDS_OT_clean
        drawing.draw_button_or_progress(self.layout, clean.section, clean.bl_idname, clean.bl_label, "BRUSH_DATA", 1.4)
        row = self.layout.row(align=True)
        row.operator(clean.bl_idname, text="Swap Side", icon="ARROW_LEFTRIGHT").swap = True
        row.operator("dahyf_hands.drop_hand", icon="X")
        row = self.layout.row(align=True)
        row.operator("dahyf_hands.split_here", icon="UNLINKED")
        row.operator("dahyf_hands.join_hands", icon="LINKED")
        self.layout.operator("dahyf_hands.add_correction_layer", icon="NLA")
        self.layout.operator("dahyf_hands.mark_assets", icon="ASSET_MANAGER")
        row = self.layout.row(align=True)
        row.label(text="Bad Spans")
        row.prop(settings, "show_confidence", text="", icon="SEQ_HISTOGRAM")
        row.operator("dahyf_hands.mark_bad_spans", text="", icon="MARKER_HLT")
        row.operator("dahyf_hands.clear_span_markers", text="", icon="X")
        row.operator("dahyf_hands.jump_to_bad_span", text="", icon="PREV_KEYFRAME").next = False
        row.operator("dahyf_hands.jump_to_bad_span", text="", icon="NEXT_KEYFRAME").next = True
        drawing.draw_state(self.layout, context, clean.section, core_obstacle(context) or missing)


def draw_settings(
    layout: bpy.types.UILayout, heading: str, settings: DAHYF_HANDS_PG_clean, names: tuple[str, ...]
) -> None:
    """Draw settings below a heading."""
    layout.label(text=heading)
    column = drawing.split_column(layout).column(align=True)
    for name in names:
        row = column.row()
        row.active = name != "max_gap_seconds" or settings.lost == "interpolate"
        row.prop(settings, name)


def draw_ranges(layout: bpy.types.UILayout, settings: DAHYF_HANDS_PG_clean) -> None:
    """Draw the threshold overrides, each with a cross that removes it, and the button that adds one."""
    column = layout.column(align=True)
    for number, (start, end, threshold) in enumerate(shown_floors(settings.floors)):
        row = column.row(align=True)
        row.label(text=f"{start} to {end}: {threshold:g}", icon="PREVIEW_RANGE")
        row.operator("dahyf_hands.remove_range", text="", icon="X").number = number
    column.operator("dahyf_hands.add_range", icon="ADD")


def shown_floors(text: str) -> list[Floor]:
    """The threshold overrides; none where the text cannot be read, which Clean then reports."""
    try:
        return parse_floors(text)
    except AddonError:
        return []


CLASSES = (DAHYF_HANDS_PT_clean,)
