"""`dahyf finding`: which hands are found, and what is taken for a hand, side by side with other systems."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.session import session
from dahyf_core.errors import SettingsError

if TYPE_CHECKING:
    from dahyf_core.evaluation.finding import ProgramFinder

EXAMPLES = """
Examples:\n
dahyf finding DATA --truth truth.json -o numbers.json\n
dahyf finding DATA --truth truth.json --drawn clips --mediapipe mediapipe/bin/python -o numbers.json
"""


def finding(
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", show_default=False, help="A folder with photographs, backgrounds and clips."),
    ],
    truth: Annotated[
        Path,
        typer.Option(metavar="FILE", show_default=False, help="Where the hands in DATA are (.json, docs/finding.md)."),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The numbers to write (.json)."),
    ],
    drawn: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also use clips drawn with exact truth, kept in this folder. What it lacks is drawn: needs the extra"
            " `train`.",
        ),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Drawn clips of each kind and finish.")] = 1,
    mediapipe: Annotated[
        Path | None,
        typer.Option(
            metavar="PYTHON", help="Also measure MediaPipe Hands, with this interpreter, which needs mediapipe 0.10.21."
        ),
    ] = None,
    program: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FOLDER", help="A checkout of this project to measure. May be repeated. Default: this one."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Measure only `stills` or only `clips`. Default: both."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Largest number of pictures per set, spread evenly; 0 for all.")
    ] = 0,
    as_json: options.Json = False,
) -> None:
    """Measure which hands this program finds in pictures and clips, beside MediaPipe Hands and other versions.

    Prints a table in Markdown for each set of pictures and each clip. docs/finding.md explains each number.
    """
    with session(as_json) as reporter:
        from dahyf_core.evaluation import finding as measures
        from dahyf_core.evaluation.yardsticks import markdown, write_rows

        check_output(output, (".json",), inputs=[truth])
        wanted = set(only or ("stills", "clips"))
        if unknown := wanted - {"stills", "clips"}:
            raise SettingsError(f"{unknown.pop()} cannot be measured.", "Choose stills or clips.")
        truths = measures.Truths.load(truth)
        clips = [] if drawn is None else measures.drawn_clips(drawn, data / "backgrounds", truths.people, seeds)
        finders: list[measures.Finder] = []
        if mediapipe is not None:
            finders.append(measures.MediaPipeFinder(mediapipe))
        finders += [_program(text) for text in program or ()] or [measures.ProgramFinder("dahyf")]
        rows = []
        inputs = measures.Inputs(data, truths, clips, limit)
        for found in measures.measure(finders, inputs, clips="clips" in wanted, stills="stills" in wanted):
            rows += found
            write_rows(rows, output)
            if not as_json:
                sys.stdout.write(markdown(found, [finder.name for finder in finders]) + "\n")
                sys.stdout.flush()
        reporter.status(f"Wrote {output}.")


def _program(text: str) -> "ProgramFinder":
    from dahyf_core.evaluation.finding import ProgramFinder

    name, _, folder = text.partition("=")
    if not (Path(folder) / "dahyf_core").is_dir():
        raise SettingsError(f"{text} does not name a checkout of this project.", "Give NAME=FOLDER.")
    return ProgramFinder(name, Path(folder))
