"""The bones and the skin of the rest hand that a capture carries, posed."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.geometry import bone_levels, forward_kinematics, matrix_from_axis_angle


def skin(
    rest_vertices: Array,
    rest_joints: Array,
    skin_weights: Array,
    parents: NDArray[np.integer],
    pose: Array,
    translation: Array,
) -> Array:
    """Vertices (V, 3) of a posed hand, m, camera frame.

    rest_vertices: (V, 3) and rest_joints: (B, 3), m. skin_weights: (V, B). parents: (B,), -1 for the root, each before
    its children. pose: (B, 3) axis-angle relative to the parent. translation: (3,) m. The root turns about its own
    joint. Pose-dependent corrections of the surface are left out, as in the capture file.
    """
    moves = bone_moves(rest_joints, parents, pose)
    blended = (skin_weights @ moves.reshape(len(moves), -1)).reshape(-1, 3, 4)
    vertices: Array = np.einsum("vij,vj->vi", blended[..., :3], rest_vertices) + blended[..., 3] + translation
    return vertices


def bone_moves(rest_joints: Array, parents: NDArray[np.integer], pose: Array) -> Array:
    """(..., B, 3, 4): rotation and shift that carry points on each bone from the rest hand to the posed one.

    rest_joints: (B, 3) m. parents: (B,), -1 for the root, each before its children. pose: (..., B, 3) axis-angle
    relative to the parent. The root turns about its own joint.
    """
    rotations, rest = matrix_from_axis_angle(pose), np.asarray(rest_joints, dtype=float)
    heads, rotations = forward_kinematics(rotations, rest, bone_levels(parents))
    shifts = heads - np.einsum("...bij,bj->...bi", rotations, rest_joints)
    return np.concatenate([rotations, shifts[..., None]], axis=-1)
