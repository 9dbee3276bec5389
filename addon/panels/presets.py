"""Pop-overs that list presets: settings in the headers of their sections, cameras beside the lens."""

import bpy
from bl_ui.utils import PresetPanel

from ..narrowing import PanelMixin
from ..operators.settings_presets import (
    DAHYF_HANDS_OT_load_settings,
    DAHYF_HANDS_OT_save_settings,
    DAHYF_HANDS_OT_use_camera,
)
from ..settings import settings_presets


class SettingsPresets(PresetPanel, PanelMixin):
    """What the lists of settings presets share."""

    bl_space_type = "VIEW_3D"
    preset_extensions = frozenset({settings_presets.SUFFIX})
    preset_operator = DAHYF_HANDS_OT_load_settings.bl_idname
    preset_add_operator = DAHYF_HANDS_OT_save_settings.bl_idname


class DAHYF_HANDS_PT_capture_presets(SettingsPresets, bpy.types.Panel):
    """Saved settings for captures"""

    bl_label = "Capture Presets"
    preset_subdir = settings_presets.folder("capture")
    preset_operator_defaults = preset_add_operator_properties = {"kind": "capture"}


class DAHYF_HANDS_PT_clean_presets(SettingsPresets, bpy.types.Panel):
    """Saved settings for cleaning"""

    bl_label = "Clean Presets"
    preset_subdir = settings_presets.folder("clean")
    preset_operator_defaults = preset_add_operator_properties = {"kind": "clean"}


class DAHYF_HANDS_PT_cameras(PresetPanel, bpy.types.Panel):
    """Blender's own camera presets"""

    bl_label = "Camera Presets"
    bl_space_type = "VIEW_3D"
    preset_subdir = "camera"
    preset_extensions = frozenset({".py"})
    preset_operator = DAHYF_HANDS_OT_use_camera.bl_idname


CLASSES = (DAHYF_HANDS_PT_capture_presets, DAHYF_HANDS_PT_clean_presets, DAHYF_HANDS_PT_cameras)
