"""`dahyf train` starts or resumes a training run; `dahyf export-onnx` exports its network for capture."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.session import session
from dahyf_core.cli.stopping import StopRequest

EXAMPLES = """
Examples:\n
dahyf train lite.toml -o runs/lite\n
dahyf train --resume runs/lite\n
dahyf train recipes/lite.toml -o work --set photographs=photographs
"""


def train(
    config: Annotated[
        Path | None,
        typer.Argument(
            metavar="CONFIG", show_default=False, help="A TOML file: one training configuration, or a recipe of stages."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="The folder of the new run."),
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", show_default=False, help="Resume the run in this folder.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed instead of the configuration's.")] = None,
    hand_model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your MANO_RIGHT file (.pkl or .npz): the network's hand instead of the open hand."
        ),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Value of {NAME} in a recipe. May be repeated."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Train a network, or run all stages of a recipe.

    Ctrl-C stops after the current step and keeps what was learned. --resume continues as if there had been no stop.
    docs/training.md describes configurations and the folder of a run.
    """
    if (resume is None) == (config is None or output is None) or (resume is not None and config is not None):
        raise typer.BadParameter("Give CONFIG and --output, or --resume alone.")
    with session(as_json) as reporter:
        from dahyf_core import training

        started = time.monotonic()
        if config is not None and training.is_recipe(config):
            assert output is not None
            for stage in training.read_recipe(config, values or []):
                reporter.status(f"{stage.title}: {stage.run(output)}.")
            return
        if resume is not None:
            run, settings = training.RunFolder.open(resume)
        else:
            assert config is not None
            assert output is not None
            settings = training.read_config(config)
            settings = settings if seed is None else replace(settings, seed=seed)
            settings = settings if hand_model is None else replace(settings, hand_model=hand_model.resolve())
            run = training.RunFolder.create(output, settings)
        with StopRequest() as stop:
            training.train(settings, run, reporter.progress, stop)
        reporter.status(f"Trained to step {settings.steps} in {time.monotonic() - started:.0f} s: {run.path}.")


def export_onnx(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", show_default=False, help="Folder of a run. Weights of several are averaged."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The ONNX file to write.")
    ],
    name: Annotated[str | None, typer.Option(help="Name of the network in captures. Default: the file's name.")] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Confidence under which a frame counts as lost, if you measured one."),
    ] = None,
    licence: Annotated[str, typer.Option(metavar="NAME", help="Licence of the weights, such as CC-BY-4.0.")] = "",
    as_json: options.Json = False,
) -> None:
    """Export the network of a run as ONNX for capture, and as .safetensors beside it for further training."""
    with session(as_json) as reporter:
        from dahyf_core import training

        check_output(output, (".onnx",))
        beside = output.with_suffix(".safetensors")
        check_output(beside, (".safetensors",), inputs=[file for run in runs for file in run.glob("*.safetensors")])
        training.export_runs([training.RunFolder.open(run) for run in runs], output, name, threshold, licence)
        reporter.status(f"Wrote {output} and {beside.name}.")
