"""`dahyf capture --job` and `--write-job`: settings read from a job file, or written to one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Reporter

if TYPE_CHECKING:
    from dahyf_core.capture.job import CaptureSettings

JobFile = Annotated[
    Path | None,
    typer.Option(
        "--job",
        metavar="FILE",
        show_default=False,
        help="A job file (.json) with the clip and all settings, instead of CLIP and the options of the settings.",
    ),
]
WriteJob = Annotated[
    Path | None,
    typer.Option(
        "--write-job", metavar="FILE", show_default=False, help="Write CLIP and the settings to a job file and exit."
    ),
]

BESIDE_A_JOB = {"job", "output", "as_json", "profile"}


def check_usage(context: typer.Context) -> None:
    """Refuse a command line without a clip or an output, and one with both a job and settings."""
    given = {name for name in context.params if _is_given(context, name)}
    if "job" in given:
        if beside := sorted(given - BESIDE_A_JOB):
            name = "CLIP" if beside[0] == "clip" else f"--{beside[0].replace('_', '-')}"
            context.fail(f"The job file has all settings; leave out {name}.")
    elif "clip" not in given:
        context.fail("Missing argument 'CLIP'.")
    if "output" not in given and "write_job" not in given:
        context.fail("Missing option '--output' / '-o'.")


def write(settings: "CaptureSettings", job: Path, reporter: Reporter) -> None:
    """Write settings as a job file. Raises SettingsError, OutputError."""
    from dahyf_core.capture.job import write_job

    check_output(job, (".json",), inputs=[settings.footage, settings.hand_model, settings.network])
    write_job(settings, job)
    reporter.status(f"Wrote the job {job}.")


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"
