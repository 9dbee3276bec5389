"""Choose Footage: Blender's file browser with movies and pictures alone."""

from pathlib import Path

import bpy

from ..narrowing import OperatorResult, present
from ..scene import references
from ..scene.references import absolute
from ..settings import capture_properties


class DAHYF_HANDS_OT_choose_footage(bpy.types.Operator):
    """Choose the footage of the hands: a video, the first picture of a sequence, or a folder of pictures"""

    bl_idname = "dahyf_hands.choose_footage"
    bl_label = "Choose Footage"
    bl_options = {"REGISTER", "UNDO"}

    filepath: bpy.props.StringProperty(
        name="Footage",
        description="Video, picture, or folder of pictures",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    relative_path: bpy.props.BoolProperty(
        name="Relative Path", description="Keep the path relative to the .blend file", default=True
    )
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_movie: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        """Take a dropped file at once, or open the file browser at the present footage."""
        if self.filepath:
            return self.execute(context)
        settings = capture_properties.settings_of(present(context.scene))
        if settings.footage:
            self.filepath = str(absolute(settings.footage))
        present(context.window_manager).fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = capture_properties.settings_of(present(context.scene))
        chosen = Path(self.filepath)
        settings.footage = references.portable(chosen) if self.relative_path else str(chosen)
        if reason := capture_properties.footage_obstacle(settings):
            self.report({"WARNING"}, reason)
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_choose_footage,)
