"""`dahyf ablate`: the paper's ablation table, on any data."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.session import session
from dahyf_core.cli.stopping import StopRequest
from dahyf_core.errors import SettingsError

EXAMPLES = """
Examples:\n
dahyf ablate ablation.toml -o study --seeds 3\n
dahyf ablate ablation.toml -o study --rows gdm --rows ldm --results docs/ablation\n
dahyf ablate ablation.toml -o study --backbone resnet50 --data freihand --path FreiHAND_pub_v2
"""


class Backbone(StrEnum):
    """The backbone of the network."""

    LITE = "lite"
    RESNET50 = "resnet50"
    HRNET_W64 = "hrnet_w64"


def ablate(
    recipe: Annotated[
        Path, typer.Argument(metavar="RECIPE", show_default=False, help="Data and schedule of all runs: a TOML file.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="The folder of the study.")
    ],
    seeds: Annotated[int, typer.Option(min=1, help="Number of seeds that each row is trained with.")] = 3,
    rows: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Train only this row. May be repeated. docs/ablation.md lists the rows."),
    ] = None,
    backbone: Annotated[
        Backbone | None, typer.Option(help="Backbone instead of the recipe's. All but lite need the extra `paper`.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="READER", help="Reader of the hands, instead of the recipe's (docs/datasets.md)."),
    ] = None,
    path: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Hands for --data: a folder, or a label file of photographs.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Folder for results.json, table.md and the plot. Default: the study."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train and score networks that differ in one part, with the same data, schedule and budget.

    Ctrl-C stops the study and writes the results so far. The same command resumes from there.
    """
    with session(as_json) as reporter:
        from dahyf_core.ablation import Study, select_rows, with_backbone, with_hands, write_results
        from dahyf_core.training import read_config

        config = read_config(recipe)
        if (data is None) != (path is None):
            raise SettingsError("The options --data and --path belong together.", "Give both or neither.")
        if data and path:
            config = with_hands(config, data, path)
        if backbone:
            config = with_backbone(config, backbone.value)
        wanted = select_rows(rows or ())
        with StopRequest() as stop:
            found = Study(output, config).run(wanted, range(1, seeds + 1), reporter.progress, stop)
        write_results(found, config, results or output)
        reporter.status(f"{len(found)} of {len(wanted) * seeds} runs are done; {results or output} has the results.")
