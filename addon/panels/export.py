"""The Export section: captured hands and characters for other programs."""

import bpy

from .. import drawing
from ..backend import job
from ..narrowing import present
from ..operators.captures import NO_HANDS, captures
from ..operators.export import DAHYF_HANDS_OT_export, DAHYF_HANDS_OT_export_file, draw_settings, obstacle
from ..settings.export_properties import settings_of
from .sidebar import SidebarPanel


class DAHYF_HANDS_PT_export(SidebarPanel, bpy.types.Panel):
    """Write hands or a character for other programs"""

    bl_label = "Export"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        if not captures(present(context.scene)):
            drawing.wrapped(self.layout, context, f"{NO_HANDS}.", "INFO")
            return
        settings = settings_of(present(context.scene))
        draw_settings(self.layout, settings)
        section, reason = DAHYF_HANDS_OT_export_file.section, job.obstacle() or obstacle(context, settings.subject)
        row = self.layout.row()
        row.enabled = reason is None or job.is_running(section)
        drawing.draw_button_or_progress(row, section, DAHYF_HANDS_OT_export.bl_idname, "Export", "EXPORT", 1.4)
        drawing.draw_state(self.layout, context, section, reason)


CLASSES = (DAHYF_HANDS_PT_export,)
