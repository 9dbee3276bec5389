"""Times alternatives on a busy machine: runs take turns many times, and medians and minima are reported."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Times:
    """Of one alternative's runs, milliseconds. wall: (R,). processor: (R,), of all threads of this process."""

    wall: NDArray[np.floating]
    processor: NDArray[np.floating]

    def per(self, count: int) -> "Times":
        """The same for one of `count` things that each run did."""
        return Times(self.wall / count, self.processor / count)


def in_turns(alternatives: Mapping[str, Callable[[], object]], rounds: int, seed: int = 0) -> dict[str, Times]:
    """Run each alternative once a round, in an order of chance, after a run of each that does not count."""
    random, names = np.random.default_rng(seed), list(alternatives)
    for run in alternatives.values():
        run()
    taken = np.zeros((2, rounds, len(names)))
    for turn in range(rounds):
        for column in random.permutation(len(names)):
            run = alternatives[names[column]]
            started = time.perf_counter(), time.process_time()
            run()
            taken[:, turn, column] = time.perf_counter() - started[0], time.process_time() - started[1]
    return {name: Times(*1e3 * taken[..., column]) for column, name in enumerate(names)}


def speed_up(first: Times, second: Times) -> float:
    """How many times as fast the second is, in processor time: the median over rounds."""
    return float(np.median(first.processor / second.processor))
