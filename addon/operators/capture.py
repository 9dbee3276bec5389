"""Capture Hands: run the core on the footage, then key what it found."""

from pathlib import Path

import bpy

from ..backend import notices
from ..narrowing import operators, present
from ..settings import capture_properties
from .core_job import CoreJob, CoreWork, core_command


class DAHYF_HANDS_OT_capture(CoreJob, bpy.types.Operator):
    """Capture the hands in the footage and key them on new rigs"""

    bl_idname = "dahyf_hands.capture"
    bl_label = "Capture Hands"
    bl_options = {"REGISTER"}

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """Why the capture cannot start, or None."""
        settings = capture_properties.settings_of(present(context.scene))
        return capture_properties.footage_obstacle(settings) or capture_properties.range_obstacle(settings)

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The command for the scene's settings. When it is done, its capture is imported."""
        output, command = capture_command(context)
        scene = present(context.scene)
        self.scene, self.output = scene.name, output
        self.arguments = capture_properties.capture_arguments(capture_properties.settings_of(scene), output)
        return CoreWork("Capturing", command, lambda: import_result(output, settings_for(self.scene)))

    def stopped(self, done: int, total: int) -> str:
        """Note in the scene how far the capture came, for Resume. Returns the notice's text."""
        if not done:
            return "The capture was stopped before its first frame was done."
        capture_properties.remember_stopped(settings_for(self.scene), self.output, self.arguments, done, total)
        return f"The capture was stopped: {done} of {total} frames are done and kept. Resume continues from there."


def capture_command(context: bpy.types.Context) -> tuple[Path, list[str]]:
    """Where the capture goes, and the command that makes it."""
    settings = capture_properties.settings_of(present(context.scene))
    output = capture_properties.capture_path(settings)
    return output, core_command(context, *capture_properties.capture_arguments(settings, output))


def settings_for(scene: str) -> capture_properties.DAHYF_HANDS_PG_settings:
    """The settings of the scene of that name, or of the current scene if that one is gone."""
    return capture_properties.settings_of(present(bpy.data.scenes.get(scene) or bpy.context.scene))


def import_result(output: Path, settings: capture_properties.DAHYF_HANDS_PG_settings) -> notices.Notice:
    """Key the capture as one step that undo takes back. Raises RuntimeError."""
    options = {"scene_setup": settings.scene_setup, "start_frame": settings.start_frame}
    operators.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(output), **options)
    done = notices.of(DAHYF_HANDS_OT_capture.section)
    assert done is not None
    return done


CLASSES = (DAHYF_HANDS_OT_capture,)
