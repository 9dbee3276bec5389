"""Rotations as axis-angle (radians), matrices and quaternions (w, x, y, z), in arrays of any leading shape."""

import numpy as np
from numpy.typing import ArrayLike

from dahyf_core.arrays import Array

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


def matrix_from_rot6d(rot6d: ArrayLike) -> Array:
    """(..., 6), the first two columns before Gram-Schmidt (Zhou et al. 2019), to rotation matrices (..., 3, 3)."""
    columns = np.asarray(rot6d, dtype=float)
    first = _unit(columns[..., :3])
    second = _unit(columns[..., 3:] - (first * columns[..., 3:]).sum(axis=-1, keepdims=True) * first)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def rot6d_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) to (..., 6), the first two columns."""
    matrices = np.asarray(matrix, dtype=float)
    return np.concatenate([matrices[..., 0], matrices[..., 1]], axis=-1)


def shortest_rotation(start: ArrayLike, end: ArrayLike) -> Array:
    """Axis-angle (..., 3) that turns the direction of `start` (..., 3) to that of `end` (..., 3), without twist."""
    first, second = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
    axis = np.cross(first, second)
    sine = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(sine, (first * second).sum(axis=-1, keepdims=True))
    return axis * (angle / np.maximum(sine, 1e-12))


def viewing_rotation(ray: ArrayLike) -> Array:
    """(..., 3, 3) the shortest rotations from the optical axis to rays (..., 2) on the plane z = 1.

    Some networks assume that the optical axis goes through the centre of their patch. These rotations turn their
    results to the camera's axes.
    """
    rays = np.asarray(ray, dtype=float)
    x, y, z = np.moveaxis(_unit(np.concatenate([rays, np.ones_like(rays[..., :1])], axis=-1)), -1, 0)
    share = 1 / (1 + z)
    rows = [1 - x * x * share, -x * y * share, x, -x * y * share, 1 - y * y * share, y, -x, -y, z]
    return np.stack(rows, axis=-1).reshape(*x.shape, 3, 3)


def _unit(vectors: Array) -> Array:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
