"""Set Up and Check: make the core's private environment, test it, and report the result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from .. import drawing, extension
from ..backend import bundle as bundles
from ..backend import environment, installing, job, notices
from ..backend.installing import Step
from ..narrowing import OperatorResult, present
from ..settings import preferences
from .core_job import core_obstacle
from .modal_job import ModalJob
from .poll_message import allows

SET_UP_REPORT = "set-up-report.txt"
CHECK_REPORT = "check-report.txt"
SHOWN_LINES = 25
REPORT_WIDTH = 800
FOLDER_REMEDY = "Check the folder's permissions and the free space."


@dataclass
class Run:
    """Steps that follow each other. `done` and `failed` are called at the end; `report` names the report's file."""

    steps: list[Step]
    report: str
    ready: str
    done: Callable[[], None]
    failed: Callable[[], None]
    lines: list[str] = field(default_factory=list)
    number: int = 0
    well: bool = False

    @property
    def step(self) -> Step:
        """The step that runs now."""
        return self.steps[self.number]

    @property
    def share(self) -> tuple[float, float]:
        """Where the present step's part of the progress bar starts and ends, 0 to 1."""
        if len(self.steps) == 1:
            return 0.0, 1.0
        start, end = (0.0, *installing.SHARES)[self.number : self.number + 2]
        return start, end


class RunSteps(ModalJob):
    """Mix into an operator that runs steps: `invoke` runs them as a modal, `execute` waits for them."""

    section = "set_up"

    def run(self, context: bpy.types.Context) -> Run | None:
        """The steps, or None after reporting why they cannot run."""
        raise NotImplementedError

    def start(self, context: bpy.types.Context) -> bool:
        """Start the first step; each starts the next."""
        notices.clear_all()
        run = self.run(context)
        return run is not None and self.go_on(run)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        """Run all steps and wait for them: for scripts and background mode."""
        notices.clear_all()
        run = self.run(context)
        if run is None or not self.go_on(run):
            return {"CANCELLED"}
        while job.tick():
            job.wait()
        return {"FINISHED"} if run.well else {"CANCELLED"}

    def go_on(self, run: Run) -> bool:
        """Start the next step. Returns whether it could be started."""
        step = run.step

        def finished(ending: job.Ending) -> None:
            run.lines += transcript(step, ending)
            if ending.cancelled:
                self.give_up(run, notices.Notice(notices.INFO, f"{self.bl_label} was stopped."))
            elif ending.code:
                self.give_up(run, failure(step, run.lines))
            elif step is not run.steps[-1]:
                run.number += 1
                self.go_on(run)
            else:
                self.finish(run)

        title = f"Step {run.number + 1} of {len(run.steps)}: {step.title}" if len(run.steps) > 1 else step.title
        try:
            job.start(title, list(step.command), finished, self.section, step.variables, step.progress, run.share)
        except OSError as error:
            run.lines.append(f"{step.title}: {error}")
            self.give_up(run, failure(step, run.lines))
            return False
        return True

    def finish(self, run: Run) -> None:
        """Use the new environment, and report success."""
        try:
            run.done()
        except OSError as error:
            run.lines.append(f"Using the new environment: {error}")
            self.give_up(run, failure(run.step, run.lines))
            return
        write_report(run.report, self.bl_label, run.lines)
        run.well = True
        self.say(notices.Notice(notices.INFO, run.ready))

    def give_up(self, run: Run, notice: notices.Notice) -> None:
        """Remove what was begun, write the report, and show the reason."""
        run.failed()
        if notice.kind == notices.ERROR:
            run.lines += [notice.text, f"What to do: {notice.remedy}"]
        write_report(run.report, self.bl_label, run.lines)
        self.say(notice)


class DAHYF_HANDS_OT_set_up_environment(RunSteps, bpy.types.Operator):
    """Install the core into a private Python environment. Blender's own Python stays as it is"""

    bl_idname = "dahyf_hands.set_up_environment"
    bl_label = "Set Up"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, job.obstacle() or set_up_obstacle(preferences.preferences_of(context)))

    def run(self, context: bpy.types.Context) -> Run | None:
        """The commands, or None after reporting why they cannot run."""
        chosen = preferences.preferences_of(context)
        base = environment.base_interpreter(bpy.path.abspath(chosen.base_python))
        bundle = chosen_bundle(chosen)
        if reason := set_up_obstacle(chosen):
            self.say(notices.Notice(notices.ERROR, reason))
            return None
        if bundle and (obstacle := installing.bundle_obstacle(bundle, base, core_wheel())):
            self.say(notices.Notice(notices.ERROR, *obstacle))
            return None
        try:
            folder = preferences.environment_folder(create=True)
            environment.remove_unfinished(folder)
            built = environment.next_environment(folder)
            installing.downloads(built).mkdir(exist_ok=True)
        except OSError as error:
            self.say(notices.Notice(notices.ERROR, f"The folder for the core cannot be made: {error}.", FOLDER_REMEDY))
            return None
        return Run(
            steps=installing.set_up_steps(base, built, core_wheel(), bundle),
            report=SET_UP_REPORT,
            ready="The core is installed and works.",
            done=lambda: environment.adopt(folder, built),
            failed=lambda: environment.remove_unfinished(folder),
        )


class DAHYF_HANDS_OT_check_environment(RunSteps, bpy.types.Operator):
    """Run the core once, and report whether everything it needs is installed"""

    bl_idname = "dahyf_hands.check_environment"
    bl_label = "Check"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return allows(cls, core_obstacle(context))

    def run(self, context: bpy.types.Context) -> Run:
        """The one command that checks."""
        interpreter = preferences.core_interpreter(preferences.preferences_of(context))
        assert interpreter is not None

        def remember(works: bool) -> None:
            environment.checked[interpreter] = works

        return Run(
            steps=[installing.check_step(interpreter)],
            report=CHECK_REPORT,
            ready="The core works.",
            done=lambda: remember(True),
            failed=lambda: remember(False),
        )


class DAHYF_HANDS_OT_show_report(bpy.types.Operator):
    """Show the end of the reports of Set Up and Check, and the paths of the two text files"""

    bl_idname = "dahyf_hands.show_report"
    bl_label = "Show Report"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return allows(cls, None if reports() else "Press Set Up or Check first")

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        return present(context.window_manager).invoke_popup(self, width=REPORT_WIDTH)

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        return {"FINISHED"}

    def draw(self, context: bpy.types.Context) -> None:
        """The last lines of each report, and the path of its file."""
        for path in reports():
            box = present(self.layout).box().column()
            box.label(text=str(path), icon="FILE_TEXT")
            lines = box.column()
            lines.scale_y = 0.75
            said = path.read_text("utf-8").splitlines()[-SHOWN_LINES:]
            for line in said:
                for part in drawing.fitted(context, line, REPORT_WIDTH - 40) or [""]:
                    lines.label(text=part, translate=False)


def chosen_bundle(chosen: preferences.DAHYF_HANDS_AP_preferences) -> Path | None:
    """The offline bundle of the preferences: the chosen folder, or the one in it that is made for this Blender."""
    if not chosen.bundle:
        return None
    base = environment.base_interpreter(bpy.path.abspath(chosen.base_python))
    folder, version = Path(bpy.path.abspath(chosen.bundle)), bundles.version_of(base)
    return bundles.find(folder, version) if version else folder


def core_wheel() -> Path | None:
    """The core's wheel that travels inside this extension."""
    return environment.bundled_wheel(environment.EXTENSION)


def set_up_obstacle(chosen: preferences.DAHYF_HANDS_AP_preferences) -> str | None:
    """Why the core cannot be installed now, or None."""
    bundle = Path(bpy.path.abspath(chosen.bundle)) if chosen.bundle else None
    return installing.obstacle(preferences.environment_folder(), core_wheel(), bundle, bpy.app.online_access)


def reports() -> list[Path]:
    """The reports that exist, that of Set Up first."""
    paths = (extension.user_folder() / name for name in (SET_UP_REPORT, CHECK_REPORT))
    return [path for path in paths if path.is_file()]


def write_report(name: str, title: str, lines: list[str]) -> None:
    """Write a report; without one where the disk refuses it."""
    path = extension.user_folder(create=True) / name
    try:
        path.write_text(installing.report(title, lines), "utf-8")
    except OSError:
        path.unlink(missing_ok=True)


def transcript(step: Step, ending: job.Ending) -> list[str]:
    """The output of a step, as lines of the report."""
    said = [str(message.get("text", "")) for message in ending.messages if message.get("text")]
    result = "stopped" if ending.cancelled else f"failed with exit code {ending.code}" if ending.code else "done"
    return [f"{step.title}: {result}", *said, *ending.errors.splitlines(), ""]


def failure(step: Step, lines: list[str]) -> notices.Notice:
    """Why a step failed, and what to do."""
    text, remedy = installing.reason(step, lines)
    return notices.Notice(notices.ERROR, text, remedy, ("dahyf_hands.show_report",))


CLASSES = (
    DAHYF_HANDS_OT_set_up_environment,
    DAHYF_HANDS_OT_check_environment,
    DAHYF_HANDS_OT_show_report,
)
