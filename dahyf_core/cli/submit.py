"""`dahyf submit` and `dahyf check-submission`: predictions for benchmark servers."""

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.evaluate import Estimator, EstimatorOption
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Outcome, counted
from dahyf_core.cli.session import session

EXAMPLES = """
Examples:\n
dahyf submit freihand --path FreiHAND_pub_v2_eval --hand-model MANO_RIGHT.pkl -o pred.zip\n
dahyf check-submission freihand pred.zip --path FreiHAND_pub_v2_eval
"""


class BenchmarkName(StrEnum):
    """The benchmark."""

    FREIHAND = "freihand"
    HO3D = "ho3d"


Name = Annotated[BenchmarkName, typer.Argument(show_default=False, help="The benchmark that the submission is for.")]
Folder = Annotated[
    Path, typer.Option("--path", metavar="FOLDER", show_default=False, help="Folder of the unpacked data set.")
]


def submit(
    benchmark: Name,
    path: Folder,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The file to write (.zip).")
    ],
    hand_model: Annotated[
        Path | None,
        typer.Option("--hand-model", metavar="FILE", show_default=False, help="Your MANO_RIGHT file (.pkl or .npz)."),
    ] = None,
    estimator: EstimatorOption = Estimator.DAHYF,
    model: options.Model = None,
    as_json: options.Json = False,
) -> None:
    """Predict FreiHAND's or HO-3D's evaluation set, and write and check the submission for its server.

    Of the labels, only those are used that the benchmark gives as input (docs/evaluation.md).
    """
    with session(as_json) as reporter:
        from dahyf_core import evaluation
        from dahyf_core.pose import create_estimator

        started = time.monotonic()
        check_output(output, (".zip",), inputs=[hand_model, model])
        mano = evaluation.load_mano(hand_model)
        measured = create_estimator(estimator.value, {"right": mano, "left": mano.mirrored()}, network=model)
        dataset = evaluation.open_benchmark(benchmark.value, path)
        joints, vertices = evaluation.predict(
            benchmark.value, dataset, measured, mano, lambda done, total: reporter.progress("predicting", done, total)
        )
        evaluation.write_submission(joints, vertices, output)
        count = evaluation.check_submission(benchmark.value, output, path)
        reporter.done(Outcome(output, count, count, time.monotonic() - started))


def check_submission(
    benchmark: Name,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", show_default=False, help="The submission: a zip file of pred.json.")
    ],
    path: Folder,
    as_json: options.Json = False,
) -> None:
    """Check a submission: its form, the number of hands, units, axes and the order of joints."""
    with session(as_json) as reporter:
        from dahyf_core import evaluation

        count = evaluation.check_submission(benchmark.value, file, path)
        reporter.status(f"{file} is a submission of {counted(count, 'hand')}.")
