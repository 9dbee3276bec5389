"""`dahyf synth`: a synthetic set of labelled hands."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.reporters import Outcome
from dahyf_core.cli.session import session

EXAMPLES = """
Examples:\n
dahyf synth -o train --count 60000 --seed 1 --backgrounds photographs --poses labels.npz --split train\n
dahyf synth -o val --count 2000 --seed 2 --backgrounds photographs --poses labels.npz --split val
"""


class Split(StrEnum):
    """A split of the backgrounds and poses, by their source."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def synth(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", show_default=False, help="The folder to write shards to."),
    ],
    backgrounds: Annotated[
        Path, typer.Option(metavar="FOLDER", show_default=False, help="Photographs to draw the hands over.")
    ],
    count: Annotated[int, typer.Option(min=1, help="Number of pictures. A larger number extends a set.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Random seed: the same seed gives the same pictures.")] = 0,
    poses: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Poses fitted to photographs (.npz, from `dahyf annotate`) to draw variations of."
        ),
    ] = None,
    split: Annotated[
        Split | None,
        typer.Option(help="Use only backgrounds and poses of this split. Default: all."),
    ] = None,
    size: Annotated[int, typer.Option(min=64, max=1024, help="Side of the pictures in pixels.")] = 256,
    places: Annotated[
        int,
        typer.Option(
            min=0, help="Draw each hand this often, from the middle of a wide-angle frame to a corner; 0: once."
        ),
    ] = 0,
    as_json: options.Json = False,
) -> None:
    """Draw hands with exact labels, as data to train on.

    Ctrl-C stops the run and keeps the finished shards. The same command resumes from there. docs/synthetic-sets.md
    describes the files.
    """
    with session(as_json) as reporter:
        from dahyf_core.hand_model import load_hand_model
        from dahyf_core.synthesis import Generator, SynthesisSettings, write_set

        started = time.monotonic()
        settings = SynthesisSettings(size=size, places=places)
        with Generator(
            load_hand_model(), backgrounds, poses, seed, split.value if split else None, settings
        ) as generator:
            write_set(generator, output, count, lambda done, total: reporter.progress("drawing", done, total))
        reporter.done(Outcome(output, count, count, time.monotonic() - started))
