"""Files that appear whole or not at all, and outputs that one process at a time writes."""

import hashlib
import os
import platform
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

from filelock import FileLock, Timeout

from dahyf_core.errors import OutputError
from dahyf_core.shared.processes import is_alive

ATTEMPTS = 5
"""How often a folder is made that another process may take away again."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write to a temporary file beside `path` that takes its place when the block ends well; else nothing is left.

    The temporary file has a name that nobody can foresee, and is new. A link at `path` is replaced, not followed. What
    processes that were killed have left in the folder is removed. Raises OutputError when the folder is missing or
    closed to us, or the disk is full.
    """
    _remove_leftovers(path.parent)
    partial = path.with_name(f".dahyf-{_machine()}-{os.getpid()}-{secrets.token_hex(8)}.partial")
    try:
        try:
            with partial.open("xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(path)
            _sync_folder(path.parent)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror or error}.", "Choose a folder with space and write permission."
        ) from error


@contextmanager
def sole_writer(output: Path, folder: Path) -> Iterator[None]:
    """Within the block no other process gets past here for the same output; its lock lies in `folder`.

    The folder is made, and removed in the end if it is empty. The lock is the system's, which a killed process loses
    with its life. Raises OutputError when another process has it, or the folder cannot be made.
    """
    lock = FileLock(folder / "lock", timeout=0)
    try:
        _acquire(lock, folder)
    except Timeout:
        raise OutputError(
            f"Another capture is writing {output}.", "Wait until it ends, or choose another output."
        ) from None
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be used: {error.strerror or error}.",
            "Delete it, or choose an output in a folder with space and write permission.",
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / "lock").unlink()
        lock.release()
        with suppress(OSError):
            folder.rmdir()


def _acquire(lock: FileLock, folder: Path) -> None:
    for attempt in range(ATTEMPTS):
        if folder.is_symlink():
            raise NotADirectoryError(0, "it is a link")
        folder.mkdir(exist_ok=True)
        try:
            lock.acquire()
        except FileNotFoundError:  # another capture has just ended and taken the folder away
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return


@cache
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files of processes that are no more; of this machine alone, as others' cannot be asked after."""
    with suppress(OSError):
        for path in folder.glob(f".dahyf-{_machine()}-*.partial"):
            found = re.fullmatch(r"\.dahyf-\w+-(\d+)-\w+\.partial", path.name)
            if found and not is_alive(int(found[1])):
                with suppress(OSError):  # Windows lets nobody remove a file that is open
                    path.unlink()


@cache
def _machine() -> str:
    """A few letters that stand for this machine, for folders that several share."""
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


def _sync_folder(folder: Path) -> None:
    """Bring the new name to the disk too, where the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
