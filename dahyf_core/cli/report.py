"""`dahyf report`: a capture on one page."""

import time
from pathlib import Path
from typing import Annotated

import typer

from dahyf_core.cli import options
from dahyf_core.cli.outputs import check_output
from dahyf_core.cli.reporters import Outcome
from dahyf_core.cli.session import session

SUFFIXES = (".html", ".htm")

EXAMPLES = """
Examples:\n
dahyf report clip.npz -o clip.html\n
dahyf report clip.npz -o clip.html --footage /moved/clip.mp4
"""


def report(
    capture: options.CaptureFile,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", show_default=False, help="The page to write (.html).")
    ],
    footage: options.MovedFootage = None,
    as_json: options.Json = False,
) -> None:
    """Write a page for judging a capture: pictures, confidence, joint angles, jitter, and frames to check.

    The page is one file that opens without an internet connection. The command needs the extra `report`.
    """
    with session(as_json, extra="report") as reporter:
        from dahyf_core.capture import load_capture
        from dahyf_core.report import write_report

        started = time.monotonic()
        check_output(output, SUFFIXES, inputs=[capture, footage])
        loaded = load_capture(capture)
        check_output(output, SUFFIXES, inputs=[Path(loaded.source.footage.path)])
        write_report(loaded, output, footage)
        reporter.done(Outcome(output, loaded.hands, len(loaded.frame), time.monotonic() - started))
