"""`dahyf annotate`: labels for a folder of photographs."""

import time
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Outcome, counted
from dahyf_core.cli.session import session

EXAMPLES = """
Examples:\n
dahyf annotate photographs -o labels.npz\n
dahyf annotate photographs -o labels.npz --backgrounds backgrounds
"""


def annotate(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", show_default=False, help="A folder of photographs. Subfolders are included."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The label file to write (.npz).")
    ],
    network: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A trained network (.onnx) that labels the poses. Default: MediaPipe's network."
        ),
    ] = None,
    backgrounds: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also write one picture per source here, with its hands painted over, for `dahyf synth`.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Label the hands in photographs as training data: joints, their spread, and poses of the hand model.

    Hands with doubtful labels are left out. docs/datasets.md describes the file, and labels that FOLDER may hold.
    """
    with session(as_json) as reporter:
        from dahyf_core.datasets import Annotator, save_labels
        from dahyf_core.hand_model import load_hand_models
        from dahyf_core.pose import DahyfEstimator, DahyfNetwork

        started = time.monotonic()
        check_output(output, (".npz",), inputs=[network])
        teacher = None
        if network is not None:
            teacher = DahyfEstimator(DahyfNetwork(network), load_hand_models())
        found = Annotator(teacher=teacher).annotate(folder, reporter)
        for reason, count in found.dropped.items():
            if count:
                reporter.status(f"Left out: {counted(count, 'hand')}, {reason}.")
        save_labels(found.labels, output)
        if backgrounds is not None:
            from dahyf_core.synthesis import inpaint_hands

            reporter.status(f"Wrote {counted(inpaint_hands(found.labels, backgrounds), 'background')}.")
        reporter.done(Outcome(output, len(found.labels), found.pictures, time.monotonic() - started))
