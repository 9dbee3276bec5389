"""A run that ends with the program that started it."""

import _thread
import os
import time
from threading import Thread

from dahyf_core.cli import INTERRUPTED

PATIENCE = 20.0
"""Seconds that a run has to keep what is done, once it is alone."""


def end_with_stdin() -> None:
    """Interrupt the run when standard input ends, as the pipe from a program does when that ends, however it does."""
    Thread(target=_wait, name="standard input", daemon=True).start()


def _wait() -> None:
    try:
        while os.read(0, 4096):  # not sys.stdin, whose lock Python wants at its end
            pass
    except OSError:
        pass
    _thread.interrupt_main()
    time.sleep(PATIENCE)
    os._exit(INTERRUPTED)
