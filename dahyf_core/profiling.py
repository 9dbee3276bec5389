"""Profiles of a run: functions are marked as stages of the work, and a profile sums the time of each stage."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

REST = "everything else"


class Profile:
    """Seconds by stage. The stages of the thread that keeps the profile add up to the time since `start`.

    start: value of `time.perf_counter` at the start of the work.
    """

    def __init__(self, start: float) -> None:
        self._start = self._since = start
        self._open = [REST]
        self._seconds: dict[str, float] = {}
        self._beside: dict[str, float] = {}

    def enter(self, stage: str) -> None:
        """Start a stage. Time counts for it, and no longer for the stage around it."""
        self._take()
        self._open.append(stage)

    def leave(self) -> None:
        """End the current stage. Time counts for the stage around it again."""
        self._take()
        self._open.pop()

    def add_beside(self, stage: str, seconds: float) -> None:
        """Add time that another thread spent in parallel."""
        self._beside[stage] = self._beside.get(stage, 0.0) + seconds

    def stages(self) -> Mapping[str, float]:
        """Seconds of each stage up to now, the longest first; together the time since `start`."""
        self._take()
        return dict(sorted(self._seconds.items(), key=lambda stage: -stage[1]))

    def beside(self) -> Mapping[str, float]:
        """Seconds of other threads by stage."""
        return dict(self._beside)

    def _take(self) -> None:
        now, stage = time.perf_counter(), self._open[-1]
        self._seconds[stage] = self._seconds.get(stage, 0.0) + now - self._since
        self._since = now


_kept: ContextVar[Profile | None] = ContextVar("profile", default=None)


@contextmanager
def profiled(start: float) -> Iterator[Profile]:
    """Keep a profile of this thread's work inside the block."""
    profile = Profile(start)
    token = _kept.set(profile)
    try:
        yield profile
    finally:
        _kept.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Count the time inside the block as a stage of the work."""
    profile = _kept.get()
    if profile is None:
        yield
        return
    profile.enter(name)
    try:
        yield
    finally:
        profile.leave()


def is_stage(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorator: count the time of a function as a stage of the work."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            with stage(name):
                return function(*args, **kwargs)

        return run

    return decorate


def timed_beside(name: str, items: Generator[T, None, None]) -> Generator[T, None, None]:
    """The items. The time to make them, in any thread, is added to the profile of the thread that calls this."""
    profile = _kept.get()
    return items if profile is None else _timed(profile, name, items)


def _timed(profile: Profile, name: str, items: Generator[T, None, None]) -> Generator[T, None, None]:
    with closing(items):
        while True:
            started = time.perf_counter()
            try:
                item = next(items)
            except StopIteration:
                return
            finally:
                profile.add_beside(name, time.perf_counter() - started)
            yield item
