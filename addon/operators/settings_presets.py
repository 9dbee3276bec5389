"""Presets of settings: save what the panel shows, and load it again. Also Blender's camera presets for the lens."""

import re
from pathlib import Path

import bpy

from ..errors import AddonError
from ..narrowing import OperatorResult, present
from ..settings import capture_properties, settings_presets
from ..shared.strict_json import read_text

KIND_ITEMS = (
    ("capture", "Capture", "Lens, number of hands, quality and scene setup"),
    ("clean", "Clean", "Gate and smoothing"),
)
SENSOR_WIDTH = re.compile(r"\.sensor_width\s*=\s*(\d{0,9}\.?\d{1,18})")
FOCAL_LENGTH = re.compile(r"\.lens\s*=\s*(\d{0,9}\.?\d{1,18})")


class DAHYF_HANDS_OT_save_settings(bpy.types.Operator):
    """Save these settings as a preset, or remove a preset"""

    bl_idname = "dahyf_hands.save_settings"
    bl_label = "Save Settings as Preset"
    bl_options = {"REGISTER"}

    kind: bpy.props.EnumProperty(name="Kind", description="Which settings", items=KIND_ITEMS)
    name: bpy.props.StringProperty(name="Name", description="Name of the preset", options={"SKIP_SAVE"})
    remove_name: bpy.props.BoolProperty(
        name="Remove", description="Remove the preset of this name instead", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        """Ask for the name."""
        return present(context.window_manager).invoke_props_dialog(self)

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the two fields."""
        present(self.layout).prop(self, "kind")
        present(self.layout).prop(self, "name")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            if self.remove_name:
                settings_presets.remove(self.kind, self.name)
            else:
                settings_presets.save(present(context.scene), self.kind, self.name)
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DAHYF_HANDS_OT_load_settings(bpy.types.Operator):
    """Load the settings of this preset"""

    bl_idname = "dahyf_hands.load_settings"
    bl_label = "Load Settings Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    kind: bpy.props.EnumProperty(name="Kind", description="Which settings", items=KIND_ITEMS)
    filepath: bpy.props.StringProperty(name="Preset", description="The preset's file", subtype="FILE_PATH")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            settings_presets.load(present(context.scene), self.kind, Path(self.filepath))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DAHYF_HANDS_OT_use_camera(bpy.types.Operator):
    """Set the sensor width, and the focal length if it has one, from this camera preset of Blender"""

    bl_idname = "dahyf_hands.use_camera"
    bl_label = "Use Camera Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(name="Preset", description="The preset's file", subtype="FILE_PATH")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Read two numbers from the file. Nothing in it is executed."""
        settings = capture_properties.settings_of(present(context.scene))
        try:
            text = read_text(Path(self.filepath))
        except (OSError, ValueError) as error:
            self.report({"ERROR"}, f"The camera preset {self.filepath} cannot be read: {error}")
            return {"CANCELLED"}
        width, lens = SENSOR_WIDTH.search(text), FOCAL_LENGTH.search(text)
        if width is None:
            self.report({"ERROR"}, f"The camera preset {self.filepath} has no sensor width")
            return {"CANCELLED"}
        settings.lens, settings.sensor_mm = "FOCAL_MM", float(width[1])
        if lens is not None:
            settings.focal_mm = float(lens[1])
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_save_settings, DAHYF_HANDS_OT_load_settings, DAHYF_HANDS_OT_use_camera)
