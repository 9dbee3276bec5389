"""Resolves the direction of a palm that is ambiguous in single pictures.

For a distant camera, a palm and its mirror image in depth project alike, so a network sometimes reports the wrong tilt.
Both readings are fitted, and the most continuous sequence is chosen.
"""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import PALM, angle_between, nearest_rotation

COST_OF_TURNING = 150.0
"""Cost of one radian between two observations, in squared standard deviations."""
LEAP = np.radians(30)
"""Turn of the wrist between two observations that asks for a second look."""
MOST_EVIDENCE = 30.0
"""Squared standard deviations by which one observation may speak for one of its readings."""


def reverse_tilt(points: Array) -> tuple[Array, Array]:
    """Hands (N, 21, 3), seen along z, turned so that the palm tilts the other way, and the angle (N,) of that turn."""
    palm = points[:, PALM] - points[:, PALM].mean(axis=1, keepdims=True)
    turns = nearest_rotation(np.swapaxes(palm * (1.0, 1.0, -1.0), 1, 2) @ palm)
    return points @ np.swapaxes(turns, 1, 2), angle_between(np.eye(3), turns)


def most_continuous(costs: Array, rotations: Array) -> NDArray[np.integer]:
    """For each of N observations in the order of time the one of K readings, (N,), that makes the likeliest sequence.

    costs: (N, K), of the readings' fits; inf for none. rotations: (N, K, 3, 3), of the root. Viterbi's algorithm: the
    sum of the evidence against the chosen readings and of the angles between neighbours is the least possible.
    """
    evidence = np.minimum(costs - costs.min(axis=1, keepdims=True), MOST_EVIDENCE)
    evidence[np.isinf(costs)] = np.inf
    traces = np.einsum("nkij,nlij->nkl", rotations[:-1], rotations[1:])
    turning = COST_OF_TURNING * np.arccos(np.clip((traces - 1.0) / 2.0, -1.0, 1.0))
    total = evidence[0]
    origins = np.empty((len(costs), costs.shape[1]), dtype=int)
    for index in range(1, len(costs)):
        ways = total[:, None] + turning[index - 1]
        origins[index] = ways.argmin(axis=0)
        total = ways.min(axis=0) + evidence[index]
    chosen = np.empty(len(costs), dtype=int)
    chosen[-1] = total.argmin()
    for index in range(len(costs) - 1, 0, -1):
        chosen[index - 1] = origins[index, chosen[index]]
    return chosen


def find_leaps(rotations: Array) -> NDArray[np.integer]:
    """Indices of those of N observations in the order of time that turn by more than LEAP to a neighbour: (N, 3, 3)."""
    leaps = angle_between(rotations[:-1], rotations[1:]) > LEAP
    return np.flatnonzero(np.append(leaps, False) | np.append(False, leaps))
