"""The Live section: rigs that move as the hands of a camera."""

import bpy

from .. import drawing
from ..live import session
from ..narrowing import present
from ..operators.live import SECTION, DAHYF_HANDS_OT_live
from ..settings import live_properties
from .sidebar import SidebarPanel

PICTURE_SCALE = 9.0


class DAHYF_HANDS_PT_live(SidebarPanel, bpy.types.Panel):
    """Move hand rigs as the hands of a camera move"""

    bl_label = "Live"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        settings, running = live_properties.settings_of(present(context.scene)), session.current()
        column = drawing.split_column(self.layout)
        column.enabled = running is None
        for name in ("source", "camera", "mirror", "record", "show_picture"):
            if name != "camera" or settings.source == "CAMERA":
                column.prop(settings, name)
        row = self.layout.row()
        row.scale_y = 1.4
        text = "Stop (ESC)" if running else DAHYF_HANDS_OT_live.bl_label
        row.operator(DAHYF_HANDS_OT_live.bl_idname, text=text, icon="PAUSE" if running else "PLAY")
        if running is None:
            drawing.draw_state(self.layout, context, SECTION, DAHYF_HANDS_OT_live.obstacle(context))
            return
        if settings.show_picture and (icon := session.picture_icon()):
            self.layout.template_icon(icon_value=icon, scale=PICTURE_SCALE)
        drawing.wrapped(self.layout, context, running.facts(), "TIME", least=drawing.STEADY_LINES)


CLASSES = (DAHYF_HANDS_PT_live,)
