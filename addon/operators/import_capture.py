"""Import a capture file: rigs, keys and the camera, without running the core."""

from pathlib import Path
from typing import Any, cast

import bpy

from ..backend import notices, summary
from ..backend.capture_file import read_capture
from ..errors import AddonError
from ..narrowing import ImportHelper, OperatorResult, present
from ..scene import views
from ..scene.scene_import import ImportOptions, import_capture
from ..scene.scene_setup import SceneSetup
from ..settings import capture_properties, display_properties


class DAHYF_HANDS_OT_import_capture(bpy.types.Operator, ImportHelper):
    """Import a capture file: a keyed rig for each hand, and the camera that filmed them"""

    bl_idname = "dahyf_hands.import_capture"
    bl_label = "Import Capture File"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".npz"
    filepath: bpy.props.StringProperty(
        name="Capture File", description="Capture file to import", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.npz", options={"HIDDEN"})
    scene_setup: bpy.props.EnumProperty(
        name="Set Up Scene",
        description=capture_properties.SCENE_SETUP,
        items=capture_properties.SCENE_SETUP_ITEMS,
    )
    start_frame: bpy.props.IntProperty(name="Start Frame", description=capture_properties.START_FRAME, default=1)
    show_footage: bpy.props.BoolProperty(
        name="Footage as Background",
        description="Show the footage behind the new camera",
        default=True,
    )
    hide_missing: bpy.props.BoolProperty(
        name="Hide Missing Hands",
        description="Hide a hand's skin in frames without a pose of it",
        default=True,
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Import a dropped file at once, or open the file browser."""
        if self.filepath:
            return self.execute(context)
        result: OperatorResult = cast(Any, ImportHelper).invoke(self, context, event)
        return result

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        options = ImportOptions(SceneSetup(self.scene_setup), self.show_footage, self.hide_missing, self.start_frame)
        try:
            capture = read_capture(Path(self.filepath))
            imported = import_capture(context, capture, options)
        except AddonError as error:
            notices.put("capture", notices.Notice(notices.ERROR, error.reason, error.remedy))
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        display_properties.show(present(context.scene))
        if imported.is_set_up and imported.camera:
            screens = [context.window.screen] if context.window else []
            views.look_through_camera(screens, present(context.scene).render)
        kind: notices.Kind = notices.WARNING if imported.warnings else notices.INFO
        notice = notices.Notice(kind, f"Keyed {summary.describe(capture)}", " ".join(imported.warnings))
        notices.put("capture", notice)
        self.report({kind}, notice.sentences)
        return {"FINISHED"}


def draw_menu_entry(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """The lines in File > Import."""
    present(menu.layout).operator(DAHYF_HANDS_OT_import_capture.bl_idname, text="DaHyF Hands Capture (.npz)")
    present(menu.layout).operator("dahyf_hands.import_result", text="Hands of Other Tools (HaMeR, MediaPipe, BVH, ...)")


CLASSES = (DAHYF_HANDS_OT_import_capture,)


def register() -> None:
    """Add the line to File > Import."""
    bpy.types.TOPBAR_MT_file_import.append(draw_menu_entry)


def unregister() -> None:
    """Take the line from File > Import."""
    bpy.types.TOPBAR_MT_file_import.remove(draw_menu_entry)
