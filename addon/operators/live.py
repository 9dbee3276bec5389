"""Live: rigs in the viewport move as the hands of a camera."""

from datetime import datetime
from pathlib import Path

import bpy

from .. import extension
from ..backend import lifetime, notices
from ..live import session
from ..narrowing import OperatorResult, operators, present
from ..settings import capture_properties, live_properties
from .core_job import cannot_start, core_command, core_obstacle, of_message
from .modal_job import redraw
from .poll_message import allows

SECONDS_BETWEEN_LOOKS = 1 / 90
SECTION = "live"


class DAHYF_HANDS_OT_live(bpy.types.Operator):
    """Move hand rigs in the viewport as the hands of the camera move, until ESC is pressed"""

    bl_idname = "dahyf_hands.live"
    bl_label = "Start Live"
    bl_options = {"REGISTER"}

    _timer: bpy.types.Timer | None = None

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """Why live cannot start, or None."""
        return core_obstacle(context) or live_properties.obstacle(present(context.scene))

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, None if session.current() else cls.obstacle(context))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        """Start the core; while it runs, stop it instead."""
        running = session.current()
        if running is not None:
            running.stop()
            return {"FINISHED"}
        if not start(context):
            redraw(context)
            return {"CANCELLED"}
        manager = present(context.window_manager)
        self._timer = manager.event_timer_add(SECONDS_BETWEEN_LOOKS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Show the newest frame on the timer. ESC stops; all other events pass through to Blender."""
        running = session.current()
        if running is None:  # another file was opened
            self._end_timer(context)
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            running.stop()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if running.tick(context):
            redraw(context)
            return {"PASS_THROUGH"}
        self._end_timer(context)
        notice = conclude()
        notices.put(SECTION, notice)
        self.report({notice.kind}, notice.sentences)
        redraw(context)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """End the core when Blender ends the modal."""
        self._end_timer(context)
        session.finish()

    def _end_timer(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            present(context.window_manager).event_timer_remove(self._timer)
            self._timer = None


def start(context: bpy.types.Context) -> bool:
    """Start the core with the scene's settings. False after noting why it cannot start."""
    notices.clear(SECTION)
    scene, folder = present(context.scene), lifetime.temporary_folder()
    template, recording = Path(folder.name) / "template.npz", recording_path()
    command = core_command(context, *live_properties.arguments(scene, template, recording))
    wanted = recording if live_properties.settings_of(scene).record else None
    try:
        session.start(command, template, wanted, folder)
    except OSError as error:
        folder.cleanup()
        notices.put(SECTION, cannot_start(command, error))
        return False
    return True


def conclude() -> notices.Notice:
    """End the session, import its recording, and say how it went."""
    ended = present(session.finish())
    if ended.error is not None:
        return of_message(ended.error)
    facts = f"Live has ended. {ended.facts()}."
    if ended.recording is None or not ended.recording.exists():
        return notices.Notice(notices.INFO, facts)
    try:
        operators.dahyf_hands.import_capture("EXEC_DEFAULT", True, filepath=str(ended.recording), show_footage=False)
    except RuntimeError as error:
        return notices.Notice(notices.ERROR, str(error).removeprefix("Error: ").strip())
    return notices.Notice(notices.INFO, f"{facts} The recording is {ended.recording.name}.")


def recording_path() -> Path:
    """A new file for a recording: beside the .blend file, or in the add-on's own folder."""
    folder = Path(bpy.data.filepath).parent if bpy.data.filepath else extension.user_folder("captures", create=True)
    wanted = folder / f"live {datetime.now():%Y-%m-%d %H.%M.%S}.hands.npz"
    return capture_properties.unused(wanted, wanted)


CLASSES = (DAHYF_HANDS_OT_live,)
