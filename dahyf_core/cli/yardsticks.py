"""`dahyf yardsticks`: this program measured side by side with its peers."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.session import session

EXAMPLES = """
Examples:\n
dahyf yardsticks data -o numbers.json\n
dahyf yardsticks data --synthetic val --labels labels.npz --mediapipe mediapipe/bin/python -o numbers.json --plots plots
"""


def yardsticks(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", show_default=False, help="A folder with clips/ and backgrounds/.")
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The numbers to write (.json)."),
    ],
    model: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A trained network (.onnx). May be repeated. Default: the one that ships."),
    ] = None,
    baseline: Annotated[
        bool, typer.Option("--baseline/--no-baseline", help="Also measure the baseline estimator.")
    ] = True,
    mediapipe: Annotated[
        Path | None,
        typer.Option(
            metavar="PYTHON", help="Also measure MediaPipe Hands, with this interpreter, which needs mediapipe 0.10.21."
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Measure only this yardstick. May be repeated. Default: all."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Largest number of pictures per set, spread evenly; 0 for all.")
    ] = 0,
    synthetic: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A validation set drawn by `dahyf synth`.")
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Label file of photographs, from `dahyf annotate`.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads of each network.")] = 1,
    plots: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for plots of the curves; needs the extra `report`.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Measure networks, the baseline and MediaPipe Hands on the same clips and pictures.

    Prints a table in Markdown for each yardstick. docs/yardsticks.md explains each number.
    """
    with session(as_json) as reporter:
        from dahyf_core.evaluation import yardsticks as measures

        check_output(output, (".json",), inputs=[labels, *(model or [])])
        inputs = measures.Inputs(data, synthetic, labels, limit)
        systems = measures.create_systems(model, baseline, mediapipe, threads)
        rows = []
        for name, found in measures.run(systems, inputs, only, reporter.warning):
            rows += found
            measures.write_rows(rows, output)
            if not as_json:
                sys.stdout.write(measures.markdown(found, [system.name for system in systems]) + "\n")
            reporter.status(f"Measured {name}.")
        if plots is not None:
            measures.draw(rows, plots)
        reporter.status(f"Wrote {output}.")
