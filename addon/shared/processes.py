"""Checks whether the process in a temporary file's name still runs."""

import os
import sys


def is_alive(process: int) -> bool | None:
    """Whether a process of this machine runs; None if unknown, which on Windows is so for all but this process."""
    if sys.platform == "win32":  # there os.kill would end it
        return True if process == os.getpid() else None
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it is another user's
    return True
