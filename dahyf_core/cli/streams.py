"""Standard output and error: making text safe to show, and handling streams that are full or closed."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any, TextIO, cast

from dahyf_core.errors import OutputError

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, characters that change the direction of text, and bytes of names that are not UTF-8."""


def printable(text: object) -> str:
    """The text with escapes, such as \\x1b, for characters that a terminal would obey or could not show."""
    return _UNSAFE.sub(lambda found: _escaped(found[0]), str(text))


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # Python's surrogate of a byte
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@contextmanager
def guarded() -> Iterator[None]:
    """Within the block, a failing standard output raises OutputError, and a failing standard error is ignored."""
    _fill_closed()
    with (
        redirect_stdout(cast(TextIO, _Stream(sys.stdout, fails=True))),
        redirect_stderr(cast(TextIO, _Stream(sys.stderr, fails=False))),
    ):
        yield


class _Stream:
    """A text stream with its own handling of failures. Its encoding takes any character."""

    def __init__(self, stream: TextIO, fails: bool) -> None:
        self._stream = stream
        self._fails = fails
        self._error: OutputError | None = None
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write, or fail as `guarded` says. After the first OutputError every call raises it again."""
        if self._error is not None:
            raise self._error
        with self._failing():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush, or fail as `guarded` says."""
        with self._failing():
            self._stream.flush()

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            self._discard()
            if self._fails:
                self._error = OutputError(
                    f"Standard output cannot be written to: {getattr(error, 'strerror', None) or error}.",
                    "Finished files are complete; redirect the messages to another place.",
                )
                raise self._error from error

    def _discard(self) -> None:
        """Discard what is still buffered, so that the interpreter does not fail again when it exits."""
        with suppress(OSError, ValueError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, self._stream.fileno())
            os.close(null)


def _fill_closed() -> None:
    """Open the null device for closed standard streams, so that no other file gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open to the end
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
