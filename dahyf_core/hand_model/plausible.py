"""Checks that the numbers of a hand model are plausible for a hand."""

from collections.abc import Mapping

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.hand_model.open_hand import read_open_hand

SPAN = (0.05, 0.6)
"""Smallest and largest length of a hand at rest, metres."""
BONE = (2e-3, 0.2)
"""Smallest and largest distance from a joint to its parent, metres."""
PROPORTION = 3
"""Largest factor by which a bone's relative length may differ from the open hand's."""
FROM_BONE = 0.15
"""Largest distance from the skin to the joint that it follows most, metres."""
UNITY = 1e-3
"""Tolerance of skin weights: deviation from a sum of one, or below zero."""
SHAPE_DIRECTION = 0.1
POSE_DIRECTION = 1.0
"""Largest movement of a vertex, metres, for a shape number of one, and for a pose feature of one."""
MEAN_POSE = np.pi
"""Largest component of the mean pose, radians."""


def implausibility(arrays: Mapping[str, Array]) -> str | None:
    """The first implausible property of a MANO file's arrays, as the end of a sentence; None for a plausible hand."""
    vertices, regressor, weights = arrays["v_template"], arrays["J_regressor"], arrays["weights"]
    span = float(np.ptp(vertices, axis=0).max())
    if not SPAN[0] <= span <= SPAN[1]:
        return f"it is {span:.3g} m long"
    for name, rows in (("weights", weights), ("J_regressor", regressor)):
        if np.abs(rows.sum(axis=1) - 1).max() > UNITY:
            return f"the rows of {name} do not sum to one"
    if weights.min() < -UNITY:
        return "it has weights below zero"
    joints = regressor @ vertices
    bones = _bone_lengths(joints)
    if not (BONE[0] <= bones.min() and bones.max() <= BONE[1]):
        return f"its bones are {bones.min():.3g} to {bones.max():.3g} m long"
    ratios = bones / _bone_lengths(read_open_hand().joints)
    if ratios.max() > PROPORTION * np.median(ratios) or ratios.min() < np.median(ratios) / PROPORTION:
        return "its bones do not have the proportions of a hand"
    apart = np.linalg.norm(vertices - joints[weights.argmax(axis=1)], axis=1).max()
    if apart > FROM_BONE:
        return f"its skin lies {apart:.3g} m from its bones"
    for name, most in (("shapedirs", SHAPE_DIRECTION), ("posedirs", POSE_DIRECTION), ("hands_mean", MEAN_POSE)):
        if np.abs(arrays[name]).max() > most:
            return f"{name} has values beyond {most:.3g}"
    return None


def _bone_lengths(joints: Array) -> Array:
    """(15,) from each joint but the wrist to its parent."""
    return np.linalg.norm(joints[1:] - joints[read_open_hand().parents[1:]], axis=1)
