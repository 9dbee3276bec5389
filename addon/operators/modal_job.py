"""What operators that run a child process share: a modal that only polls, and ESC."""

import bpy

from ..backend import job, notices
from ..backend.worker import POLL_SECONDS
from ..narrowing import OperatorMixin, OperatorResult, present
from .polling import allows


class ModalJob(OperatorMixin):
    """Mix into an operator whose `start(context)` starts a job; the modal ends when no job is left.

    section: the part of the panel where its progress and its ending are shown.
    """

    section = "capture"
    _timer: bpy.types.Timer | None = None

    def start(self, context: bpy.types.Context) -> bool:
        """Start the job; False when it could not, after reporting why."""
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
        present(context.window_manager).event_timer_remove(present(self._timer))
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the modal: so ends the child."""
        present(context.window_manager).event_timer_remove(present(self._timer))
        job.stop()

    def say(self, notice: notices.Notice) -> None:
        """Tell how the work ended: in the status bar, an error as a pop-up, and in the section's part of the panel."""
        notices.put(self.section, notice)
        self.report({notice.kind}, notice.sentences)


def redraw(context: bpy.types.Context) -> None:
    """Draw anew what shows progress: sidebars and preferences, not the view itself, which may take long to draw."""
    for window in present(context.window_manager).windows:
        for area in window.screen.areas:
            for region in area.regions:
                if (area.type, region.type) in {("VIEW_3D", "UI"), ("PREFERENCES", "WINDOW")}:
                    region.tag_redraw()


class DAHYF_HANDS_OT_cancel(bpy.types.Operator):
    """Stop the work that runs. A stopped capture keeps the frames that are done, and Resume goes on from there"""

    bl_idname = "dahyf_hands.cancel"
    bl_label = "Stop"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, None if job.is_running() else "Nothing is running")

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        job.cancel()
        return {"FINISHED"}


class DAHYF_HANDS_OT_dismiss_error(bpy.types.Operator):
    """Take all messages off the panel"""

    bl_idname = "dahyf_hands.dismiss_error"
    bl_label = "Dismiss"

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        notices.clear_all()
        redraw(context)
        return {"FINISHED"}


CLASSES = (DAHYF_HANDS_OT_cancel, DAHYF_HANDS_OT_dismiss_error)
