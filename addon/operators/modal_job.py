"""What operators that run a child process share: a modal that only polls, and ESC."""

import bpy

from ..backend import job
from ..backend.worker import POLL_SECONDS
from .polling import allows


class ModalJob:
    """Mix into an operator whose `start(context)` starts a job; the modal ends when no job is left."""

    _timer: bpy.types.Timer | None = None

    def start(self, context: bpy.types.Context) -> bool:
        """Start the job; False when it could not, after reporting why."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the job and watch it from a timer."""
        if not self.start(context):
            return {"CANCELLED"}
        manager = context.window_manager
        self._timer = manager.event_timer_add(POLL_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Poll on the timer; ESC asks the child to stop; everything else goes on to Blender."""
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        running = job.tick()
        redraw(context)
        if running:
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the modal: so ends the child."""
        context.window_manager.event_timer_remove(self._timer)
        job.stop()


def redraw(context: bpy.types.Context) -> None:
    """Draw the areas anew that show progress."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                area.tag_redraw()


class DAHYF_HANDS_OT_cancel(bpy.types.Operator):
    """Stop the running work; what is done is kept, and the same command goes on from there"""

    bl_idname = "dahyf_hands.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, None if job.is_running() else "Nothing is running")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        job.cancel()
        return {"FINISHED"}


class DAHYF_HANDS_OT_dismiss_error(bpy.types.Operator):
    """Take the last error off the panel"""

    bl_idname = "dahyf_hands.dismiss_error"
    bl_label = "Dismiss Error"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, None if job.failure else "There is no error")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        job.clear_failure()
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_cancel, DAHYF_HANDS_OT_dismiss_error)
