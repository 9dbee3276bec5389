"""Split and join the tracks of hands. The core writes a new capture file, and the rigs are keyed from it."""

import json
from dataclasses import asdict
from pathlib import Path

import bpy

from .. import compat
from ..backend import notices, summary
from ..backend.capture_file import Capture, read_capture
from ..cleaning import recleaning, tracks
from ..errors import AddonError, OutputError
from ..narrowing import OperatorResult, operators, present
from ..scene.references import absolute
from ..settings import clean_properties
from .clean import missing_hand
from .core_job import CoreJob, CoreWork, core_command


class EditTracks(CoreJob):
    """Mix into an operator that edits the tracks of the active hand's capture."""

    section = "clean"

    filepath: bpy.props.StringProperty(
        name="Capture File",
        description="New file for the edited capture. Not set: beside the original",
        subtype="FILE_PATH",
        options=clean_properties.ONLY_WHEN_GIVEN | compat.BLEND_PATH,
    )

    def edit(self, context: bpy.types.Context, capture: Capture) -> tracks.Edit:
        """How the tracks are edited."""
        raise NotImplementedError

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The command that writes the edited capture. The rigs are then keyed from it. Raises AddonError."""
        active = recleaning.hand_rigs(context)[0]
        capture = recleaning.read_origin(active)
        edit = self.edit(context, capture)
        output = absolute(self.filepath) if self.filepath else tracks.edited_path(capture.path)
        if output.exists():
            raise OutputError(f"{output} exists already.", "Name a new file.")
        timeline = recleaning.timeline_of(active)
        cleaning = clean_properties.clean_arguments(edit.cleaning, capture, timeline) if edit.cleaning else ()
        files = (str(capture.path), "--output", str(output), "--json")
        command = core_command(context, "clean", *files, *cleaning, *edit.options)
        return CoreWork("Editing tracks", command, lambda: show_edit(output, edit))


def show_edit(output: Path, edit: tracks.Edit) -> notices.Notice:
    """Key the rigs from the edited capture, as one undo step. Raises RuntimeError."""
    operators.dahyf_hands.show_edited_tracks("EXEC_DEFAULT", True, filepath=str(output), edit=json.dumps(asdict(edit)))
    return notices.Notice(
        notices.INFO, f"{summary.describe(read_capture(output))} The edited capture is {output.name}."
    )


class DAHYF_HANDS_OT_split_here(EditTracks, bpy.types.Operator):
    """Split the active hand in two at the current frame. From this frame on it becomes a new hand with its own rig"""

    bl_idname = "dahyf_hands.split_here"
    bl_label = "Split Here"
    bl_options = {"REGISTER"}

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """Why the hand cannot be split, or None."""
        if reason := missing_hand(context):
            return reason
        return tracks.split_obstacle(recleaning.hand_rigs(context)[0], present(context.scene).frame_current_final)

    def edit(self, context: bpy.types.Context, capture: Capture) -> tracks.Edit:
        """Split the active hand at the current frame."""
        return tracks.split(recleaning.hand_rigs(context)[0], capture, present(context.scene).frame_current_final)


class DAHYF_HANDS_OT_join_hands(EditTracks, bpy.types.Operator):
    """Join the selected hands into one, on the active hand's rig. Where several are seen, the most confident is used"""

    bl_idname = "dahyf_hands.join_hands"
    bl_label = "Join Hands"
    bl_options = {"REGISTER"}

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """Why the hands cannot be joined, or None."""
        rigs = recleaning.hand_rigs(context)
        if tracks.joinable(rigs):
            return None
        return missing_hand(context) or "Select two hands of one capture. The active one keeps its rig"

    def edit(self, context: bpy.types.Context, _capture: Capture) -> tracks.Edit:
        """Join the other selected hands to the active one."""
        rigs = recleaning.hand_rigs(context)
        return tracks.join(rigs[0], tracks.joinable(rigs))


class DAHYF_HANDS_OT_show_edited_tracks(bpy.types.Operator):
    """Key the rigs from a capture whose tracks were edited"""

    bl_idname = "dahyf_hands.show_edited_tracks"
    bl_label = "Edit Tracks"
    bl_options = {"UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(name="Capture", description="The edited capture", subtype="FILE_PATH")
    edit: bpy.props.StringProperty(name="Edit", description="Which hands each rig shows, as JSON")

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            tracks.key_edited_capture(context, read_capture(Path(self.filepath)), tracks.Edit(**json.loads(self.edit)))
        except AddonError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


CLASSES = (
    DAHYF_HANDS_OT_split_here,
    DAHYF_HANDS_OT_join_hands,
    DAHYF_HANDS_OT_show_edited_tracks,
)
