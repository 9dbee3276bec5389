"""`dahyf predict`: hands in still images."""

import time
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Outcome, Reporter
from dahyf_core.cli.session import session
from dahyf_core.errors import SettingsError

if TYPE_CHECKING:
    from dahyf_core.stills import Prediction

EXAMPLES = """
Examples:\n
dahyf predict photo.jpg another.png -o hands.json\n
dahyf predict --boxes boxes.json -o hands.json --vertices
"""


def predict(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The JSON file to write.")
    ],
    images: Annotated[
        list[Path] | None,
        typer.Argument(metavar="IMAGE...", show_default=False, help="Pictures. Optional with --boxes."),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A JSON list of the hands to estimate (docs/command-line.md)."),
    ] = None,
    vertices: Annotated[bool, typer.Option("--vertices", help="Also write the vertices of the mesh.")] = False,
    hand_model: options.HandModelFile = None,
    model: options.Model = None,
    as_json: options.Json = False,
) -> None:
    """Estimate the hands in still images: all that are detected, or those in given boxes."""
    with session(as_json) as reporter:
        from dahyf_core.stills import Predictor, asked_boxes, check_pictures, write_predictions

        started = time.monotonic()
        paths = [str(image) for image in images or ()]
        if boxes is None and not paths:
            raise SettingsError("No picture is given.", "Give pictures, or a file of boxes with --boxes.")
        check_output(output, (".json",), inputs=[*map(Path, paths), boxes, hand_model, model])
        if boxes is None:
            check_pictures(paths)
        asked = None if boxes is None else asked_boxes(boxes, paths)
        check_output(output, (".json",), inputs=[Path(box.image) for box in asked or ()])
        predictor = Predictor.create(hand_model, vertices, model)
        reporter.status(f"The estimator {predictor.estimator.name} runs on {predictor.estimator.provider}.")
        found = predictor.in_pictures(paths) if asked is None else predictor.in_boxes(asked)
        total = len(paths) if asked is None else len(list(groupby(box.image for box in asked)))
        hands = write_predictions(_told(found, total, reporter), output)
        if not hands:
            reporter.warning("No hands were found.")
        reporter.done(Outcome(output, hands, total, time.monotonic() - started))


def _told(found: "Iterable[list[Prediction]]", total: int, reporter: Reporter) -> "Iterator[Prediction]":
    """The hands of each picture, while progress is reported."""
    for done, hands in enumerate(found, start=1):
        reporter.progress("predict", done, total)
        yield from hands
