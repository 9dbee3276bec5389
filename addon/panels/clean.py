"""The Clean section: how the selected hands are gated and smoothed, and where they are not to be trusted."""

import bpy

from ..operators.clean import DAHYF_HANDS_OT_clean, missing_hand
from ..operators.core_job import core_obstacle
from .presets import DAHYF_HANDS_PT_clean_presets
from .sidebar import SidebarPanel, draw_obstacle, split_column

GATE = ("threshold", "lost", "max_gap", "spike", "floors")
SMOOTHING = ("wrist_position_hz", "wrist_depth_hz", "wrist_rotation_hz", "finger_hz")
STEADYING = ("stillness", "wrist_rotation_only")


class DAHYF_HANDS_PT_clean(SidebarPanel, bpy.types.Panel):
    """Clean the selected hands again, without a new capture"""

    bl_label = "Clean"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        DAHYF_HANDS_PT_clean_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        settings = context.scene.dahyf_hands_clean
        column = split_column(self.layout)
        for group in (GATE, SMOOTHING, STEADYING):
            part = column.column(align=True)
            for name in group:
                row = part.row()
                row.active = name != "max_gap" or settings.lost == "interpolate"
                row.prop(settings, name)
            column.separator()
        draw_obstacle(self.layout, context, core_obstacle(context) or missing_hand(context))
        row = self.layout.row()
        row.scale_y = 1.4
        row.operator(DAHYF_HANDS_OT_clean.bl_idname, icon="BRUSH_DATA")
        row = self.layout.row(align=True)
        row.operator(DAHYF_HANDS_OT_clean.bl_idname, text="Swap Side", icon="ARROW_LEFTRIGHT").swap = True
        row.operator("dahyf_hands.drop_hand", icon="X")
        row = self.layout.row(align=True)
        row.operator("dahyf_hands.split_here", icon="UNLINKED")
        row.operator("dahyf_hands.join_hands", icon="LINKED")
        self.layout.operator("dahyf_hands.add_correction_layer", icon="NLA")
        row = self.layout.row(align=True)
        row.label(text="Bad Spans")
        row.prop(settings, "show_confidence", text="", icon="SEQ_HISTOGRAM")
        row.operator("dahyf_hands.jump_to_bad_span", text="", icon="PREV_KEYFRAME").next = False
        row.operator("dahyf_hands.jump_to_bad_span", text="", icon="NEXT_KEYFRAME").next = True


CLASSES = (DAHYF_HANDS_PT_clean,)
