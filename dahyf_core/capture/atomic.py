"""Files that appear whole or not at all, and outputs that only one process writes at a time."""

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
"""Number of tries to create a folder that another process may remove."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write to a temporary file beside `path`, which replaces `path` if the block succeeds and is removed if not.

    The temporary file is new and has an unpredictable name. A link at `path` is replaced, not followed. Leftovers of
    killed processes in the folder are removed. Raises OutputError if the folder is missing or not writable, or if the
    disk is full.
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
    """Hold the lock of an output, so that no other process enters such a block for it. The lock lies in `folder`.

    The folder is created, and removed at the end if it is empty. The operating system frees the lock of a killed
    process. Raises OutputError if another process holds the lock, or if the folder cannot be created.
    """
    lock = FileLock(folder / "lock", timeout=0)
    try:
        _acquire(lock, folder)
    except Timeout:
        raise OutputError(
            f"Another process is writing {output}.", "Wait until it ends, or choose another output."
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
    """Remove temporary files of ended processes, of this machine only: processes of others cannot be looked up."""
    with suppress(OSError):
        for path in folder.glob(f".dahyf-{_machine()}-*.partial"):
            found = re.fullmatch(r"\.dahyf-\w+-(\d+)-\w+\.partial", path.name)
            if found and not is_alive(int(found[1])):
                with suppress(OSError):  # Windows does not remove a file that is open
                    path.unlink()


@cache
def _machine() -> str:
    """A few letters that stand for this machine, for folders that several share."""
    return hashlib.sha256(platform.node().encode("utf-8", "replace")).hexdigest()[:8]


def _sync_folder(folder: Path) -> None:
    """Write the new name to the disk too, where the system supports it."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
