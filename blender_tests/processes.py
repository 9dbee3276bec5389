"""Other processes: waiting for them, and whether they are alive."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENCE = 60.0
"""Seconds."""


def until(true: Callable[[], bool]) -> None:
    """Wait for something, but not for ever."""
    last = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < last
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        pytest.skip("signals tell on other systems only")
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()
