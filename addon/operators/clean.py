"""Clean: gate and smooth a rig's capture again, and key the result below the correction layers."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy

from ..backend import lifetime, notices, summary
from ..backend.capture_file import read_capture
from ..cleaning import flagged_spans, recleaning
from ..errors import AddonError
from ..narrowing import OperatorResult, operators, present
from ..scene import nla_layers
from ..settings import clean_properties
from .captures import NO_HANDS, captures
from .core_job import CoreJob, CoreWork, core_command
from .poll_message import allows

NO_CAPTURED_MOTION = "Select a captured hand that has no correction layer yet"


class DAHYF_HANDS_OT_clean(clean_properties.CleanSettings, CoreJob, bpy.types.Operator):
    """Gate and smooth the selected hands again, without the footage. Correction layers stay"""

    bl_idname = "dahyf_hands.clean"
    bl_label = "Clean"
    bl_options = {"REGISTER"}
    section = "clean"

    max_gap: bpy.props.IntProperty(**clean_properties.FORMER_GAP, options={"HIDDEN", "SKIP_SAVE"})
    swap: bpy.props.BoolProperty(
        name="Swap Side",
        description="Change left hands to right ones and right hands to left ones, if captured as the wrong side",
        options=clean_properties.ONLY_WHEN_GIVEN,
    )

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """Why the hands cannot be cleaned, or None."""
        return missing_hand(context)

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The command for the selected hands. When it is done, its result is keyed on their rigs. Raises AddonError."""
        return clean_work(context, clean_properties.chosen_settings(self, present(context.scene)), self.swap)


def clean_work(context: bpy.types.Context, settings: Mapping[str, Any], swap: bool) -> CoreWork:
    """The core's command for the selected hands, and the step that keys its result. Raises AddonError."""
    rigs = recleaning.hand_rigs(context)
    capture = recleaning.read_origin(rigs[0])
    options = clean_properties.clean_arguments(settings, capture, recleaning.timeline_of(rigs[0]))
    tracks = recleaning.track_arguments(rigs, swap)
    folder = lifetime.temporary_folder()
    output = str(Path(folder.name) / "clean.npz")
    command = core_command(context, "clean", str(capture.path), "--output", output, "--json", *options, *tracks)
    names = json.dumps([armature.name for armature in rigs])
    numbers = [armature[recleaning.HAND] for armature in rigs]

    def key() -> notices.Notice:
        """Key the result as one undo step."""
        with folder:
            operators.dahyf_hands.key_cleaned(
                "EXEC_DEFAULT", True, filepath=output, rigs=names, settings=json.dumps(settings)
            )
            return notices.Notice(notices.INFO, f"Cleaned {summary.describe(read_capture(Path(output)), numbers)}")

    return CoreWork("Cleaning", command, key)


class DAHYF_HANDS_OT_key_cleaned(bpy.types.Operator):
    """Key the cleaned hands on their rigs"""

    bl_idname = "dahyf_hands.key_cleaned"
    bl_label = "Clean Hands"
    bl_options = {"UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(name="Capture", description="The cleaned capture", subtype="FILE_PATH")
    rigs: bpy.props.StringProperty(name="Rigs", description="Names of the armatures, as a JSON list")
    settings: bpy.props.StringProperty(
        name="Settings", description="Settings that the hands were cleaned with, as JSON", default="{}"
    )

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        rigs = [bpy.data.objects.get(name) for name in json.loads(self.rigs)]
        try:
            capture = read_capture(Path(self.filepath))
            for armature in filter(recleaning.is_hand_rig, rigs):
                recleaning.rekey(context, armature, capture, json.loads(self.settings))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class DAHYF_HANDS_OT_drop_hand(bpy.types.Operator):
    """Remove the selected hands from the .blend file. The capture file still has them"""

    bl_idname = "dahyf_hands.drop_hand"
    bl_label = "Drop Hand"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_hand(context))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        for armature in recleaning.hand_rigs(context):
            recleaning.remove(armature)
        return {"FINISHED"}


class DAHYF_HANDS_OT_add_correction_layer(bpy.types.Operator):
    """Move the captured motion of the selected hands to an NLA track, below a new empty Action for corrections"""

    bl_idname = "dahyf_hands.add_correction_layer"
    bl_label = "Add Correction Layer"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        ready = any(map(uncorrected, recleaning.hand_rigs(context)))
        return allows(cls, None if ready else NO_CAPTURED_MOTION)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        for armature in filter(uncorrected, recleaning.hand_rigs(context)):
            nla_layers.add_corrections(armature)
        return {"FINISHED"}


class DAHYF_HANDS_OT_jump_to_bad_span(bpy.types.Operator):
    """Go to the start of the next or previous bad span, where a selected hand is lost or below the threshold"""

    bl_idname = "dahyf_hands.jump_to_bad_span"
    bl_label = "Jump to Bad Span"
    bl_options = {"REGISTER", "UNDO"}

    next: bpy.props.BoolProperty(
        name="Next",
        description="Go forward in time. Off: go back",
        default=True,
        options=clean_properties.ONLY_WHEN_GIVEN,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, missing_hand(context))

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = present(context.scene)
        actions = filter(None, map(nla_layers.base_action, recleaning.hand_rigs(context)))
        spans = [
            span
            for action in actions
            for span in flagged_spans.flagged_spans(action, clean_properties.settings_of(scene).threshold)
        ]
        find = flagged_spans.start_after if self.next else flagged_spans.start_before
        frame = find(spans, scene.frame_current_final)
        if frame is None:
            self.report({"INFO"}, f"No bad span {'after' if self.next else 'before'} this frame")
            return {"CANCELLED"}
        scene.frame_set(int(frame), subframe=frame % 1)
        return {"FINISHED"}


def missing_hand(context: bpy.types.Context) -> str | None:
    """Why no captured hand is selected, or None."""
    if recleaning.hand_rigs(context):
        return None
    return "Select a captured hand first" if captures(present(context.scene)) else NO_HANDS


def uncorrected(armature: bpy.types.Object) -> bool:
    """Whether captured motion is a rig's active Action."""
    return armature.animation_data is not None and nla_layers.is_captured(armature.animation_data.action)


CLASSES = (
    DAHYF_HANDS_OT_clean,
    DAHYF_HANDS_OT_key_cleaned,
    DAHYF_HANDS_OT_drop_hand,
    DAHYF_HANDS_OT_add_correction_layer,
    DAHYF_HANDS_OT_jump_to_bad_span,
)
