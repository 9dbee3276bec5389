"""Signals that ask a run to stop."""

import signal
import sys
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)
)  # SIGBREAK is CTRL_BREAK, on Windows only


class _Handler:
    """Within its `with` block, receives the stop signals."""

    _requested = False

    def __enter__(self) -> Self:
        self._previous = {number: signal.signal(number, self._receive) for number in STOP_SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        raise NotImplementedError


class StopRequest(_Handler):
    """Within its `with` block, turns the first SIGINT, SIGTERM or CTRL_BREAK into a flag; a second one interrupts.

    Calling it without arguments returns whether a stop was requested.
    """

    def __call__(self) -> bool:
        return self._requested

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._requested:
            raise KeyboardInterrupt
        self._requested = True


class Interruption(_Handler):
    """Within its `with` block, turns SIGINT, SIGTERM and CTRL_BREAK into KeyboardInterrupt.

    Python loses it in a callback from C or in a destructor: `check` raises it again. Some libraries turn it into an
    error of their own: `requested` is then True.
    """

    @property
    def requested(self) -> bool:
        """Whether a signal came."""
        return self._requested

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal came."""
        if self._requested:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._told
        return super().__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        sys.unraisablehook = self._hook

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._requested = True
        raise KeyboardInterrupt

    def _told(self, lost: "UnraisableHookArgs") -> None:
        """Report a lost exception as Python does, except for an interruption."""
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            self._hook(lost)
