"""What each stage does. All write their output whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dahyf_core.batch import blender
from dahyf_core.batch.facts import facts_of
from dahyf_core.batch.results import Facts
from dahyf_core.batch.tasks import (
    AnyTask,
    CaptureTask,
    CleanTask,
    ExportTask,
    ImportTask,
    PreviewTask,
    ReportTask,
    RetargetTask,
)
from dahyf_core.capture import Capture, load_capture, recleaned, save_capture
from dahyf_core.capture.job import settings_of
from dahyf_core.capture.pipeline import capture_footage
from dahyf_core.cleaning import CleaningSettings
from dahyf_core.errors import SettingsError, detail
from dahyf_core.hand_model import load_hand_models

if TYPE_CHECKING:
    from dahyf_core.batch.run import Means

VIDEO = ".mp4"
PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True)
class Outcome:
    """What a stage made: hands and frames in the output, and the facts of a capture."""

    hands: int
    frames: int
    facts: Facts | None = None


def run(task: AnyTask, means: "Means") -> Outcome:
    """Do a task. Raises the errors of its stage."""
    work: Callable[[Any, Means], Outcome] = WORK[type(task)]
    return work(task, means)


def _capture(task: CaptureTask, means: "Means") -> Outcome:
    _check_suffix(task.target, ".npz")
    settings = settings_of(task.job)
    with means.stoppable() as stop:
        made = capture_footage(settings, task.target, means.report, stop, means.threads)
    return _captured(made)


def _clean(task: CleanTask, means: "Means") -> Outcome:
    _check_suffix(task.target, ".npz")
    before = load_capture(Path(task.capture))
    given = msgspec.to_builtins(task.cleaning)
    try:
        settings = msgspec.convert(msgspec.to_builtins(before.cleaning) | given, CleaningSettings)
    except msgspec.MsgspecError as error:
        raise SettingsError(f"The cleaning is not understood: {detail(error)}.", "Change its settings.") from error
    models = load_hand_models(Path(task.hand_model) if task.hand_model else None)
    made = recleaned(before, settings, models)
    save_capture(made, task.target)
    return _captured(made)


def _captured(capture: Capture) -> Outcome:
    return Outcome(capture.hands, len(capture.frame), facts_of(capture))


def _export(task: ExportTask, means: "Means") -> Outcome:
    from dahyf_core.export import ExportOptions, export_capture

    capture = load_capture(Path(task.capture))
    options = ExportOptions(up=task.up, unit=task.unit, camera=task.camera)
    export_capture(capture, task.target, options)
    return Outcome(capture.hands, len(capture.frame))


def _preview(task: PreviewTask, means: "Means") -> Outcome:
    from dahyf_core.preview import CapturedFootage, write_sheet, write_video

    _check_suffix(task.target, VIDEO, *PICTURES)
    capture = load_capture(Path(task.capture))
    footage = CapturedFootage.find(capture)
    if task.target.suffix.lower() == VIDEO:
        write_video(capture, footage, task.target, lambda done, total: means.report.progress("preview", done, total))
    else:
        write_sheet(capture, footage, task.target, task.frames)
    return Outcome(capture.hands, len(capture.frame))


def _report(task: ReportTask, means: "Means") -> Outcome:
    from dahyf_core.report import write_report

    _check_suffix(task.target, ".html")
    capture = load_capture(Path(task.capture))
    write_report(capture, task.target)
    return Outcome(capture.hands, len(capture.frame))


def _blender(task: ImportTask | RetargetTask, means: "Means") -> Outcome:
    _check_suffix(task.target, ".blend")
    done = blender.run(means.blender, blender.arguments_of(task), means.report)
    return Outcome(int(done["hands"]), int(done["frames"]))


def _check_suffix(output: Path, *suffixes: str) -> None:
    if output.suffix.lower() not in suffixes:
        raise SettingsError(
            f"The output {output} does not end in {' or '.join(suffixes)}.", f"Name it {output.stem}{suffixes[0]}."
        )


WORK: dict[type[AnyTask], Callable[..., Outcome]] = {
    CaptureTask: _capture,
    CleanTask: _clean,
    ExportTask: _export,
    PreviewTask: _preview,
    ReportTask: _report,
    ImportTask: _blender,
    RetargetTask: _blender,
}
