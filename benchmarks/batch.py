"""Measures how a batch shares the cores: one process a core with one thread each, against one with a thread a core.

Captures the given clip several times in each way, in turns, and prints a table in Markdown. Processor time tells what
a busy machine hides: where it is the same, more processes do more at once.
"""

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dahyf_core.batch.batch import Policy, Tracked, Work, run_batch
from dahyf_core.batch.engines import Resources, create_engine
from dahyf_core.batch.engines.engine import usable_cores
from dahyf_core.batch.manifest import Clip, Row
from dahyf_core.batch.plan import tasks_of


@dataclass(frozen=True)
class Sharing:
    """How many clips run at once, and how many threads each network has."""

    processes: int
    threads: int

    def __str__(self) -> str:
        return f"{self.processes} x {self.threads}"


@dataclass(frozen=True)
class Cost:
    """Of one batch, a frame: milliseconds that passed, and of processor time."""

    wall: float
    processor: float


def measure(sharing: Sharing, clip: Path, frames: int, copies: int) -> Cost:
    """Capture the first frames of a clip so many times. Starting each process counts, as in a real batch."""
    resources = Resources(sharing.processes, sharing.threads)
    row = Row(clip=str(clip), hands=1, range=f"0:{frames - 1}", outputs=())
    with tempfile.TemporaryDirectory() as folder:
        clips = [Clip(number, f"copy_{number}", row, clip.parent) for number in range(copies)]
        works = [Work(each, tasks_of(each, Path(folder))) for each in clips]
        before, started = _processor_time(), time.perf_counter()
        tracked = Tracked(lambda *_: None, lambda *_: None, lambda *_: None)
        results = run_batch(works, create_engine("local", resources), resources, Policy(0), tracked)
        wall, processor = time.perf_counter() - started, _processor_time() - before
    assert all(result.is_good for each in results.values() for result in each), results
    return Cost(1e3 * wall / frames / copies, 1e3 * processor / frames / copies)


def _processor_time() -> float:
    """Seconds of all processes that this one started, and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks batch", description=__doc__)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--copies", type=int, default=2 * usable_cores())
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    cores = usable_cores()
    ways = [Sharing(cores, 1), Sharing(1, cores), Sharing(cores, cores)]
    costs: dict[Sharing, list[Cost]] = {way: [] for way in ways}
    for _ in range(arguments.rounds):
        for way in ways:
            costs[way].append(measure(way, arguments.clip.absolute(), arguments.frames, arguments.copies))
    print("| processes x threads | ms a frame | frames/s | processor ms a frame |\n|---|---|---|---|")
    for way, found in costs.items():
        wall, processor = (np.median([getattr(cost, name) for cost in found]) for name in ("wall", "processor"))
        print(f"| {way} | {wall:.1f} | {1e3 / wall:.1f} | {processor:.1f} |")


if __name__ == "__main__":
    main()
