"""Forward kinematics: positions and rotations of bones from the rotations of joints."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array

BoneLevels = Sequence[tuple[NDArray[np.integer], NDArray[np.integer]]]
"""(children, their parents) of each depth below the root."""


def bone_levels(parents: NDArray[np.integer]) -> BoneLevels:
    """Levels of parents (B,), -1 for the first bone, each before its children. One product turns a whole level."""
    depth = np.zeros(len(parents), dtype=int)
    for bone, parent in enumerate(parents[1:], start=1):
        depth[bone] = depth[parent] + 1
    children = [np.flatnonzero(depth == level) for level in range(1, depth.max(initial=0) + 1)]
    return [(bones, parents[bones]) for bones in children]


def forward_kinematics(
    local: Array, rest_joints: Array, levels: BoneLevels, translation: Array | None = None
) -> tuple[Array, Array]:
    """Joints (..., B, 3) m and rotations (..., B, 3, 3) from rest, of bones that turn about their heads.

    local: (..., B, 3, 3), of each bone relative to its parent. rest_joints: (..., B, 3) m. translation: (..., 1, 3) m,
    added to every joint.
    """
    rotations = local.copy()
    rest = np.broadcast_to(rest_joints, local.shape[:-1])
    joints = rest.copy() if translation is None else rest + translation
    for children, parents in levels:
        bones = rest[..., children, :] - rest[..., parents, :]
        turns = rotations[..., parents, :, :]
        joints[..., children, :] = joints[..., parents, :] + np.einsum("...kij,...kj->...ki", turns, bones)
        rotations[..., children, :, :] = turns @ rotations[..., children, :, :]
    return joints, rotations
