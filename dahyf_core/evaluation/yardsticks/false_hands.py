"""Measures false hands: each whole system runs on photographs without hands.

Some photographs show people. A picture in which both MediaPipe Hands and the baseline see a hand is left out.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from dahyf_core.cleaning import CleaningSettings
from dahyf_core.datasets.files import list_pictures
from dahyf_core.evaluation.yardsticks.inputs import Inputs
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.systems import System

NAME = "false_hands"
JUDGES = ("mediapipe", "baseline")


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Shares of pictures in which a hand is found, and in which it passes the gate of a capture."""
    folder = inputs.data / "backgrounds"
    pictures = list_pictures(folder)
    rows = inputs.rows(len(pictures))
    sureness = {
        system.name: np.array([nothing_as_nan(system.find(folder / pictures[row])) for row in rows])
        for system in systems
    }
    people = np.all([np.isfinite(sureness[judge]) for judge in JUDGES if judge in sureness], axis=0)
    for system in systems:
        tell, sure = Teller(NAME, system.name), sureness[system.name]
        if set(JUDGES) <= set(sureness):
            sure = sure[~people]
            yield tell.number("pictures of people, left out", "count", float(people.sum()), len(rows))
        yield tell.share("pictures with a hand", np.isfinite(sure))
        if system.name != "mediapipe":
            yield tell.share("pictures with a hand above the gate", np.nan_to_num(sure) >= CleaningSettings().threshold)


def nothing_as_nan(sureness: float | None) -> float:
    return np.nan if sureness is None else sureness
