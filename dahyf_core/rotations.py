"""Rotations as axis-angle (radians), matrices and quaternions (w, x, y, z), in arrays of any leading shape."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

Array = NDArray[np.floating]


def matrix_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) -> (..., 3, 3)."""
    vectors = np.asarray(axis_angle, dtype=float)
    return Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(*vectors.shape, 3)


def axis_angle_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 3), angles in [0, pi]."""
    matrices = np.asarray(matrix, dtype=float)
    return Rotation.from_matrix(matrices.reshape(-1, 3, 3)).as_rotvec().reshape(matrices.shape[:-1])


def quaternion_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) -> (..., 4), w first."""
    vectors = np.asarray(axis_angle, dtype=float)
    quaternions = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_quat()
    return np.roll(quaternions, 1, axis=-1).reshape(*vectors.shape[:-1], 4)


def axis_angle_from_quaternion(quaternion: ArrayLike) -> Array:
    """(..., 4), w first, of any length but zero -> (..., 3)."""
    quaternions = np.asarray(quaternion, dtype=float)
    vectors = Rotation.from_quat(np.roll(quaternions.reshape(-1, 4), -1, axis=-1)).as_rotvec()
    return vectors.reshape(*quaternions.shape[:-1], 3)


def continuous_quaternions(quaternion: ArrayLike, axis: int = 0) -> Array:
    """Flip signs along `axis` so that neighbours lie in the same half of the sphere; the rotations stay the same."""
    quaternions = np.moveaxis(np.array(quaternion, dtype=float), axis, 0)
    dots = (quaternions[1:] * quaternions[:-1]).sum(axis=-1, keepdims=True)
    quaternions[1:] *= np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    return np.moveaxis(quaternions, 0, axis)


def angle_between(first: ArrayLike, second: ArrayLike) -> Array:
    """Angle in radians between rotations (..., 3, 3) and (..., 3, 3) -> (...)."""
    relative = np.swapaxes(np.asarray(first, dtype=float), -1, -2) @ np.asarray(second, dtype=float)
    return np.linalg.norm(axis_angle_from_matrix(relative), axis=-1)


def slerp(start: ArrayLike, end: ArrayLike, weight: ArrayLike) -> Array:
    """Axis-angle (..., 3) on the shortest arc from `start` (..., 3) to `end` (..., 3), `weight` (...) 0 to 1 of it."""
    begin = matrix_from_axis_angle(start)
    turn = axis_angle_from_matrix(np.swapaxes(begin, -1, -2) @ matrix_from_axis_angle(end))
    return axis_angle_from_matrix(begin @ matrix_from_axis_angle(np.asarray(weight)[..., None] * turn))
