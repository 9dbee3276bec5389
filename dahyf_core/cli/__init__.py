"""The `dahyf` command. Little is imported before `main` has set the signal handlers."""

import os
import signal
import sys
from types import FrameType

from dahyf_core.cli.stopping import STOP_SIGNALS
from dahyf_core.shared.errors import ExitCode

__all__ = ["main"]

EARLY = "Error: The work was interrupted. Run the same command again.\n"
EARLY_JSON = (
    '{"type": "error", "text": "The work was interrupted.", "remedy": "Run the same command again.",'
    f' "exit_code": {ExitCode.INTERRUPTED}}}\n'
)


def main() -> None:
    """Run the command line."""
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    from dahyf_core.cli.app import app

    try:
        app(prog_name="dahyf")
    except SystemExit as ended:
        if ended.code == ExitCode.INTERRUPTED:
            # After an interruption inside code from a string, Python would exit by a signal instead of with this code.
            sys.stderr.flush()
            os._exit(ExitCode.INTERRUPTED)
        raise


def _leave(number: int, frame: FrameType | None) -> None:
    """Exit at once, before a command's work has begun: an exception in the middle of an import may be lost."""
    try:
        if "--json" in sys.argv:
            os.write(1, EARLY_JSON.encode())
        else:
            os.write(2, EARLY.encode())
    finally:
        os._exit(ExitCode.INTERRUPTED)
