"""`dahyf batch`: many clips."""

import re
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dahyf_core.cli import options
from dahyf_core.cli.reporters import Outcome, Reporter, counted
from dahyf_core.cli.session import session
from dahyf_core.cli.task import Blender
from dahyf_core.errors import DahyfError, OutputError, SettingsError

if TYPE_CHECKING:
    from dahyf_core.batch.batch import Work
    from dahyf_core.batch.manifest import Clip
    from dahyf_core.batch.results import Result

EXAMPLES = """
Examples:\n
dahyf batch clips.csv -o captured\n
dahyf batch /footage/day1 -o captured --set hands=1 --set lens.fov_degrees=65 --set outputs="report glb"\n
dahyf batch clips.json -o captured --rows 1:100 --engine ray
"""
SHOWN = 20
"""Failures that are listed at the end; the page has all."""


class EngineName(StrEnum):
    """What runs the tasks."""

    LOCAL = "local"
    RAY = "ray"
    SLURM = "slurm"


class BatchError(DahyfError):
    """Clips of a batch failed. It has the exit code that they share, or that of a batch."""

    def __init__(self, reason: str, remedy: str, exit_code: int) -> None:
        super().__init__(reason, remedy)
        self.exit_code = exit_code  # type: ignore[misc]


def batch(
    manifest: Annotated[
        Path,
        typer.Argument(
            metavar="MANIFEST", show_default=False, help="A CSV or JSON file that lists clips, or a folder with clips."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", show_default=False, help="The folder of all outputs; it may exist."
        ),
    ],
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="COLUMN=VALUE", help="A value for all clips whose row has none in that column. Repeatable."
        ),
    ] = None,
    rows: Annotated[
        str | None,
        typer.Option(metavar="FIRST:LAST", help="Only these rows, both included: 1:100, or a single one: 17."),
    ] = None,
    stages: Annotated[
        str | None,
        typer.Option(metavar="STAGE,STAGE", help="Only these stages, for example capture or import,retarget."),
    ] = None,
    engine: Annotated[
        EngineName, typer.Option(help="What runs the tasks; docs/batch.md says what each needs.")
    ] = EngineName.LOCAL,
    engine_set: Annotated[
        list[str] | None,
        typer.Option(
            "--engine-set",
            metavar="NAME=VALUE",
            help="An option of the engine: Ray's address, or submitit's slurm_partition, timeout_min, ... Repeatable.",
        ),
    ] = None,
    processes: Annotated[int, typer.Option(min=0, help="Clips at once; 0 is one a core.")] = 0,
    threads: Annotated[
        int, typer.Option(min=0, help="CPU threads of each network; 0 shares the cores out between the clips.")
    ] = 0,
    gpus: Annotated[float, typer.Option(min=0, help="Share of a GPU for each clip, with --engine ray or slurm.")] = 0.0,
    retries: Annotated[
        int, typer.Option(min=0, max=100, help="Further tries of a clip whose failure may pass, after growing waits.")
    ] = 2,
    blender: Blender = None,
    only_summary: Annotated[
        bool, typer.Option("--only-summary", help="Do no task; write the summary of what is there.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Capture the hands in many clips, and make files and pages of the captures.

    A second run does what is missing or outdated, and nothing else. FOLDER/summary.html shows all clips. The exit code
    is not 0 if anything failed.
    """
    with session(as_json, extra="batch") as reporter:
        from dahyf_core.batch import summary
        from dahyf_core.batch.batch import Policy, Work, run_batch
        from dahyf_core.batch.engines import Resources, create_engine
        from dahyf_core.batch.manifest import parse_settings, read_manifest
        from dahyf_core.batch.plan import tasks_of
        from dahyf_core.batch.results import common_code
        from dahyf_core.batch.tasks import STAGES

        started = time.monotonic()
        _make_folder(output)
        clips = read_manifest(manifest, parse_settings(settings or []), output)
        chosen = _of_rows(clips, rows)
        wanted = [name.strip() for name in (stages or "").split(",") if name.strip()]
        if unknown := set(wanted) - set(STAGES):
            raise SettingsError(f"There is no stage {min(unknown)}.", f"Choose from {', '.join(STAGES)}.")
        works = [Work(clip, tasks) for clip in chosen if (tasks := tasks_of(clip, output, wanted))]
        results: dict[int, list[Result]] = {}
        if not only_summary:
            board = _Board(reporter, len(works), as_json)
            given = {
                name: int(text) if text.isdecimal() else text for name, text in parse_settings(engine_set or []).items()
            }
            resources = Resources(processes, threads, gpus, blender, output.absolute(), given)
            results = run_batch(
                works, create_engine(engine.value, resources), resources, Policy(retries), board.tracked()
            )
        page = None
        if len(works) == len(clips) and not wanted:
            page = summary.write_summary(works, results, output)
        if only_summary:
            results = {work.clip.number: summary.found_results(work) for work in works}
        _end(
            reporter,
            works,
            results,
            page or output,
            started,
            common_code([r for each in results.values() for r in each]),
        )


def _end(
    reporter: Reporter,
    works: "Sequence[Work]",
    results: "dict[int, list[Result]]",
    page: Path,
    started: float,
    code: int,
) -> None:
    """Report the result, or raise BatchError with the clips that failed."""
    bad = [(work, first) for work in works if (first := _first_failure(results.get(work.clip.number, [])))]
    for work, result in bad[:SHOWN]:
        reporter.warning(f"{work.clip.name} failed: {result.stage}: {result.text} {result.remedy}")
    if len(bad) > SHOWN:
        reporter.warning(f"{len(bad) - SHOWN} more clips failed.")
    if bad:
        again = sum(result.again for _, result in bad)
        remedy = (
            f"Run the same command again: {again} may then succeed."
            if again
            else "Change what the reasons name, and run it again."
        )
        raise BatchError(f"{len(bad)} of {counted(len(works), 'clip')} failed; see {page}.", remedy, code)
    firsts = [each[0] for each in results.values() if each]
    hands, frames = sum(each.hands or 0 for each in firsts), sum(each.frames or 0 for each in firsts)
    reporter.done(Outcome(page, hands, frames, time.monotonic() - started))


def _first_failure(results: "Sequence[Result]") -> "Result | None":
    return next((result for result in results if result.state == "failed"), None)


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {output} cannot be made: {error.strerror or error}.", "Choose another folder."
        ) from error


def _of_rows(clips: "Sequence[Clip]", rows: str | None) -> "Sequence[Clip]":
    """The clips of FIRST:LAST or of one number."""
    if rows is None:
        return clips
    found = re.fullmatch(r"(\d{1,9})|(\d{0,9}):(\d{0,9})", rows.strip(), re.ASCII)
    if found is None:
        raise SettingsError(f"{rows!r} is not of the form FIRST:LAST.", "Give rows such as 1:100 or 17.")
    low, high = int(found[1] or found[2] or 1), int(found[1] or found[3] or len(clips))
    chosen = [clip for clip in clips if low <= clip.number <= high]
    if not chosen:
        raise SettingsError(f"The manifest has no rows {rows}.", f"It has {counted(len(clips), 'clip')}.")
    return chosen


class _Board:
    """Shows the progress of all clips and of each, which many threads report."""

    def __init__(self, reporter: Reporter, total: int, as_json: bool) -> None:
        self._reporter = reporter
        self._total = total
        self._as_json = as_json
        self._done = 0
        self._failed = 0
        self._lock = Lock()

    def tracked(self) -> Any:
        """What `run_batch` reports to."""
        from dahyf_core.batch.batch import Tracked

        return Tracked(self._started, self._told, self._ended)

    def _started(self, clip: "Clip", attempt: int) -> None:
        if attempt > 1:
            with self._lock:
                self._reporter.status(f"{clip.name}: try {attempt}.")

    def _told(self, clip: "Clip", message: dict[str, Any]) -> None:
        with self._lock:
            if message["type"] == "progress":
                self._reporter.clip_progress(
                    clip.name, str(message["stage"]), int(message["done"]), int(message["total"])
                )
            elif message["type"] == "warning":
                self._reporter.warning(f"{clip.name}: {message['text']}")

    def _ended(self, clip: "Clip", results: "list[Result]") -> None:
        import json

        import msgspec

        with self._lock:
            self._done += 1
            bad = _first_failure(results)
            self._failed += bad is not None
            if self._as_json:
                for result in results:
                    print(json.dumps({**msgspec.to_builtins(result), "clip": clip.name}), flush=True)
            elif any(result.state == "done" for result in results) or bad:
                seconds = sum(result.seconds for result in results)
                how = f"failed in {bad.stage}: {bad.text}" if bad else f"done in {seconds:.1f} s"
                self._reporter.status(f"{self._done} of {self._total}: {clip.name} {how}")
            self._reporter.clip_ended(clip.name)
            self._reporter.progress("clips", self._done, self._total)
