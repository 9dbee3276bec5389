"""Capture Hands: run the core on the footage, then key what it found."""

from pathlib import Path

import bpy

from .. import environment, job, preferences, properties, worker
from .modal_job import ModalJob
from .polling import allows

SENTENCE_WHEN_CANCELLED = "Stopped. What is done is kept; Capture Hands goes on from there."


class DAHYF_HANDS_OT_capture(ModalJob, bpy.types.Operator):
    """Capture the hands in the footage and key them on new rigs"""

    bl_idname = "dahyf_hands.capture"
    bl_label = "Capture Hands"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, obstacle(context))

    def start(self, context: bpy.types.Context) -> bool:
        """Start the core; when it is done, its capture is imported."""
        output, command = capture_command(context)
        set_scene = properties.settings_of(context.scene).set_scene

        def finished(code: int, messages: list[worker.Message], errors: str) -> None:
            if code == worker.EXIT_INTERRUPTED:
                self.report({"INFO"}, SENTENCE_WHEN_CANCELLED)
            elif code:
                fail(self, worker.failure(code, messages, errors))
            else:
                import_result(output, set_scene)

        job.clear_failure()
        try:
            job.start("Starting", command, finished)
        except OSError as error:
            fail(self, cannot_start(command, error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The same without a window: wait for the core, then import."""
        output, command = capture_command(context)
        job.clear_failure()
        try:
            code, last = worker.run_blocking(command, on_message=lambda _message: None)
        except OSError as error:
            code, last = worker.EXIT_UNEXPECTED, cannot_start(command, error)
        if code:
            fail(self, last)
            return {"CANCELLED"}
        import_result(output, properties.settings_of(context.scene).set_scene)
        return {"FINISHED"}


def obstacle(context: bpy.types.Context) -> str | None:
    """Why a capture cannot start now, or None."""
    if job.is_running():
        return "Another capture or set-up is running"
    if preferences.core_interpreter(preferences.preferences_of(context)) is None:
        return "The core is not installed yet: press Set Up"
    footage = properties.settings_of(context.scene).footage
    if not footage:
        return "Choose the footage first"
    if not properties.absolute(footage).exists():
        return f"The footage is not there: {footage}"
    return None


def capture_command(context: bpy.types.Context) -> tuple[Path, list[str]]:
    """Where the capture goes, and the command that makes it."""
    settings = properties.settings_of(context.scene)
    interpreter = preferences.core_interpreter(preferences.preferences_of(context))
    assert interpreter is not None
    output = properties.capture_path(settings)
    return output, environment.core_command(interpreter, *properties.capture_arguments(settings, output))


def import_result(output: Path, set_scene: bool) -> None:
    """Key the capture as one step that undo takes back."""
    bpy.ops.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(output), set_scene=set_scene)


def cannot_start(command: list[str], error: OSError) -> worker.Message:
    """The error of an interpreter that does not run."""
    return {
        "type": "error",
        "text": f"The core's interpreter {command[0]} does not start: {error.strerror or error}.",
        "remedy": "Choose another one in the add-on's preferences, or press Set Up.",
    }


def fail(operator: bpy.types.Operator, message: worker.Message) -> None:
    """Show an error as a pop-up, and keep it for the panel."""
    job.keep_failure(message)
    operator.report({"ERROR"}, f"{message['text']} {message.get('remedy', '')}".strip())


CLASSES = (DAHYF_HANDS_OT_capture,)
