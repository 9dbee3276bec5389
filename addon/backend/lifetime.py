"""Children and their files end with the Blender that started them, however it ends. No bpy here.

The core ends when the pipe to its standard input closes, and so does a Blender that the core has started. On Windows a
job object ends every child, and on other systems `end` reaches what a child has started too, as they share a process
group.
"""

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from ..shared.errors import ExitCode
from ..shared.processes import is_alive

PREFIX = "dahyf_hands_"
STALE_SECONDS = 24 * 3600.0

KILL_ON_JOB_CLOSE = 0x2000
EXTENDED_LIMITS = 9


class _Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION, of which only the flags matter."""

    _fields_ = (
        ("times", ctypes.c_int64 * 2),
        ("flags", ctypes.c_uint32),
        ("working_set", ctypes.c_size_t * 2),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("classes", ctypes.c_uint32 * 2),
        ("counters", ctypes.c_uint64 * 6),
        ("memory", ctypes.c_size_t * 4),
    )


def process_group(platform: str = sys.platform) -> dict[str, Any]:
    """Popen arguments that give the child a group of its own, so that Ctrl-C in a terminal reaches Blender alone."""
    if platform == "win32":
        flags: Any = subprocess  # which has these on Windows alone
        return {"creationflags": flags.CREATE_NEW_PROCESS_GROUP | flags.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def bind(process: subprocess.Popen[bytes], platform: str = sys.platform) -> Any:
    """On Windows, a job that ends the child and all of its children once it is closed or this process is gone.

    Keep what is returned. If the system does not let the child join, only this protection is missing.
    """
    if platform != "win32":
        return None
    kernel = _kernel()
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    job = kernel.CreateJobObjectW(None, None)
    if job:
        limits = _Limits(flags=KILL_ON_JOB_CLOSE)
        pointer = ctypes.c_void_p(job)
        kernel.SetInformationJobObject(pointer, EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits))
        kernel.AssignProcessToJobObject(pointer, ctypes.c_void_p(int(cast(Any, process)._handle)))
    return job


def end(process: subprocess.Popen[bytes], job: Any, platform: str = sys.platform) -> None:
    """End the child at once with all that it has started."""
    if platform == "win32":
        process.kill()
        if job:
            _kernel().CloseHandle(ctypes.c_void_p(job))
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)  # its group has its number


def _kernel() -> Any:
    """The functions of Windows itself."""
    return cast(Any, ctypes).WinDLL("kernel32", use_last_error=True)


def end_with_stdin() -> None:
    """End this Blender at once when its standard input ends. A pipe ends with the program that holds its other end."""
    threading.Thread(target=_wait, name="standard input", daemon=True).start()


def _wait() -> None:
    with suppress(OSError):
        while os.read(0, 4096):  # not sys.stdin, whose lock Python needs when it exits
            pass
    os._exit(ExitCode.INTERRUPTED)


def temporary_folder() -> "tempfile.TemporaryDirectory[str]":
    """A temporary folder for a child's output. Folders left by killed Blenders are removed first."""
    remove_leftovers(Path(tempfile.gettempdir()))
    return tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}_", ignore_cleanup_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary folders of killed Blenders: at once if the system shows that they ended, else after a day."""
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if path.is_symlink() or not path.is_dir() or not _is_own(path):
                continue
            found = re.match(rf"{PREFIX}(\d+)_", path.name)
            if (found and is_alive(int(found[1])) is False) or _age(path) > STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _is_own(path: Path) -> bool:
    return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()


def _age(folder: Path) -> float:
    """Seconds since anything in a folder has changed."""
    return time.time() - max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
