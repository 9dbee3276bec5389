"""Saving a .blend file atomically: it appears complete or not at all."""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

import bpy

from ..errors import OutputError
from ..narrowing import present
from . import references

HEADER: Final = b"BLENDER"
END: Final = b"ENDB"
"""The first bytes of an uncompressed .blend file, and the name of its last block."""
LAST_BYTES: Final = 64
PREFIX: Final = ".dahyf-"
"""How the names of unfinished files begin."""
ABANDONED_SECONDS: Final = 3600
"""Age at which an unfinished file counts as left over from a killed Blender."""


def save(path: Path) -> None:
    """Save the open file as `path`. It is first written beside that and checked; an older file stays until then.

    Raises OutputError, and then writes no file.
    """
    target = path.resolve()
    written = None
    try:
        remove_leftovers(target.parent)
        descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=".blend", dir=target.parent)
        os.close(descriptor)
        written = Path(name)
        references.relate_all_to(target.parent)
        bpy.ops.wm.save_as_mainfile(filepath=name, check_existing=False, copy=True)
        check(written)
        written.chmod(target.stat().st_mode if target.exists() else 0o666 & ~umask())
        written.replace(target)
    except (RuntimeError, OSError) as error:
        words = str(getattr(error, "strerror", None) or error).removeprefix("Error: ").strip().rstrip(".")
        raise OutputError(
            f"The output {path} cannot be written: {words}.", "Check the folder's permissions and the free space."
        ) from error
    finally:
        remove(written)


def check(path: Path) -> None:
    """Raise OSError for a .blend file that is truncated, or lacks objects of the open scene.

    Blender does not always notice a full disk.
    """
    with path.open("rb") as stream:
        header = stream.read(len(HEADER))
        stream.seek(max(0, path.stat().st_size - LAST_BYTES))
        end = stream.read()
    if header == HEADER and END not in end:
        raise OSError(f"only {path.stat().st_size:,} bytes of it were written; the disk may be full")
    try:
        with cast(Any, bpy.data.libraries).load(str(path)) as (found, _):
            names = set(found.objects)
    except OSError as error:
        raise OSError("the written file does not open; the disk may be full") from error
    missing = {each.name for each in present(bpy.context.scene).objects if not each.library} - names
    if missing:
        raise OSError(f"{len(missing)} of its objects were not written")


def remove_leftovers(folder: Path) -> None:
    """Remove unfinished files of killed Blenders from a folder."""
    for left in folder.glob(f"{PREFIX}*.blend*"):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > ABANDONED_SECONDS:
                left.unlink()


def umask() -> int:
    """The process's umask."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def remove(written: Path | None) -> None:
    """Remove an unfinished file, with the backups that Blender makes beside it."""
    if written is not None:
        for left in written.parent.glob(f"{written.name}*"):
            left.unlink(missing_ok=True)
