"""`dahyf ablate`: the paper's table, on any data."""

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
    """What sees the patch."""

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
    seeds: Annotated[int, typer.Option(min=1, help="How often each row is trained.")] = 3,
    rows: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this row; may be repeated. docs/ablation.md lists them."),
    ] = None,
    backbone: Annotated[
        Backbone | None, typer.Option(help="In place of the recipe's; but for lite it needs the extra `paper`.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(metavar="READER", help="What reads the hands, in place of the recipe's (docs/datasets.md)."),
    ] = None,
    path: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Where they are: a folder, or the label file of photographs.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write results.json, table.md and the plot here, not into the study."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train and score networks that differ in one part, with the same data, schedule and budget.

    Ctrl-C stops it; the same command goes on from there, and writes the results of what is done.
    """
    with session(as_json) as reporter:
        from dahyf_core.ablation import Study, select_rows, with_backbone, with_hands, write_results
        from dahyf_core.training import read_config

        config = read_config(recipe)
        if (data is None) != (path is None):
            raise SettingsError("Hands need a reader and a path.", "Give --data and --path, or neither.")
        if data and path:
            config = with_hands(config, data, path)
        if backbone:
            config = with_backbone(config, backbone.value)
        wanted = select_rows(rows or ())
        with StopRequest() as stop:
            found = Study(output, config).run(wanted, range(1, seeds + 1), reporter.progress, stop)
        write_results(found, config, results or output)
        reporter.status(f"{len(found)} of {len(wanted) * seeds} runs are done; {results or output} has the results.")
