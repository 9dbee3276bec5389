"""`dahyf task`: one stage of one clip, done once."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.reporters import Reporter, counted
from dahyf_core.cli.session import described, session
from dahyf_core.cli.stopping import StopRequest
from dahyf_core.errors import ExitCode

if TYPE_CHECKING:
    from dahyf_core.batch.results import Result

EXAMPLES = """
Examples:\n
dahyf task shot.capture.json\n
dahyf task shot.capture.json shot.report.json --json
"""

Blender = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        envvar="DAHYF_BLENDER",
        help="Blender with the add-on, or a Python that has bpy, for the stages import and retarget.",
    ),
]


def task(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", show_default=False, help="Task files (.json), in their order.")
    ],
    threads: Annotated[int, typer.Option(min=0, help="CPU threads of each network; 0 is one a core.")] = 0,
    blender: Blender = None,
    as_json: options.Json = False,
) -> None:
    """Do stages of clips, each described by a task file, and none whose output is up to date.

    The exit code tells whether another try may help: docs/batch.md.
    """
    code: int = ExitCode.DONE
    with session(as_json, extra="report") as reporter:
        from dahyf_core.batch.blender import find_command
        from dahyf_core.batch.results import common_code
        from dahyf_core.batch.run import Means, run_tasks
        from dahyf_core.batch.tasks import read_task

        tasks = [read_task(path) for path in files]
        means = Means(reporter, StopRequest, threads, find_command(blender))
        results = run_tasks(
            tasks, means, lambda error: described(error, "report"), lambda result: tell(reporter, result, as_json)
        )
        code = common_code(results)
    if code:
        raise typer.Exit(code)


def tell(reporter: Reporter, result: "Result", as_json: bool) -> None:
    """Say how a task ended: one line."""
    if as_json:
        import msgspec

        print(json.dumps(msgspec.to_builtins(result)), flush=True)
    elif result.is_good:
        counts = [counted(count, noun) for count, noun in ((result.hands, "hand"), (result.frames, "frame")) if count]
        reporter.status(f"{result.state.capitalize()}: {result.output}{''.join(f', {each}' for each in counts)}.")
    elif result.state == "blocked":
        reporter.warning(f"{result.output} was not made. {result.text}")
    else:
        reporter.error(f"{result.output} was not made. {result.text}", result.remedy, result.exit_code)
