"""`dahyf evaluate`: an estimator measured on labelled hands."""

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Outcome
from dahyf_core.cli.session import session
from dahyf_core.cli.synth import Split

EXAMPLES = """
Examples:\n
dahyf evaluate --data freihand --path FreiHAND_pub_v2_eval -o freihand.json\n
dahyf evaluate --data synthetic --path val --model runs/lite/lite.onnx -o lite.json\n
dahyf evaluate --data photographs --path labels.npz --estimator baseline --limit 500 -o baseline.json
"""


class Estimator(StrEnum):
    """The estimator to measure."""

    DAHYF = "dahyf"
    BASELINE = "baseline"


EstimatorOption = Annotated[
    Estimator,
    typer.Option("--estimator", help="The trained network, or MediaPipe's landmarks with inverse kinematics."),
]


def evaluate(
    data: Annotated[
        str, typer.Option(metavar="READER", show_default=False, help="Reader of the data set (docs/datasets.md).")
    ],
    path: Annotated[
        Path,
        typer.Option(metavar="PATH", show_default=False, help="Folder of the data set, or label file of photographs."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            show_default=False,
            help="The results to write (.json). A picture of the worst cases is written beside them (.png).",
        ),
    ],
    split: Annotated[Split, typer.Option(help="Split of the data set to measure on.")] = Split.TEST,
    estimator: EstimatorOption = Estimator.DAHYF,
    model: options.Model = None,
    hand_model: options.HandModelFile = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Measure at most this many samples, spread evenly.")] = None,
    worst: Annotated[int, typer.Option(min=1, max=120, help="Number of worst cases in the picture.")] = 24,
    as_json: options.Json = False,
) -> None:
    """Measure an estimator on labelled hands, with every metric that the labels allow.

    Each hand is cropped where its label places it, so detection is not measured. docs/evaluation.md explains the
    numbers.
    """
    with session(as_json) as reporter:
        from dahyf_core import evaluation
        from dahyf_core.cli.scores import print_scores
        from dahyf_core.hand_model import load_hand_models
        from dahyf_core.pose import create_estimator

        started = time.monotonic()
        check_output(output, (".json",), inputs=[path, model, hand_model])
        sheet = output.with_suffix(".png")
        check_output(sheet, (".png",), inputs=[path, model, hand_model])
        read = evaluation.reader_of(data)
        hands = load_hand_models(hand_model)
        measured = create_estimator(estimator.value, hands, network=model)
        mano = hands["right"] if hands["right"].name == "mano" else None
        dataset = read(path, split.value, mano)
        rows = evaluation.spread_rows(len(dataset), limit)
        scores = evaluation.score(
            dataset, rows, measured, hands, lambda done, total: reporter.progress("evaluating", done, total)
        )
        facts = {
            "data": {"reader": data, "path": str(path), "split": split.value, "caveat": evaluation.CAVEATS.get(data)},
            "estimator": {
                "name": measured.name,
                "model": str(model) if model else None,
                "hand_model": hands["right"].name,
            },
            **evaluation.facts_of(scores),
            "worst": evaluation.worst_facts(scores, worst),
        }
        evaluation.write_results(facts, output)
        evaluation.write_worst(scores, dataset, worst, sheet)
        if not as_json:
            print_scores(facts, Console(file=sys.stdout, highlight=False, markup=False))
        reporter.done(Outcome(output, len(scores), len(scores), time.monotonic() - started))
