"""Decoding ahead in a thread: in order, bounded, and gone when the consumer stops."""

import threading
import time
import weakref
from collections.abc import Generator
from pathlib import Path

import pytest
from footage_factory import write_pictures, write_video

from dahyf_core.footage import probe, read_frames
from dahyf_core.footage.prefetch import prefetch


def footage_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "footage"]


def count_to(limit: int, log: list[str]) -> Generator[int, None, None]:
    try:
        for number in range(limit):
            log.append(f"made {number}")
            yield number
    finally:
        log.append("closed")


def test_items_come_in_order_and_the_thread_ends() -> None:
    log: list[str] = []
    assert list(prefetch(count_to(100, log), depth=3)) == list(range(100))
    assert log[-1] == "closed"
    assert not footage_threads()


def test_it_stays_within_its_depth() -> None:
    log: list[str] = []
    items = prefetch(count_to(100, log), depth=3)
    next(items)
    time.sleep(0.1)
    assert 1 < len(log) <= 1 + 3 + 1
    items.close()


@pytest.mark.parametrize("taken", [1, 5])
def test_a_consumer_that_stops_ends_the_thread(taken: int) -> None:
    log: list[str] = []
    items = prefetch(count_to(100, log), depth=2)
    for _ in range(taken):
        next(items)
    items.close()
    assert len(log) < 20
    assert log[-1] == "closed"
    assert not footage_threads()


def test_errors_arrive_after_the_items_before_them() -> None:
    def fail() -> Generator[int, None, None]:
        yield 1
        raise ValueError("broken")

    items = prefetch(fail(), depth=2)
    assert next(items) == 1
    with pytest.raises(ValueError, match="broken"):
        next(items)
    assert not footage_threads()


def test_a_dropped_reader_leaves_no_thread(tmp_path: Path) -> None:
    info = probe(write_video(tmp_path / "clip.mp4", frames=60))
    frames = read_frames(info, slice(None))
    next(frames)
    del frames
    assert not footage_threads()


def test_memory_stays_flat(tmp_path: Path) -> None:
    info = probe(write_pictures(tmp_path, range(60), size=(64, 48)))
    images: weakref.WeakSet[object] = weakref.WeakSet()
    most = 0
    for frame in read_frames(info, slice(None)):
        images.add(frame)
        most = max(most, len(images))
    assert most <= 2
