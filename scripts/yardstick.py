"""What the yardsticks share: captures without a word, distances between hands, and lines of a table."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.fitting import aligned

Array = NDArray[np.floating]

WRIST, MIDDLE_KNUCKLE = 0, 9
PALM_MM = 90.0
"""Length from wrist to middle knuckle to which hands are scaled before they are compared."""


def to_palm_size(keypoints: Array) -> Array:
    """Keypoints (N, 21, 3) in any unit, with the wrist at the origin and a palm of PALM_MM."""
    relative = keypoints - keypoints[:, WRIST : WRIST + 1]
    return relative * (PALM_MM / np.linalg.norm(relative[:, MIDDLE_KNUCKLE], axis=-1))[:, None, None]


def distances(first: Array, second: Array) -> Array:
    """Mean distance of the joints of each hand: (N, K, D), (N, K, D) -> (N,)."""
    return np.linalg.norm(first - second, axis=-1).mean(axis=1)


def aligned_distances(first: Array, second: Array) -> Array:
    """Like `distances`, after the best rotation, scale and shift of `first`, without reflection (Procrustes)."""
    return distances(aligned(first, second), second)


def describe(name: str, unit: str, values: Array) -> str:
    """One line for a table: mean, median and 90th percentile."""
    return f"{name:44} {values.mean():7.2f} {np.median(values):7.2f} {np.percentile(values, 90):7.2f}  {unit}"


HEADING = f"{'':44} {'mean':>7} {'median':>7} {'p90':>7}"
"""The line above those of `describe`."""


class Quiet:
    """The report of a capture, to nobody."""

    def status(self, text: str) -> None: ...
    def progress(self, stage: str, done: int, total: int) -> None: ...
    def warning(self, text: str) -> None: ...
