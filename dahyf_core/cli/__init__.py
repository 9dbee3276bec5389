"""The `dahyf` command. Little is imported before `main` has seen to signals."""

import os
import signal
import sys
from types import FrameType

from dahyf_core.cli.stopping import STOP_SIGNALS

__all__ = ["main"]

INTERRUPTED = 130
EARLY = "Error: The work was interrupted. Run the same command again.\n"
EARLY_JSON = (
    '{"type": "error", "text": "The work was interrupted.", "remedy": "Run the same command again.",'
    ' "exit_code": 130}\n'
)


def main() -> None:
    """Run the command line."""
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    from dahyf_core.cli.app import app

    try:
        app(prog_name="dahyf")
    except SystemExit as ended:
        if ended.code == INTERRUPTED:
            # Python would end by a signal, not with the code, where the interruption once was in code from a string.
            sys.stderr.flush()
            os._exit(INTERRUPTED)
        raise


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once, before a command's work has begun: an exception might be lost in the middle of an import."""
    try:
        if "--json" in sys.argv:
            os.write(1, EARLY_JSON.encode())
        else:
            os.write(2, EARLY.encode())
    finally:
        os._exit(INTERRUPTED)
