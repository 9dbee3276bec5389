"""What operators that run the core share: a child that is watched from a window or waited for, and plain errors."""

from collections.abc import Callable
from dataclasses import dataclass

import bpy

from ..backend import environment, job, worker
from ..errors import AddonError
from ..settings import preferences
from .modal_job import ModalJob
from .polling import allows


@dataclass(frozen=True)
class CoreWork:
    """A command of the core, and what to do with its result; it must hold no references to Blender's data."""

    title: str
    command: list[str]
    conclude: Callable[[], set[str]]


class CoreJob(ModalJob):
    """Mix into an operator that runs the core once, in the background with `execute`, else as a modal."""

    when_cancelled = "Stopped."

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """What the work lacks beside the core, or None."""
        raise NotImplementedError

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The work. Raises AddonError."""
        raise NotImplementedError

    def prepared(self, context: bpy.types.Context) -> CoreWork | None:
        """The work, or None after reporting why there is none."""
        job.clear_failure()
        try:
            return self.prepare(context)
        except AddonError as error:
            fail(self, {"type": "error", "text": error.reason, "remedy": error.remedy})
            return None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, core_obstacle(context) or cls.obstacle(context))

    def start(self, context: bpy.types.Context) -> bool:
        """Start the core; when it is done, its result is used."""
        work = self.prepared(context)
        if work is None:
            return False

        def finished(code: int, messages: list[worker.Message], errors: str) -> None:
            if code == worker.EXIT_INTERRUPTED:
                self.report({"INFO"}, self.when_cancelled)
            elif code:
                fail(self, worker.failure(code, messages, errors))
            else:
                work.conclude()

        try:
            job.start(work.title, work.command, finished)
        except OSError as error:
            fail(self, cannot_start(work.command, error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The same without a window: wait for the core, then use its result."""
        work = self.prepared(context)
        if work is None:
            return {"CANCELLED"}
        try:
            code, last = worker.run_blocking(work.command, on_message=lambda _message: None)
        except OSError as error:
            code, last = worker.EXIT_UNEXPECTED, cannot_start(work.command, error)
        if code:
            fail(self, last)
            return {"CANCELLED"}
        return work.conclude()


def core_obstacle(context: bpy.types.Context) -> str | None:
    """Why the core cannot run now, or None."""
    if (reason := job.obstacle()) is not None:
        return reason
    if preferences.core_interpreter(preferences.preferences_of(context)) is None:
        return "The core is not installed yet: press Set Up"
    return None


def core_command(context: bpy.types.Context, *arguments: str) -> list[str]:
    """`dahyf ARGUMENTS`, by the interpreter of the preferences, which there must be."""
    interpreter = preferences.core_interpreter(preferences.preferences_of(context))
    assert interpreter is not None
    return environment.core_command(interpreter, *arguments)


def cannot_start(command: list[str], error: OSError) -> worker.Message:
    """The error of an interpreter that does not run."""
    return {
        "type": "error",
        "text": f"The core's interpreter {command[0]} does not start: {error.strerror or error}.",
        "remedy": "Choose another one in the add-on's preferences, or press Set Up.",
        "operators": ("dahyf_hands.set_up_environment",),
    }


def fail(operator: bpy.types.Operator, message: worker.Message) -> None:
    """Show an error as a pop-up, and keep it for the panel."""
    job.keep_failure(message)
    operator.report({"ERROR"}, f"{message['text']} {message.get('remedy', '')}".strip())
