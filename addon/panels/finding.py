"""The Finding section: what the user knows of the hands, for footage in which they are not found, or others are."""

import bpy

from .. import drawing
from ..narrowing import present
from ..operators import finding
from ..settings import capture_properties
from .sidebar import SidebarPanel


class DAHYF_HANDS_PT_finding(SidebarPanel, bpy.types.Panel):
    """What is known of the hands, where a capture misses them or takes something else for them"""

    bl_label = "Finding"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        settings = capture_properties.settings_of(present(context.scene))
        column = drawing.split_column(self.layout)
        column.prop(settings, "find_at")
        column.prop(settings, "side")
        draw_region(self.layout, settings)
        draw_boxes(self.layout, settings)
        if reason := finding.obstacle(context):
            drawing.wrapped(self.layout, context, f"{reason}.", "INFO")
            self.layout.operator(finding.DAHYF_HANDS_OT_show_footage.bl_idname, icon="CAMERA_DATA")


def draw_region(layout: bpy.types.UILayout, settings: capture_properties.DAHYF_HANDS_PG_settings) -> None:
    """The region to look in with a cross that removes it, and the button that draws it."""
    column = layout.column(align=True)
    if settings.region[2]:
        row = column.row(align=True)
        x, y, width, height = settings.region
        row.label(text=f"Look in {width:.0f} x {height:.0f} at {x:.0f}, {y:.0f}", icon="SELECT_SET")
        row.operator(finding.DAHYF_HANDS_OT_clear_region.bl_idname, text="", icon="X")
    column.operator(finding.DAHYF_HANDS_OT_draw_box.bl_idname, text="Draw Region", icon="SELECT_SET").kind = "REGION"


def draw_boxes(layout: bpy.types.UILayout, settings: capture_properties.DAHYF_HANDS_PG_settings) -> None:
    """The boxes, each with its side, a button that goes to its frame and a cross, and the button that draws one."""
    column = layout.column(align=True)
    for number, box in enumerate(settings.boxes):
        row = column.row(align=True)
        row.operator(finding.DAHYF_HANDS_OT_go_to_box.bl_idname, text=f"Frame {box.frame}", icon="TIME").number = number
        row.prop(box, "side", text="")
        row.operator(finding.DAHYF_HANDS_OT_remove_box.bl_idname, text="", icon="X").number = number
    column.operator(finding.DAHYF_HANDS_OT_draw_box.bl_idname, icon="MESH_PLANE").kind = "BOX"


CLASSES = (DAHYF_HANDS_PT_finding,)
