"""The commands. Each checks its arguments, calls one function of the core, and reports where the result is.

The core is imported inside the commands, so that `dahyf --help` answers at once.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from dahyf_core import __version__
from dahyf_core.cli import (
    ablate,
    annotate,
    batch,
    evaluate,
    export,
    finding,
    importing,
    jobs,
    live,
    options,
    predict,
    report,
    submit,
    synth,
    task,
    train,
    yardsticks,
)
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.parent import end_with_stdin
from dahyf_core.cli.program import Program
from dahyf_core.cli.reporters import Outcome, Reporter
from dahyf_core.cli.session import session
from dahyf_core.cli.stopping import StopRequest
from dahyf_core.deprecation import warn_of_old_name
from dahyf_core.profiling import profiled, stage

if TYPE_CHECKING:
    from dahyf_core.capture import Capture
    from dahyf_core.cleaning import CleaningSettings, ThresholdOverride

CAPTURE_SUFFIXES = (".npz",)
NETWORK_SUFFIXES = (".onnx",)
VIDEO_SUFFIXES = (".mp4",)
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")

app = typer.Typer(
    name="dahyf",
    cls=Program,
    help="Hand capture from any video: footage in, moving hands out.",
    epilog="Start with: dahyf capture clip.mp4 -o clip.npz, then dahyf preview clip.npz -o clip.png",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"dahyf {__version__}")
        raise typer.Exit


@app.callback()
def dahyf(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    exit_with_stdin: Annotated[
        bool,
        typer.Option(
            "--exit-with-stdin",
            envvar="DAHYF_EXIT_WITH_STDIN",
            help="Interrupt the run when standard input closes, for example because the calling program ended.",
        ),
    ] = False,
) -> None:
    """Options of every command."""
    if exit_with_stdin:
        end_with_stdin()


CAPTURE_EXAMPLES = """
Examples:\n
dahyf capture clip.mp4 -o clip.npz\n
dahyf capture clip.mp4 -o clip.npz --range 1.5s:4s --max-hands 1 --fov 65\n
dahyf capture clip.mp4 -o clip.npz --box 120:310,95,80,110:left --box 0:40,60,90,90\n
dahyf capture shots/%04d.png -o shots.npz --rate 24 --focal-mm 35 --sensor-mm 36\n
dahyf capture --job job.json -o shot.npz
"""


@app.command(epilog=CAPTURE_EXAMPLES)
def capture(
    context: typer.Context,
    clip: options.Clip = None,
    output: options.CaptureOutput = None,
    job: jobs.JobFile = None,
    write_job: jobs.WriteJob = None,
    frame_range: options.Range = None,
    rate: options.Rate = None,
    sequence: options.Sequence = False,
    deinterlace: options.DeinterlaceOption = options.Deinterlace.AUTO,
    max_hands: options.MaxHands = 2,
    box: options.Boxes = None,
    region: options.RegionOption = None,
    side: options.SideOption = None,
    find_at: options.FindAt = None,
    mirrored: options.Mirrored = False,
    hand_model: options.HandModelFile = None,
    estimator: options.EstimatorOption = options.Estimator.DAHYF,
    model: options.Model = None,
    fov: options.Fov = None,
    focal_px: options.FocalPx = None,
    focal_mm: options.FocalMm = None,
    sensor_mm: options.SensorMm = None,
    intrinsics: options.Intrinsics = None,
    distortion: options.Distortion = None,
    threshold: options.Threshold = None,
    lost: options.LostOption = None,
    max_gap: options.MaxGap = None,
    spike: options.Spike = None,
    wrist_position_hz: options.WristPositionHz = None,
    wrist_depth_hz: options.WristDepthHz = None,
    wrist_rotation_hz: options.WristRotationHz = None,
    finger_hz: options.FingerHz = None,
    stillness: options.Stillness = None,
    wrist_rotation_only: options.WristRotationOnly = None,
    threshold_override: options.ThresholdOverrides = None,
    floor: options.DeprecatedFloors = None,
    profile: options.Profiled = False,
    as_json: options.Json = False,
) -> None:
    """Capture the hands in footage.

    Ctrl-C stops cleanly: the file then holds the frames done so far, and the same command resumes from there.
    """
    jobs.check_usage(context)
    with session(as_json) as reporter, profiled(time.perf_counter()) as spent:
        with stage("importing"):
            from dahyf_core.camera import Lens
            from dahyf_core.capture.guidance import GivenBox, Guidance, Region
            from dahyf_core.capture.job import CaptureSettings, read_job, with_network_threshold
            from dahyf_core.capture.pipeline import capture_footage
            from dahyf_core.cleaning import CleaningSettings
            from dahyf_core.tracking import TrackingSettings

        started = time.monotonic()
        tracking = TrackingSettings(max_hands=max_hands)
        settings = CaptureSettings(
            footage=clip or Path(),
            frame_range=frame_range,
            rate=rate,
            sequence=sequence,
            deinterlace=deinterlace.value,
            lens=Lens(fov, focal_px, focal_mm, sensor_mm, intrinsics, distortion or ()),
            mirrored=mirrored,
            guidance=Guidance(
                tuple(GivenBox(*each) for each in box or ()),
                region and Region(*region),
                None if side is None else side.value,
            ),
            tracking=tracking if find_at is None else tracking.finding_at(find_at),
            hand_model=hand_model,
            estimator=estimator.value,
            network=model,
            cleaning=_changed(
                CleaningSettings(),
                threshold=threshold,
                lost=lost and lost.value,
                max_gap_seconds=max_gap,
                spike_seconds=spike,
                wrist_position_hz=wrist_position_hz,
                wrist_depth_hz=wrist_depth_hz,
                wrist_rotation_hz=wrist_rotation_hz,
                finger_hz=finger_hz,
                stillness=stillness,
                wrist_rotation_only=wrist_rotation_only,
                threshold_overrides=_threshold_overrides(threshold_override, floor),
            ),
        )
        if job is not None:
            settings = read_job(job)
        elif threshold is None:
            settings = with_network_threshold(settings)
        if write_job is not None:
            jobs.write(settings, write_job, reporter)
            return
        assert output is not None
        inputs = [job, settings.footage, settings.hand_model, settings.network]
        check_output(output, CAPTURE_SUFFIXES, inputs=inputs)
        with StopRequest() as stop:
            result = capture_footage(settings, output, reporter, stop)
        if profile:
            reporter.profile(spent.stages(), spent.beside())
        reporter.done(_outcome(result, output, started))


@app.command()
def clean(
    capture: options.CaptureFile,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The capture file to write. Default: overwrite CAPTURE."),
    ] = None,
    hand_model: options.HandModelFile = None,
    threshold: options.Threshold = None,
    lost: options.LostOption = None,
    max_gap: options.MaxGap = None,
    spike: options.Spike = None,
    wrist_position_hz: options.WristPositionHz = None,
    wrist_depth_hz: options.WristDepthHz = None,
    wrist_rotation_hz: options.WristRotationHz = None,
    finger_hz: options.FingerHz = None,
    stillness: options.Stillness = None,
    wrist_rotation_only: options.WristRotationOnly = None,
    threshold_override: options.ThresholdOverrides = None,
    floor: options.DeprecatedFloors = None,
    reset: Annotated[
        bool, typer.Option("--reset", help="Start from the default settings instead of the file's.")
    ] = False,
    split: options.Split = None,
    join: options.Join = None,
    swap: options.Swap = None,
    drop: options.Drop = None,
    as_json: options.Json = False,
) -> None:
    """Gate and smooth a capture again from its raw estimates. This needs neither the footage nor the network.

    Settings that are not given stay as they are in the file. Tracks are split first, then joined, swapped and dropped.
    Track edits change the raw estimates, so they need another output file.
    """
    with session(as_json) as reporter:
        from dahyf_core.capture import load_capture, recleaned, save_capture
        from dahyf_core.cleaning import CleaningSettings, TrackEdits
        from dahyf_core.hand_model import load_hand_models

        started = time.monotonic()
        output = output or capture
        edits = TrackEdits(tuple(split or ()), tuple(join or ()), tuple(swap or ()), tuple(drop or ()))
        before = load_capture(capture)
        check_output(output, CAPTURE_SUFFIXES, inputs=[hand_model, *([capture] if edits else [])])
        settings = _changed(
            CleaningSettings() if reset else before.cleaning,
            threshold=threshold,
            lost=lost and lost.value,
            max_gap_seconds=max_gap,
            spike_seconds=spike,
            wrist_position_hz=wrist_position_hz,
            wrist_depth_hz=wrist_depth_hz,
            wrist_rotation_hz=wrist_rotation_hz,
            finger_hz=finger_hz,
            stillness=stillness,
            wrist_rotation_only=wrist_rotation_only,
            threshold_overrides=_threshold_overrides(threshold_override, floor),
        )
        result = recleaned(before, settings, load_hand_models(hand_model), edits)
        save_capture(result, output)
        reporter.done(_outcome(result, output, started))


@app.command()
def info(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", show_default=False, help="Footage, a capture file (.npz) or a network (.onnx)."),
    ],
    as_json: options.Json = False,
) -> None:
    """Print facts about footage, a capture file or a network file."""
    with session(as_json):
        from dahyf_core.cli.facts import capture_facts, footage_facts, network_facts, print_facts

        if file.suffix.lower() in CAPTURE_SUFFIXES:
            from dahyf_core.capture import load_capture

            facts = capture_facts(load_capture(file))
        elif file.suffix.lower() in NETWORK_SUFFIXES:
            facts = network_facts(file)
        else:
            from dahyf_core.footage import probe

            facts = footage_facts(probe(file))
        if as_json:
            print(json.dumps({"type": "info", **facts}))
        else:
            print_facts(facts, Console(file=sys.stdout, highlight=False, markup=False))


@app.command(epilog=export.EXAMPLES, name="export")
def export_(
    capture: options.CaptureFile,
    output: export.Output,
    up: export.UpOption = None,
    unit: export.UnitOption = None,
    rate: export.Rate = None,
    camera: export.Camera = False,
    as_json: options.Json = False,
) -> None:
    """Export the cleaned hands for other programs. The suffix of FILE sets the format (docs/export.md)."""
    with session(as_json) as reporter:
        _export(capture, output, reporter, up=up and up.value, unit=unit and unit.value, rate=rate, camera=camera)


@app.command(hidden=True)
def export_json(
    capture: options.CaptureFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The JSON file to write.")
    ],
    as_json: options.Json = False,
) -> None:
    """Write the cleaned hands as JSON: the old name of `dahyf export CAPTURE -o FILE.json`."""
    with session(as_json) as reporter:
        warn_of_old_name("dahyf export-json", "dahyf export")
        check_output(output, (".json",), inputs=[capture])
        _export(capture, output, reporter)


def _export(capture: Path, output: Path, reporter: Reporter, **given: Any) -> None:
    from dahyf_core.capture import load_capture
    from dahyf_core.export import ExportOptions, export_capture, exporter_of, suffixes

    started = time.monotonic()
    check_output(output, suffixes(), inputs=[capture])
    wanted = ExportOptions(**given)
    exporter_of(output, wanted)
    loaded = load_capture(capture)
    export_capture(loaded, output, wanted)
    reporter.done(_outcome(loaded, output, started))


@app.command()
def preview(
    capture: options.CaptureFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            help="A video (.mp4) of all captured frames, or one picture (.png, .jpg) of selected frames.",
        ),
    ],
    footage: options.MovedFootage = None,
    frames: Annotated[int, typer.Option(min=1, max=200, help="Number of frames in the picture.")] = 12,
    raw: Annotated[bool, typer.Option("--raw", help="Draw the hands as estimated, before gate and smoothing.")] = False,
    hand_model: options.HandModelFile = None,
    as_json: options.Json = False,
) -> None:
    """Draw the captured hands over the footage: mesh, joints, confidence, and the state of each pose."""
    with session(as_json) as reporter:
        from dahyf_core.capture import load_capture
        from dahyf_core.hand_model import load_hand_models
        from dahyf_core.preview import CapturedFootage, without_cleaning, write_sheet, write_video

        started = time.monotonic()
        check_output(output, VIDEO_SUFFIXES + PICTURE_SUFFIXES, inputs=[capture, footage, hand_model])
        shown = load_capture(capture)
        found = CapturedFootage.find(shown, footage)
        check_output(output, VIDEO_SUFFIXES + PICTURE_SUFFIXES, inputs=[found.info.path, *found.info.files])
        if raw:
            shown = without_cleaning(shown, load_hand_models(hand_model))
        if output.suffix.lower() in VIDEO_SUFFIXES:
            write_video(shown, found, output, lambda done, total: reporter.progress("preview", done, total))
        else:
            write_sheet(shown, found, output, frames)
        reporter.done(_outcome(shown, output, started))


@app.command()
def check(as_json: options.Json = False) -> None:
    """Check that everything a capture needs works, and list what is installed, for problem reports."""
    with session(as_json) as reporter:
        from dahyf_core.cli.checks import environment_facts

        for name, value in environment_facts().items():
            reporter.status(f"{name}: {value}")
        reporter.status("Everything that a capture needs works.")


app.command(epilog=batch.EXAMPLES)(batch.batch)
app.command(epilog=task.EXAMPLES)(task.task)
app.command(epilog=importing.EXAMPLES, name="import")(importing.import_)
app.command(epilog=predict.EXAMPLES)(predict.predict)
app.command(epilog=live.EXAMPLES)(live.live)
app.command(epilog=report.EXAMPLES)(report.report)
app.command(epilog=annotate.EXAMPLES)(annotate.annotate)
app.command(epilog=synth.EXAMPLES)(synth.synth)
app.command(epilog=train.EXAMPLES)(train.train)
app.command()(train.export_onnx)
app.command(epilog=ablate.EXAMPLES)(ablate.ablate)
app.command(epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command(epilog=yardsticks.EXAMPLES)(yardsticks.yardsticks)
app.command(epilog=finding.EXAMPLES)(finding.finding)
app.command(epilog=submit.EXAMPLES)(submit.submit)
app.command()(submit.check_submission)


def _outcome(capture: "Capture", output: Path, started: float) -> Outcome:
    return Outcome(output, capture.hands, len(capture.frame), time.monotonic() - started)


def _changed(settings: "CleaningSettings", **given: Any) -> "CleaningSettings":
    """The settings, changed by those that were given on the command line."""
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def _threshold_overrides(
    given: list[options.FrameThreshold] | None, deprecated: list[options.FrameThreshold] | None
) -> "tuple[ThresholdOverride, ...] | None":
    """The ranges of --threshold-override and of --floor, its deprecated name."""
    from dahyf_core.cleaning import ThresholdOverride

    if deprecated:
        warn_of_old_name("--floor", "--threshold-override")
    ranges = [*(given or ()), *(deprecated or ())]
    return tuple(ThresholdOverride(*each) for each in ranges) if ranges else None
