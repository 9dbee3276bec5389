"""Set Up and Check: make the core's private environment, try it, and say what came out."""

from pathlib import Path

import bpy

from .. import extension
from ..backend import environment, job, worker
from ..settings import preferences
from .core_job import core_obstacle
from .modal_job import ModalJob
from .polling import allows


class DAHYF_HANDS_OT_set_up_environment(ModalJob, bpy.types.Operator):
    """Make a private Python environment and install the core into it. Blender's own Python is not touched"""

    bl_idname = "dahyf_hands.set_up_environment"
    bl_label = "Set Up"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, job.obstacle())

    def steps(self, context: bpy.types.Context) -> list[environment.Step]:
        """The commands, or none after reporting what stands in the way."""
        chosen = preferences.preferences_of(context)
        bundle = Path(bpy.path.abspath(chosen.bundle)) if chosen.bundle else None
        core = environment.bundled_wheel(Path(__file__).parent.parent)
        folder = preferences.environment_folder()
        reason = environment.obstacle(folder, core, bundle, bpy.app.online_access)
        if reason:
            self.report({"ERROR"}, reason)
            return []
        base = environment.base_interpreter(bpy.path.abspath(chosen.base_python))
        return environment.set_up_steps(base, preferences.environment_folder(create=True), core, bundle)

    def start(self, context: bpy.types.Context) -> bool:
        """Start the first step; each starts the next."""
        steps = self.steps(context)
        return bool(steps) and run_steps(self, steps, [])

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The same without a window."""
        steps = self.steps(context)
        return {"FINISHED"} if steps and run_steps_blocking(self, steps) else {"CANCELLED"}


class DAHYF_HANDS_OT_check_environment(ModalJob, bpy.types.Operator):
    """Run the core once and tell whether everything it needs is there"""

    bl_idname = "dahyf_hands.check_environment"
    bl_label = "Check"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, core_obstacle(context))

    def steps(self, context: bpy.types.Context) -> list[environment.Step]:
        """The one command that checks."""
        interpreter = preferences.core_interpreter(preferences.preferences_of(context))
        assert interpreter is not None
        return [environment.check_step(interpreter)]

    def start(self, context: bpy.types.Context) -> bool:
        """Start the check."""
        return run_steps(self, self.steps(context), [])

    def execute(self, context: bpy.types.Context) -> set[str]:
        """The same without a window."""
        return {"FINISHED"} if run_steps_blocking(self, self.steps(context)) else {"CANCELLED"}


class DAHYF_HANDS_OT_show_report(bpy.types.Operator):
    """Show what the last set-up or check said"""

    bl_idname = "dahyf_hands.show_report"
    bl_label = "Show Report"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, None if report_path().is_file() else "Nothing was set up or checked yet")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_popup(self, width=700)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        return {"FINISHED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """The last lines of the report, and where all of it lies."""
        column = self.layout.column()
        column.scale_y = 0.75
        for line in report_path().read_text("utf-8").splitlines()[-30:]:
            column.label(text=line)
        column.label(text=str(report_path()), icon="FILE_TEXT")


def report_path() -> Path:
    """Where the last report lies."""
    return extension.user_folder() / "environment-report.txt"


def run_steps(operator: bpy.types.Operator, steps: list[environment.Step], said: list[str]) -> bool:
    """Start the first step; the rest follow when it ends well."""
    step, *rest = steps

    def finished(code: int, messages: list[worker.Message], errors: str) -> None:
        lines = [*said, *transcript(step, code, messages, errors)]
        if code == 0 and rest:
            run_steps(operator, rest, lines)
        else:
            conclude(operator, step, code, lines)

    try:
        job.start(step.title, list(step.command), finished)
    except OSError as error:
        conclude(operator, step, worker.EXIT_UNEXPECTED, [*said, f"{step.title}: {error}"])
        return False
    return True


def run_steps_blocking(operator: bpy.types.Operator, steps: list[environment.Step]) -> bool:
    """Run all steps one after another, and wait."""
    if not run_steps(operator, steps, []):
        return False
    while job.tick():
        job.wait()
    return job.failure is None


def transcript(step: environment.Step, code: int, messages: list[worker.Message], errors: str) -> list[str]:
    """What a step said, as lines of the report."""
    said = [str(message.get("text", "")) for message in messages if message.get("text")]
    return [
        f"{step.title}: {'done' if code == 0 else f'failed with exit code {code}'}",
        *said,
        *errors.splitlines(),
        "",
    ]


def conclude(operator: bpy.types.Operator, step: environment.Step, code: int, lines: list[str]) -> None:
    """Write the report, and say in one sentence how it went."""
    remedy = environment.remedy(step, lines)
    if code:
        lines = [*lines, f"What to do: {remedy}"]
    report_path().parent.mkdir(parents=True, exist_ok=True)
    report_path().write_text(environment.report("set-up and check", lines), "utf-8")
    if code:
        buttons = ("dahyf_hands.set_up_environment", "dahyf_hands.show_report")
        job.keep_failure({"type": "error", "text": f"{step.title} failed.", "remedy": remedy, "operators": buttons})
        operator.report({"ERROR"}, f"{step.title} failed. {remedy} Show Report tells more.")
    else:
        job.clear_failure()
        operator.report({"INFO"}, "The core is ready.")


CLASSES = (
    DAHYF_HANDS_OT_set_up_environment,
    DAHYF_HANDS_OT_check_environment,
    DAHYF_HANDS_OT_show_report,
)
