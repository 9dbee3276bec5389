"""What is known of an output: beside it, in the folder .dahyf, lies an entry about the task that writes it.

The entry says what the output was made from, by content, and what it then was. So a task whose output is up to date is
not done again, and a file that somebody has changed since is not overwritten.
"""

import hashlib
import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from dahyf_core import __version__
from dahyf_core.batch.results import Result
from dahyf_core.batch.tasks import JOB_PATHS, PATHS, AnyTask, CaptureTask, RetargetTask, document_of, json_bytes
from dahyf_core.capture import replacing
from dahyf_core.errors import OutputError
from dahyf_core.files import is_file
from dahyf_core.footage import probe
from dahyf_core.footage.digest import digest_files
from dahyf_core.pose.network_card import LITE

FOLDER = ".dahyf"
MISSING = "missing"


class Entry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """state: "running" is also what a killed task leaves behind. key: digest of all that the output depends on.
    output: SHA-256 of the finished output."""

    version: Literal[1] = 1
    state: Literal["running", "done", "failed"]
    key: str
    output: str = ""
    result: Result | None = None


def folder_of(output: Path) -> Path:
    """The folder of the entries beside an output."""
    return output.parent / FOLDER


def read_entry(output: Path) -> Entry | None:
    """The entry about an output; None if there is none, or it is damaged."""
    try:
        text = _path(output).read_text("utf-8")
        return msgspec.convert(json.loads(text), Entry)
    except (OSError, ValueError, msgspec.MsgspecError, RecursionError):
        return None


def write_entry(output: Path, entry: Entry) -> None:
    """Write the entry about an output. Raises OutputError."""
    try:
        folder_of(output).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder_of(output)} cannot be made: {error.strerror or error}.",
            "Choose a folder with space and write permission.",
        ) from error
    with replacing(_path(output)) as stream:
        stream.write(json_bytes(msgspec.to_builtins(entry)))


def key_of(task: AnyTask) -> str:
    """Digest of all that the output depends on: program, stage, settings, and the content of every file it reads.

    Names and folders do not count. Raises FootageError for footage that is not there.
    """
    document = document_of(task)
    for name in PATHS:
        document.pop(name, None)
    inputs = {name: digest(path) for name, path in inputs_of(task).items()}
    if isinstance(task, CaptureTask):
        document["job"] = {name: value for name, value in task.job.items() if name not in JOB_PATHS}
        inputs["footage"] = footage_digest(Path(task.job["footage"]), bool(task.job.get("sequence")))
        if not task.job.get("network"):
            inputs["network"] = digest(LITE)
    if "preset" in inputs:
        document.pop("preset")
    text = json.dumps({"program": __version__, "task": document, "inputs": inputs}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def inputs_of(task: AnyTask) -> dict[str, Path]:
    """The files that a task reads, besides footage."""
    holder: dict[str, Any] = task.job if isinstance(task, CaptureTask) else document_of(task)
    found = {name: Path(holder[name]) for name in ("capture", "hand_model", "network", "file") if holder.get(name)}
    if isinstance(task, RetargetTask) and (task.preset or "").endswith(".json"):
        found["preset"] = Path(str(task.preset))
    return found


def footage_digest(path: Path, sequence: bool) -> str:
    """The digest by which a capture recognises its footage. Raises FootageError.

    sequence: the footage is one numbered picture, which stands for the sequence that begins with it.
    """
    return digest_files([path]) if is_file(path) and not sequence else probe(path, as_sequence=sequence).sha256


def digest(path: Path) -> str:
    """SHA-256 of a file's content, "missing" where there is none. It is kept for as long as size and time stay."""
    with suppress(OSError, ValueError):
        found = path.stat()
        return _digest(path, found.st_size, found.st_mtime_ns)
    return MISSING


@lru_cache(maxsize=100_000)
def _digest(path: Path, size: int, changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _path(output: Path) -> Path:
    return folder_of(output) / f"{output.name}.json"
