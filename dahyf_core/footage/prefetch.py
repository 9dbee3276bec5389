"""Prefetching: an iterator that works ahead of its consumer, in a thread."""

from collections.abc import Generator
from contextlib import closing, suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class _End(NamedTuple):
    error: BaseException | None


def prefetch(items: Generator[T, None, None], depth: int) -> Generator[T, None, None]:
    """The items, produced in a thread at most `depth` items ahead, plus the one in work.

    Whatever the producer raises is raised here, after the items before it. Closing this generator stops the thread,
    closes `items` in it, and waits for both.
    """
    queue: Queue[T | _End] = Queue(depth)
    stopping = Event()

    def produce() -> None:
        error: BaseException | None = None
        try:
            with closing(items):
                for item in items:
                    queue.put(item)
                    if stopping.is_set():
                        break
        except BaseException as caught:
            error = caught
        queue.put(_End(error))

    thread = Thread(target=produce, name="footage", daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopping.set()
        while thread.is_alive():
            with suppress(Empty):
                queue.get(timeout=0.01)
