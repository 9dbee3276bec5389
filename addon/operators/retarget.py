"""Retarget: key an animator's rig from captured hands; Save Preset: write down which bones are which joints."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from .. import properties, retarget
from ..errors import AddonError, RetargetError
from .polling import allows


class DAHYF_HANDS_OT_retarget(bpy.types.Operator):
    """Key the hands of a rig so that they do what the captured hands do, in a new Action"""

    bl_idname = "dahyf_hands.retarget"
    bl_label = "Retarget"
    bl_options = {"REGISTER", "UNDO"}

    target: bpy.props.StringProperty(
        name="Rig", description="Name of the armature object that is keyed; empty: the active object"
    )
    source: bpy.props.StringProperty(
        name="Capture",
        description="Name of a captured hand's armature, or of the empty above several; "
        "empty: the capture imported last",
    )
    preset: bpy.props.EnumProperty(
        name="Preset", description="Which bone of the rig is which joint", items=properties.preset_items
    )
    hands: bpy.props.EnumProperty(name="Hands", description="Which hands are retargeted", items=properties.HAND_ITEMS)
    wrist: bpy.props.EnumProperty(
        name="Wrist", description="What becomes of the captured wrist", items=properties.WRIST_ITEMS
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, obstacle(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            armature = named_rig(context, self.target)
            root = named_object(context, self.source) if self.source else None
            sources = retarget.of_sides(retarget.scene_sources(context.scene, root), self.hands)
            preset = retarget.choose_preset(armature, self.preset)
            done = retarget.retarget(context, armature, sources, preset, retarget.Wrist(self.wrist))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        for warning in done.warnings:
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"Keyed {done.hands} hand(s) in {done.action.name}, by the preset {preset.name}")
        return {"FINISHED"}


class DAHYF_HANDS_OT_save_preset(bpy.types.Operator, ExportHelper):
    """Save which bones of the rig were taken for which joints as a JSON file, to correct it and to use it again"""

    bl_idname = "dahyf_hands.save_preset"
    bl_label = "Save Preset"
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    target: bpy.props.StringProperty(
        name="Rig", description="Name of the armature object; empty: the active object", options={"HIDDEN"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_rig(context))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, in the folder whose presets the menu shows."""
        folder = retarget.user_folder()
        if folder is not None and not self.filepath:
            folder.mkdir(parents=True, exist_ok=True)
            self.filepath = str(folder / "my_rig.json")
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            preset = retarget.choose_preset(named_rig(context, self.target), retarget.AUTOMATIC)
            path = retarget.save_preset(preset, Path(self.filepath))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Saved {len(preset.bones)} bones in {path}")
        return {"FINISHED"}


def obstacle(context: bpy.types.Context) -> str | None:
    """Why nothing can be retargeted now, or None."""
    if not any(retarget.is_captured(candidate) for candidate in context.scene.objects):
        return "Capture hands or import a capture first"
    return missing_rig(context)


def missing_rig(context: bpy.types.Context) -> str | None:
    """Why no rig can be keyed now, or None."""
    if properties.settings_of(context.scene).retarget_target is not None or is_rig(context.active_object):
        return None
    return "Choose the rig, or make it the active object"


def is_rig(candidate: bpy.types.Object | None) -> bool:
    """Whether an object can be keyed: an armature that is no captured hand."""
    return candidate is not None and candidate.type == "ARMATURE" and not retarget.is_captured(candidate)


def named_rig(context: bpy.types.Context, name: str) -> bpy.types.Object:
    """The armature of that name, else the one of the panel, else the active object. Raises RetargetError."""
    chosen = properties.settings_of(context.scene).retarget_target or context.active_object
    rig = named_object(context, name) if name else chosen
    if not is_rig(rig):
        raise RetargetError(f"{rig.name if rig else 'Nothing'} is not a rig to key.", "Choose a character's armature.")
    return rig


def named_object(context: bpy.types.Context, name: str) -> bpy.types.Object:
    """The scene's object of that name. Raises RetargetError."""
    found = context.scene.objects.get(name)
    if found is None:
        raise RetargetError(f"The scene {context.scene.name} has no object {name}.", "Check the name.")
    return found


CLASSES = (DAHYF_HANDS_OT_retarget, DAHYF_HANDS_OT_save_preset)
