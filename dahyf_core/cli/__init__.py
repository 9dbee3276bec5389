"""The `dahyf` command. Little is imported before `main` has seen to signals."""

import json
import os
import signal
import sys
from types import FrameType

from dahyf_core.cli.stopping import STOP_SIGNALS

__all__ = ["main"]

INTERRUPTED = 130


def main() -> None:
    """Run the command line."""
    for number in STOP_SIGNALS:
        signal.signal(number, _leave)
    from dahyf_core.cli.app import app

    app(prog_name="dahyf")


def _leave(number: int, frame: FrameType | None) -> None:
    """End at once, before a command's work has begun: an exception might be lost in the middle of an import."""
    reason, remedy = "The work was interrupted.", "Run the same command again."
    message = {"type": "error", "text": reason, "remedy": remedy, "exit_code": INTERRUPTED}
    try:
        if "--json" in sys.argv:
            os.write(1, f"{json.dumps(message)}\n".encode())
        else:
            os.write(2, f"Error: {reason} {remedy}\n".encode())
    finally:
        os._exit(INTERRUPTED)
