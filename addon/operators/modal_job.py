"""What operators that run a child process share: a modal that polls it on a timer, and stops it with ESC."""

import bpy

from ..backend import job, notices
from ..backend.worker import POLL_SECONDS
from ..narrowing import OperatorMixin, OperatorResult, present
from .poll_message import allows


class ModalJob(OperatorMixin):
    """Mix into an operator whose `start(context)` starts a job. The modal ends when no job is left.

    section: the part of the panel that shows its progress and its result.
    """

    section = "capture"
    _timer: bpy.types.Timer | None = None

    def start(self, context: bpy.types.Context) -> bool:
        """Start the job. Returns False after reporting why it could not start."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        """Start the job and watch it from a timer."""
        if not self.start(context):
            redraw(context)
            return {"CANCELLED"}
        redraw(context)
        manager = present(context.window_manager)
        self._timer = manager.event_timer_add(POLL_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        """Poll the child on the timer, and ask it to stop on ESC. All other events pass through to Blender."""
        if event.type == "ESC" and event.value == "PRESS":
            job.cancel()
            return {"RUNNING_MODAL"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        running = job.tick()
        redraw(context)
        if running:
            return {"PASS_THROUGH"}
        present(context.window_manager).event_timer_remove(present(self._timer))
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """End the child when Blender ends the modal."""
        present(context.window_manager).event_timer_remove(present(self._timer))
        job.stop()

    def say(self, notice: notices.Notice) -> None:
        """Report how the work ended in the status bar, and keep it in the panel's section. Errors also pop up."""
        notices.put(self.section, notice)
        self.report({notice.kind}, notice.sentences)


def redraw(context: bpy.types.Context) -> None:
    """Redraw sidebars and preferences, which show progress. The 3D View itself may be slow to draw, and is not."""
    for window in present(context.window_manager).windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) in {("VIEW_3D", "UI"), ("PREFERENCES", "WINDOW")}:
                    region.tag_redraw()


class DAHYF_HANDS_OT_cancel(bpy.types.Operator):
    """Stop the running work. A stopped capture keeps its finished frames, and Resume continues from there"""

    bl_idname = "dahyf_hands.cancel"
    bl_label = "Stop"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, None if job.is_running() else "Nothing is running")

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        job.cancel()
        return {"FINISHED"}


class DAHYF_HANDS_OT_dismiss_error(bpy.types.Operator):
    """Remove all messages from the panel"""

    bl_idname = "dahyf_hands.dismiss_error"
    bl_label = "Dismiss"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        notices.clear_all()
        redraw(context)
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_cancel, DAHYF_HANDS_OT_dismiss_error)
