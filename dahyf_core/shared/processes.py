"""Whether the process that a temporary file is named after still runs."""

import os
import sys


def is_alive(process: int) -> bool | None:
    """Whether a process of this machine runs; None where the system does not tell: on Windows, but of this process."""
    if sys.platform == "win32":  # there os.kill would end it
        return True if process == os.getpid() else None
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass  # it is another user's
    return True
