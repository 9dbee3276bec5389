"""`dahyf capture --job` and `--write-job`: settings from a file, and into one."""

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
        help="A job (.json) that says the clip and all settings, in place of CLIP and every other option.",
    ),
]
WriteJob = Annotated[
    Path | None,
    typer.Option(
        "--write-job", metavar="FILE", show_default=False, help="Write CLIP and the settings as a job, and stop."
    ),
]

BESIDE_A_JOB = {"job", "output", "as_json", "profile"}


def check_usage(context: typer.Context) -> None:
    """Refuse the usage where the clip or the output is missing, or a job is given beside what it says itself."""
    given = {name for name in context.params if _is_given(context, name)}
    if "job" in given:
        if beside := sorted(given - BESIDE_A_JOB):
            name = "CLIP" if beside[0] == "clip" else f"--{beside[0].replace('_', '-')}"
            context.fail(f"The job says all settings; leave out {name}.")
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
