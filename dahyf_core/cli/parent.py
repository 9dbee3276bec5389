"""A run that ends with the program that started it."""

import _thread
import os
import time
from threading import Thread

from dahyf_core.shared.errors import ExitCode

PATIENCE = 20.0
"""Seconds that a run has for saving its work after standard input has ended."""


def end_with_stdin() -> None:
    """Interrupt the run when standard input ends. A pipe from a program ends when the program ends for any reason."""
    Thread(target=_wait, name="standard input", daemon=True).start()


def _wait() -> None:
    try:
        while os.read(0, 4096):  # not sys.stdin, whose lock Python needs when it exits
            pass
    except OSError:
        pass
    _thread.interrupt_main()
    time.sleep(PATIENCE)
    os._exit(ExitCode.INTERRUPTED)
