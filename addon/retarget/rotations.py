"""Rotations as arrays. No bpy here."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]

OPPOSITE = -1 + 1e-9
"""The cosine below which two directions count as opposite, so that their shortest rotation is not unique."""


def unit(vectors: FloatArray) -> FloatArray:
    """(..., 3) the same directions as unit vectors."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def matrices_from_axis_angle(vectors: FloatArray) -> FloatArray:
    """(..., 3) radians to (..., 3, 3), by Rodrigues' formula."""
    vectors = np.asarray(vectors, np.float64)
    angle = np.linalg.norm(vectors, axis=-1)[..., None, None]
    cross = cross_matrices(vectors)
    half = np.sinc(angle / 2 / np.pi)
    return np.eye(3) + np.sinc(angle / np.pi) * cross + half**2 / 2 * cross @ cross


def turns_about(axes: FloatArray, angles: FloatArray) -> FloatArray:
    """(..., 3, 3) rotations by angles (...), radians, about unit vectors (..., 3)."""
    return matrices_from_axis_angle(axes * np.asarray(angles)[..., None])


def axis_angle_from_matrices(matrices: FloatArray) -> FloatArray:
    """(..., 3, 3) to (..., 3) radians, of length pi at most."""
    quaternions = quaternions_from_matrices(matrices)
    sine = np.linalg.norm(quaternions[..., 1:], axis=-1, keepdims=True)
    angle = 2 * np.arctan2(sine, quaternions[..., :1])
    return quaternions[..., 1:] * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 2.0)


def degrees_between(first: FloatArray, second: FloatArray) -> FloatArray:
    """(...) the angles in degrees between rotations (..., 3, 3)."""
    return np.degrees(np.linalg.norm(axis_angle_from_matrices(first @ second.swapaxes(-1, -2)), axis=-1))


def cross_matrices(vectors: FloatArray) -> FloatArray:
    """(..., 3) to the (..., 3, 3) that take v to vectors x v."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    return np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(*x.shape, 3, 3)


def swing(start: FloatArray, end: FloatArray) -> FloatArray:
    """(..., 3, 3) the shortest rotation from one unit vector (..., 3) to another, without twist about them."""
    start, end = np.broadcast_arrays(start, end)
    cosine = np.einsum("...i,...i", start, end)
    cross = cross_matrices(np.cross(start, end))
    scale = 1 / (1 + np.maximum(cosine, OPPOSITE))[..., None, None]
    turns = np.eye(3) + cross + scale * cross @ cross
    around = unit(np.cross(start, np.eye(3)[np.argmin(np.abs(start), axis=-1)]))
    half_turns = 2 * around[..., :, None] * around[..., None, :] - np.eye(3)
    return np.where((cosine < OPPOSITE)[..., None, None], half_turns, turns)


def matrices_from_quaternions(quaternions: FloatArray) -> FloatArray:
    """(..., 4) w x y z, of any length, to (..., 3, 3)."""
    quaternions = quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True)
    cross = cross_matrices(quaternions[..., 1:])
    return np.eye(3) + 2 * quaternions[..., :1, None] * cross + 2 * cross @ cross


def quaternions_from_matrices(matrices: FloatArray) -> FloatArray:
    """(..., 3, 3) to unit quaternions (..., 4), w x y z, w not negative: Bar-Itzhack's eigenvector (2000)."""
    m = matrices
    trace = np.trace(m, axis1=-2, axis2=-1)
    symmetric = np.empty((*m.shape[:-2], 4, 4))
    symmetric[..., 0, 0] = trace
    symmetric[..., 0, 1:] = symmetric[..., 1:, 0] = np.stack(
        [m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]], -1
    )
    symmetric[..., 1:, 1:] = m + m.swapaxes(-1, -2) - trace[..., None, None] * np.eye(3)
    quaternions = np.linalg.eigh(symmetric)[1][..., -1]
    return quaternions * np.where(quaternions[..., :1] < 0, -1.0, 1.0)
