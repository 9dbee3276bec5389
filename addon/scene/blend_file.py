"""Writing a .blend file that appears whole or not at all."""

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
"""How a .blend file that is not compressed begins, and what its last block is called."""
LAST_BYTES: Final = 64
PREFIX: Final = ".dahyf-"
"""How the names of files begin that are being written."""
ABANDONED_SECONDS: Final = 3600
"""Age after which nobody writes such a file any more: its Blender was killed."""


def save(path: Path) -> None:
    """Save the open file as `path`. It is written beside that and checked first: what was there stays until then.

    Raises OutputError; then there is no new file.
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
    """Raise OSError for a .blend file that is cut off, or lacks something of the open scene.

    Blender does not always notice that a disk is full.
    """
    with path.open("rb") as stream:
        header = stream.read(len(HEADER))
        stream.seek(max(0, path.stat().st_size - LAST_BYTES))
        end = stream.read()
    if header == HEADER and END not in end:
        raise OSError(f"only {path.stat().st_size:,} bytes of it were written, as to a full disk")
    try:
        with cast(Any, bpy.data.libraries).load(str(path)) as (found, _):
            names = set(found.objects)
    except OSError as error:
        raise OSError("what was written does not open, as on a full disk") from error
    missing = {each.name for each in present(bpy.context.scene).objects if not each.library} - names
    if missing:
        raise OSError(f"{len(missing)} of its objects were not written")


def remove_leftovers(folder: Path) -> None:
    """Remove what Blenders that were killed have left in a folder."""
    for left in folder.glob(f"{PREFIX}*.blend*"):
        with suppress(OSError):
            if time.time() - left.lstat().st_mtime > ABANDONED_SECONDS:
                left.unlink()


def umask() -> int:
    """What the permissions of new files lack."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def remove(written: Path | None) -> None:
    """Remove a file that was not moved to its place, with what Blender makes beside it."""
    if written is not None:
        for left in written.parent.glob(f"{written.name}*"):
            left.unlink(missing_ok=True)
