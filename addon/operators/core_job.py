"""What operators that run the core share: they watch its process, or wait for it, and report its errors."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import bpy

from ..backend import environment, job, notices, worker
from ..errors import AddonError, ExitCode
from ..narrowing import OperatorResult
from ..settings import preferences
from .modal_job import ModalJob
from .poll_message import allows


@dataclass(frozen=True)
class CoreWork:
    """A command of the core, and what to do with its result. It must hold no references to Blender's data.

    conclude: uses the result and returns the notice of it. Blender's operators in it raise RuntimeError.
    """

    title: str
    command: list[str]
    conclude: Callable[[], notices.Notice]


class CoreJob(ModalJob):
    """Mix into an operator that runs the core once: `invoke` runs it as a modal, `execute` waits for it."""

    @classmethod
    def obstacle(cls, context: bpy.types.Context) -> str | None:
        """Why the work cannot start although the core is ready, or None."""
        raise NotImplementedError

    def prepare(self, context: bpy.types.Context) -> CoreWork:
        """The work. Raises AddonError."""
        raise NotImplementedError

    def stopped(self, done: int, total: int) -> str:
        """The notice's text after the user has stopped the work at `done` of `total` frames."""
        return "Stopped. Nothing has changed."

    def prepared(self, context: bpy.types.Context) -> CoreWork | None:
        """The work, or None after reporting why there is none."""
        notices.clear_all()
        try:
            return self.prepare(context)
        except AddonError as error:
            self.say(notices.Notice(notices.ERROR, error.reason, error.remedy))
            return None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, core_obstacle(context) or cls.obstacle(context))

    def start(self, context: bpy.types.Context) -> bool:
        """Start the core. Its result is used when it is done."""
        work = self.prepared(context)
        if work is None:
            return False

        def finished(ending: job.Ending) -> None:
            if ending.code == ExitCode.INTERRUPTED:
                progress = [message for message in ending.messages if message["type"] == "progress"]
                last = progress[-1] if progress else {}
                self.say(notices.Notice(notices.INFO, self.stopped(last.get("done", 0), last.get("total", 0))))
            elif ending.code:
                self.say(of_message(worker.failure(ending.code, ending.messages, ending.errors)))
            else:
                self.conclude(work, ending.messages, ending.seconds)

        try:
            job.start(work.title, work.command, finished, self.section)
        except OSError as error:
            self.say(cannot_start(work.command, error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Wait for the core, then use its result: for scripts and background mode."""
        work = self.prepared(context)
        if work is None:
            return {"CANCELLED"}
        started = time.monotonic()
        messages: list[worker.Message] = []
        try:
            code, last = worker.run_blocking(work.command, on_message=messages.append)
        except OSError as error:
            self.say(cannot_start(work.command, error))
            return {"CANCELLED"}
        if code:
            self.say(of_message(last))
            return {"CANCELLED"}
        done = self.conclude(work, messages, time.monotonic() - started)
        return {"FINISHED"} if done else {"CANCELLED"}

    def conclude(self, work: CoreWork, messages: list[worker.Message], seconds: float) -> bool:
        """Use the result, and report it with the core's warnings. Returns whether that went well."""
        try:
            notice = work.conclude()
        except (AddonError, RuntimeError) as error:
            self.say(notices.Notice(notices.ERROR, str(error).removeprefix("Error: ").strip()))
            return False
        warned = [str(message["text"]) for message in messages if message["type"] == "warning"]
        if fresh := [text for text in warned if text not in notice.sentences]:
            notice = replace(notice, kind=notices.WARNING, remedy=" ".join([notice.remedy, *fresh]).strip())
        self.say(replace(notice, text=f"{notice.text} It took {seconds:.1f} seconds."))
        return True


def core_obstacle(context: bpy.types.Context) -> str | None:
    """Why the core cannot run now, or None."""
    if (reason := job.obstacle()) is not None:
        return reason
    if preferences.core_interpreter(preferences.preferences_of(context)) is None:
        return preferences.core_state(preferences.preferences_of(context)).text
    return None


def core_command(context: bpy.types.Context, *arguments: str) -> list[str]:
    """`dahyf ARGUMENTS`, run by the interpreter of the preferences. The core must be installed."""
    interpreter = preferences.core_interpreter(preferences.preferences_of(context))
    assert interpreter is not None
    return environment.core_command(interpreter, *arguments)


def of_message(message: worker.Message) -> notices.Notice:
    """The error that the core reports, and the operators that may help."""
    operators = notices.REMEDIES.get(message.get("exit_code", 0), ())
    return notices.Notice(notices.ERROR, str(message["text"]), str(message.get("remedy", "")), operators)


def cannot_start(command: list[str], error: OSError) -> notices.Notice:
    """The error of an interpreter that does not start."""
    return notices.Notice(
        notices.ERROR,
        f"The core's interpreter {command[0]} does not start: {error.strerror or error}.",
        "Choose another one in the add-on's preferences, or press Set Up.",
        ("dahyf_hands.set_up_environment",),
    )
