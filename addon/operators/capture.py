"""Capture Hands: run the core on the footage, then key what it found."""

from pathlib import Path

import bpy

from ..settings import capture_properties
from .core_job import CoreJob, CoreWork, core_command


class DAHYF_HANDS_OT_capture(CoreJob, bpy.types.Operator):
    """Capture the hands in the footage and key them on new rigs"""

    bl_idname = "dahyf_hands.capture"
    bl_label = "Capture Hands"
    bl_options = {"REGISTER"}

    when_cancelled = "Stopped. What is done is kept; Capture Hands goes on from there."

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """What a capture lacks, or None."""
        settings = capture_properties.settings_of(context.scene)
        if not settings.footage:
            return "Choose the footage first"
        if not capture_properties.absolute(settings.footage).exists():
            return f"The footage is not there: {settings.footage}"
        return capture_properties.range_obstacle(settings)

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The command for the scene's settings; its capture is imported."""
        output, command = capture_command(context)
        set_scene = capture_properties.settings_of(context.scene).set_scene
        return CoreWork("Starting", command, lambda: import_result(output, set_scene))


def capture_command(context: bpy.types.Context) -> tuple[Path, list[str]]:
    """Where the capture goes, and the command that makes it."""
    settings = capture_properties.settings_of(context.scene)
    output = capture_properties.capture_path(settings)
    return output, core_command(context, *capture_properties.capture_arguments(settings, output))


def import_result(output: Path, set_scene: bool) -> set[str]:
    """Key the capture as one step that undo takes back."""
    return bpy.ops.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(output), set_scene=set_scene)


CLASSES = (DAHYF_HANDS_OT_capture,)
