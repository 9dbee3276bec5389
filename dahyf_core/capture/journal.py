"""The observations of a capture so far, on disk, so that a stopped or killed run can be resumed."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture.atomic import replacing
from dahyf_core.errors import OutputError

Chunk = dict[str, NDArray[Any]]

SETTINGS_NAME = "settings.json"
STOPPED_NAME = "stopped"
"""Name of the file with the digest of the output, if the output holds the beginning of a stopped capture."""
KEY = "settings"
"""Name under which each chunk stores the settings that it was written with."""


def journal_folder(output: Path) -> Path:
    """Folder of the journal for the capture file `output`: OUTPUT.partial."""
    return output.with_name(f"{output.name}.partial")


class Journal:
    """A folder of chunks. Each chunk is a file of plain arrays that appears whole or not at all.

    settings: everything that the chunks depend on, in JSON's types. Chunks written with other settings are dropped,
    and `has_dropped` is then True.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Raises OutputError when the folder cannot be made or written to."""
        self._folder = folder
        self._count = 0
        self.has_dropped = False
        text = json.dumps(settings, indent=1, sort_keys=True)
        self._key = hashlib.sha256(text.encode()).hexdigest()
        if self._settings_text() == text:
            return
        self.has_dropped = self._path(0).exists()
        try:
            folder.mkdir(exist_ok=True)
            self._clear()
        except OSError as error:
            raise OutputError(
                f"The folder {folder} cannot be renewed: {error.strerror or error}.",
                "Delete it, or choose an output in a folder with space and write permission.",
            ) from error
        with replacing(folder / SETTINGS_NAME) as stream:
            stream.write(text.encode())

    @classmethod
    def beside(cls, output: Path, settings: Mapping[str, Any]) -> Self:
        """The journal for the capture file `output`: the folder OUTPUT.partial."""
        return cls(journal_folder(output), settings)

    def read(self) -> Iterator[Chunk]:
        """The chunks of earlier runs, up to the first that is missing, damaged or written with other settings.

        `append` writes after them.
        """
        self._count = 0
        while (chunk := self._load(self._count)) is not None:
            self._count += 1
            yield chunk

    def append(self, chunk: Chunk) -> None:
        """Write one more chunk. Raises OutputError if the disk is full or not writable; earlier chunks stay."""
        with replacing(self._path(self._count)) as stream:
            np.savez(stream, **{KEY: np.array(self._key)}, **chunk)  # type: ignore[arg-type]  # to mypy each name might be allow_pickle
        self._count += 1

    def may_replace(self, output: Path) -> bool:
        """Whether a stopped capture may replace the output: it is new, or holds a shorter part of the same capture."""
        if not output.exists():
            return True
        with suppress(OSError):
            return (self._folder / STOPPED_NAME).read_text(encoding="utf-8") == _digest(output)
        return False

    def note_stopped(self, output: Path) -> None:
        """Record that the output holds only the beginning of the capture. Raises OutputError."""
        with replacing(self._folder / STOPPED_NAME) as stream:
            stream.write(_digest(output).encode())

    def remove(self) -> None:
        """Delete the files of the journal, and the folder if it is then empty."""
        with suppress(OSError):
            self._clear()
            self._folder.rmdir()

    def _clear(self) -> None:
        for pattern in (SETTINGS_NAME, STOPPED_NAME, "chunk-*.npz", ".*.partial"):
            for path in self._folder.glob(pattern):
                path.unlink()

    def _path(self, number: int) -> Path:
        return self._folder / f"chunk-{number:05d}.npz"

    def _settings_text(self) -> str | None:
        with suppress(OSError, UnicodeDecodeError):
            return (self._folder / SETTINGS_NAME).read_text(encoding="utf-8")
        return None

    def _load(self, number: int) -> Chunk | None:
        path = self._path(number)
        if not path.exists():
            return None
        try:
            with np.load(path, allow_pickle=False) as file:
                chunk = dict(file)
                return chunk if str(chunk.pop(KEY)) == self._key else None
        except Exception:  # a damaged archive makes zipfile and numpy raise almost anything
            return None


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
