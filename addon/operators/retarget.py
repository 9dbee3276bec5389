"""Retarget: key an animator's rig from captured hands, preview and remove that, and map its bones to joints."""

from pathlib import Path
from typing import TypeGuard

import bpy

from .. import retarget
from ..backend import notices
from ..errors import AddonError, RetargetError
from ..narrowing import ExportHelper, OperatorResult, present
from ..retarget.mapping import corrected
from ..retarget.writing import preview
from ..settings import capture_properties
from .panel_reports import PanelReports
from .poll_message import allows

MAPPING_WIDTH = 900


class RetargetReports(PanelReports):
    """Operators whose reports are shown in the Retarget section."""

    section = "retarget"


class DAHYF_HANDS_OT_retarget(RetargetReports, bpy.types.Operator):
    """Key the hands of a rig in a new Action, so that they move like the captured hands"""

    bl_idname = "dahyf_hands.retarget"
    bl_label = "Retarget"
    bl_options = {"REGISTER", "UNDO"}

    target: bpy.props.StringProperty(
        name="Rig", description="Name of the armature object to key. Not set: the active object"
    )
    source: bpy.props.StringProperty(
        name="Capture",
        description="Name of a captured hand's armature, or of the parent empty of several hands. "
        "Not set: the capture that is shown",
    )
    preset: bpy.props.EnumProperty(
        name="Preset",
        description="Which bone of the rig is which joint of the hand",
        items=capture_properties.preset_items,
    )
    hands: bpy.props.EnumProperty(
        name="Hands", description="Which captured hands are retargeted", items=capture_properties.HAND_ITEMS
    )
    wrist: bpy.props.EnumProperty(
        name="Wrist", description=capture_properties.WRIST, items=capture_properties.WRIST_ITEMS
    )
    arm: bpy.props.EnumProperty(name="Arm", description=capture_properties.ARM, items=capture_properties.ARM_ITEMS)
    human_wrist: bpy.props.BoolProperty(name="Human Wrist", description=capture_properties.HUMAN_WRIST, default=True)
    space: bpy.props.EnumProperty(
        name="Space", description=capture_properties.SPACE, items=capture_properties.SPACE_ITEMS
    )
    mirror: bpy.props.BoolProperty(name="Mirror", description=capture_properties.MIRROR)
    start_frame: bpy.props.IntProperty(
        name="Start Frame",
        description=f"{capture_properties.START_FRAME}. Not set: where it is now",
        default=1,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_capture(context))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            armature = named_rig(context, self.target)
            preset = chosen_preset(armature, self.preset)
            start = self.start_frame if self.properties.is_property_set("start_frame") else None
            sources = chosen_sources(context, self.source, self.hands, self.space, self.mirror, start)
            choice = wrist_choice(self.wrist, self.arm, self.human_wrist)
            plan = retarget.plan_retarget(context, armature, sources, preset, choice)
        except AddonError as error:
            self.report_in_panel("ERROR", str(error))
            return {"CANCELLED"}
        end_preview(context)
        done = retarget.write(plan)
        for warning in done.warnings:
            self.report_in_panel("WARNING", warning)
        wrist = next(name for identifier, name, _ in capture_properties.WRIST_ITEMS if identifier == self.wrist)
        self.report_in_panel("INFO", f"{retarget.summary(done)}; wrist: {wrist}; preset: {preset.name}")
        return {"FINISHED"}


class DAHYF_HANDS_OT_remove_retarget(RetargetReports, bpy.types.Operator):
    """Remove the keys of Retarget from a rig, so that it does what it did before. If the keys were edited, their Action
    stays in the file"""

    bl_idname = "dahyf_hands.remove_retarget"
    bl_label = "Remove Retarget"
    bl_options = {"REGISTER", "UNDO"}

    target: bpy.props.StringProperty(
        name="Rig", description="Name of the armature object. Not set: the panel's rig, or else the active object"
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            armature = named_rig(context, self.target)
            retarget.check_not_linked(armature)
            kept = retarget.remove(armature)
        except AddonError as error:
            self.report_in_panel("ERROR", str(error))
            return {"CANCELLED"}
        preview.show(context)
        stays = f"; the Action {kept} was edited and stays in the file" if kept else ""
        self.report_in_panel("INFO", f"Removed the keys of Retarget from {armature.name}{stays}")
        return {"FINISHED"}


class DAHYF_HANDS_OT_make_override(RetargetReports, bpy.types.Operator):
    """Replace a character that is linked from another file by a library override, so that it can be keyed. The whole
    character becomes editable"""

    bl_idname = "dahyf_hands.make_override"
    bl_label = "Make Library Override"
    bl_options = {"REGISTER", "UNDO"}

    target: bpy.props.StringProperty(
        name="Rig",
        description="Name of the linked armature object, or of the empty that instances its collection. "
        "Not set: the panel's rig, or else the active object",
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = capture_properties.settings_of(present(context.scene))
        try:
            found = named_object(context, self.target) if self.target else chosen_object(context)
            if found is None:
                raise RetargetError("No rig is chosen.", "Choose the linked rig, or name it.")
            rig = retarget.make_override(context, found)
        except AddonError as error:
            self.report_in_panel("ERROR", str(error))
            return {"CANCELLED"}
        if settings.retarget_target is not None:
            settings.retarget_target = rig
        present(context.view_layer).objects.active = rig
        rig.select_set(True)
        self.report_in_panel("INFO", f"{rig.name} is now a library override and can be keyed")
        return {"FINISHED"}


class DAHYF_HANDS_OT_preview_retarget(RetargetReports, bpy.types.Operator):
    """Show on the rig what Retarget would do, and follow the settings. Press again to end it and restore the rig"""

    bl_idname = "dahyf_hands.preview_retarget"
    bl_label = "Preview"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, None if preview.previewing(present(context.scene)) else obstacle(context))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        notices.clear(self.section)
        try:
            if not end_preview(context):
                begin_preview(context)
        except AddonError as error:
            self.report_in_panel("ERROR", str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DAHYF_HANDS_OT_refresh_preview(RetargetReports, bpy.types.Operator):
    """Update the preview to the present settings, or end it where they do not fit the rig"""

    bl_idname = "dahyf_hands.refresh_preview"
    bl_label = "Refresh Preview"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return preview.previewing(present(context.scene)) is not None

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            begin_preview(context)
        except AddonError as error:
            end_preview(context)
            self.report_in_panel("WARNING", f"The preview has ended. {error}")
        return {"FINISHED"}


class DAHYF_HANDS_OT_edit_mapping(RetargetReports, bpy.types.Operator):
    """Show and correct which bone of the rig is which joint of the hands. The mapping is stored with the rig"""

    bl_idname = "dahyf_hands.edit_mapping"
    bl_label = "Correct Mapping"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_rig(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        """Open the dialog with the mapping of the panel's preset, or with the corrected mapping if that is chosen."""
        armature = named_rig(context, "")
        self.before = (
            corrected.bones_of(corrected.mapping_of(armature)),
            capture_properties.settings_of(present(context.scene)).retarget_preset,
        )
        if self.execute(context) == {"CANCELLED"}:
            return {"CANCELLED"}
        return present(context.window_manager).invoke_props_dialog(self, width=MAPPING_WIDTH)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw both hands as seen from their backs: fingers side by side, tips at the top."""
        armature = named_rig(context, "")
        corrected.draw(present(self.layout), armature)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Fill the mapping in if nothing was corrected yet, and choose it as the panel's preset."""
        settings = capture_properties.settings_of(present(context.scene))
        armature = named_rig(context, "")
        try:
            if settings.retarget_preset != corrected.CORRECTED:
                corrected.fill_in(armature, settings.retarget_preset)
            elif not corrected.bones_of(corrected.mapping_of(armature)):
                corrected.fill_in(armature, retarget.AUTOMATIC)
        except AddonError as error:
            self.report_in_panel("ERROR", str(error))
            return {"CANCELLED"}
        settings.retarget_preset = corrected.CORRECTED
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Restore the mapping and the preset from before the dialog."""
        bones, preset = self.before
        corrected.put(named_rig(context, ""), bones)
        capture_properties.settings_of(present(context.scene)).retarget_preset = preset


class DAHYF_HANDS_OT_save_preset(RetargetReports, bpy.types.Operator, ExportHelper):
    """Save which bone of the rig is which joint as a JSON preset, to edit it or to use it again"""

    bl_idname = "dahyf_hands.save_preset"
    bl_label = "Save Preset"
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    target: bpy.props.StringProperty(
        name="Rig", description="Name of the armature object. Not set: the active object", options={"HIDDEN"}
    )
    preset: bpy.props.EnumProperty(
        name="Preset",
        description="Mapping to save: the one found in the rig, the corrected one, or another preset",
        items=capture_properties.preset_items,
        options={"HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_rig(context))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Ask for the file, in the folder of the user's presets."""
        folder = retarget.user_folder()
        if folder is not None and not self.filepath:
            folder.mkdir(parents=True, exist_ok=True)
            self.filepath = str(folder / f"{bpy.path.clean_name(named_rig(context, self.target).name)}.json")
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            preset = chosen_preset(named_rig(context, self.target), self.preset)
            path = retarget.save_preset(preset, Path(self.filepath))
        except AddonError as error:
            self.report_in_panel("ERROR", str(error))
            return {"CANCELLED"}
        self.report_in_panel("INFO", f"Saved {len(preset.bones)} bones in {path}")
        return {"FINISHED"}


def chosen_preset(armature: bpy.types.Object, identifier: str) -> retarget.Preset:
    """The preset of this identifier, which may be the rig's corrected mapping. Raises RetargetError."""
    if identifier == corrected.CORRECTED:
        return corrected.corrected_preset(armature)
    return retarget.choose_preset(armature, identifier)


def chosen_sources(
    context: bpy.types.Context, source: str, hands: str, space: str, mirror: bool, start_frame: int | None
) -> list[retarget.Source]:
    """The captured hands below the object of that name, or of the capture that is shown. Raises RetargetError."""
    root = named_object(context, source) if source else None
    found = retarget.of_sides(retarget.scene_sources(present(context.scene), root), hands)
    timed = [retarget.timed(present(context.scene), each, start_frame) for each in found]
    return [retarget.placed(present(context.scene), each, retarget.Space(space), mirror) for each in timed]


def wrist_choice(wrist: str, arm: str, human: bool) -> retarget.WristChoice:
    """What is keyed on wrist and arm, from the identifiers of the properties."""
    return retarget.WristChoice(retarget.Wrist(wrist), retarget.Arm(arm), human)


def begin_preview(context: bpy.types.Context) -> None:
    """Show what the panel's settings make of the rig. Raises RetargetError."""
    settings = capture_properties.settings_of(present(context.scene))
    armature = named_rig(context, "")
    source = settings.retarget_source.name if settings.retarget_source else ""
    start = settings.retarget_start_frame if settings.retarget_use_start_frame else None
    sources = chosen_sources(
        context, source, settings.retarget_hands, settings.retarget_space, settings.retarget_mirror, start
    )
    preset = chosen_preset(armature, settings.retarget_preset)
    choice = wrist_choice(settings.retarget_wrist, settings.retarget_arm, settings.retarget_human_wrist)
    plan = retarget.plan_retarget(context, armature, sources, preset, choice)
    end_preview(context)
    preview.begin(context, plan)


def end_preview(context: bpy.types.Context) -> bool:
    """End the preview and restore the rig. Returns whether there was one."""
    armature = preview.previewing(present(context.scene))
    if armature is not None:
        preview.end(context, armature)
    return armature is not None


def obstacle(context: bpy.types.Context) -> str | None:
    """Why nothing can be retargeted by the panel's settings now, or None."""
    return missing_capture(context) or missing_rig(context)


def missing_capture(context: bpy.types.Context) -> str | None:
    """Why there is nothing to retarget, or None."""
    if any(retarget.is_captured(candidate) for candidate in present(context.scene).objects):
        return None
    return "Capture hands or import a capture first"


def missing_rig(context: bpy.types.Context) -> str | None:
    """Why no rig can be keyed now, or None."""
    chosen = chosen_object(context)
    reason = retarget.linked_reason(chosen)
    if reason or is_rig(chosen):
        return reason
    return "Choose the rig, or make it the active object"


def is_rig(candidate: bpy.types.Object | None) -> TypeGuard[bpy.types.Object]:
    """Whether an object can be keyed: an armature that is not a captured hand."""
    return candidate is not None and candidate.type == "ARMATURE" and not retarget.is_captured(candidate)


def named_rig(context: bpy.types.Context, name: str) -> bpy.types.Object:
    """The armature of that name, else the one of the panel, else the active object. Raises RetargetError."""
    rig = named_object(context, name) if name else chosen_object(context)
    if not is_rig(rig):
        if rig is not None:
            retarget.check_not_linked(rig)
        reason = f"{rig.name} is not a rig that can be keyed." if rig is not None else "No rig is chosen."
        raise RetargetError(reason, "Choose a character's armature, or name it.")
    return rig


def chosen_object(context: bpy.types.Context) -> bpy.types.Object | None:
    """The panel's rig, else the active object, else None."""
    return (
        capture_properties.settings_of(present(context.scene)).retarget_target
        or present(context.view_layer).objects.active
    )


def named_object(context: bpy.types.Context, name: str) -> bpy.types.Object:
    """The scene's object of that name. Raises RetargetError."""
    found = present(context.scene).objects.get(name)
    if found is None:
        raise RetargetError(f"The scene {present(context.scene).name} has no object {name}.", "Check the name.")
    return found


CLASSES = (
    DAHYF_HANDS_OT_retarget,
    DAHYF_HANDS_OT_remove_retarget,
    DAHYF_HANDS_OT_make_override,
    DAHYF_HANDS_OT_preview_retarget,
    DAHYF_HANDS_OT_refresh_preview,
    DAHYF_HANDS_OT_edit_mapping,
    DAHYF_HANDS_OT_save_preset,
)
