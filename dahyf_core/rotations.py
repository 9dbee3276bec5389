"""Rotations as axis-angle (radians), matrices and quaternions (w, x, y, z), in arrays of any leading shape."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

_CROSS_MATRICES = np.cross(np.eye(3), np.eye(3)[:, None])  # of the three axes


def matrix_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) -> (..., 3, 3)."""
    quaternions = quaternion_from_axis_angle(axis_angle)
    real, imaginary = quaternions[..., 0, None, None], quaternions[..., 1:]
    outer = imaginary[..., :, None] * imaginary[..., None, :]
    return (2 * real**2 - 1) * np.eye(3) + 2 * real * cross_matrix(imaginary) + 2 * outer


def axis_angle_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 3), angles in [0, pi]."""
    return axis_angle_from_quaternion(quaternion_from_matrix(matrix))


def quaternion_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) -> (..., 4), w first."""
    vectors = np.asarray(axis_angle, dtype=float)
    half = np.linalg.norm(vectors, axis=-1, keepdims=True) / 2
    return np.concatenate([np.cos(half), np.sinc(half / np.pi) / 2 * vectors], axis=-1)


def axis_angle_from_quaternion(quaternion: ArrayLike) -> Array:
    """(..., 4), w first, of any length but zero -> (..., 3), angles in [0, pi]."""
    quaternions = np.asarray(quaternion, dtype=float)
    quaternions = np.where(quaternions[..., :1] < 0, -quaternions, quaternions)
    real, imaginary = quaternions[..., :1], quaternions[..., 1:]
    length = np.linalg.norm(imaginary, axis=-1, keepdims=True)
    return imaginary * np.divide(2 * np.arctan2(length, real), length, out=np.zeros_like(length), where=length > 0)


def quaternion_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) -> (..., 4), w first, not of unit length."""
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = np.moveaxis(np.asarray(matrix, dtype=float), (-2, -1), (0, 1))
    multiples = np.array(  # each row is the quaternion, times four and one of its own components
        [
            [1 + xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, 1 + xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, 1 - xx + yy - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, 1 - xx - yy + zz],
        ]
    )
    longest = np.einsum("ii...->i...", multiples).argmax(axis=0)
    return np.moveaxis(np.take_along_axis(multiples, longest[None, None], axis=0)[0], 0, -1)


def quaternion_product(second: ArrayLike, first: ArrayLike) -> Array:
    """(..., 4) and (..., 4), w first -> (..., 4): the turn `first`, and after it `second`."""
    a, b, c, d = np.moveaxis(np.asarray(second, dtype=float), -1, 0)
    w, x, y, z = np.moveaxis(np.asarray(first, dtype=float), -1, 0)
    product = (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )
    return np.stack(product, axis=-1)


def cross_matrix(vector: ArrayLike) -> Array:
    """[v]x of vectors v (..., 3), the matrix whose product with w is v x w: (..., 3, 3)."""
    vectors = np.asarray(vector, dtype=float)
    return (vectors @ _CROSS_MATRICES.reshape(3, 9)).reshape(*vectors.shape, 3)


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
