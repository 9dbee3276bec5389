"""Checked numbers from nested data of unknown origin."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import axis_angle_from_matrix
from dahyf_core.hand_model import Side

NEARLY = 0.02
"""Largest error of a rotation matrix, which float16 networks reach."""
LARGEST = 1e6


def array(value: Any, name: str) -> Array:
    """The numbers of a value, float64; None and NaN become NaN. Raises ValueError for anything else."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not an array of numbers") from error
    if np.isinf(numbers).any() or (numbers.size and np.nanmax(np.abs(numbers), initial=0) > LARGEST):
        raise ValueError(f"{name} holds numbers that no hand has")
    return numbers


def shaped(value: Any, shape: Sequence[int], name: str) -> Array:
    """The numbers of a value in a shape, in which one length may be -1. Raises ValueError."""
    numbers = array(value, name)
    fixed = int(np.prod([length for length in shape if length >= 0]))
    if numbers.size % fixed or (-1 not in shape and numbers.size != fixed):
        raise ValueError(f"{name} has the shape {numbers.shape}, which does not fit {tuple(shape)}")
    return numbers.reshape(shape)


def rotations(value: Any, joints: int, name: str) -> Array:
    """(N, joints, 3) axis-angle from axis-angles or rotation matrices of N hands. Raises ValueError."""
    numbers = array(value, name)
    if numbers.shape[-2:] == (3, 3) and (numbers.ndim > 2 or is_rotation(numbers)):
        matrices = shaped(numbers, (-1, joints, 3, 3), name)
        if not is_rotation(matrices[np.isfinite(matrices).all(axis=(-1, -2))]):
            raise ValueError(f"{name} holds matrices that are no rotations")
        return axis_angle_from_matrix(matrices)
    return shaped(numbers, (-1, joints, 3), name)


def is_rotation(matrices: Array) -> bool:
    """Whether matrices (..., 3, 3) are rotations."""
    products = matrices @ np.swapaxes(matrices, -1, -2)
    return bool(np.allclose(products, np.eye(3), atol=NEARLY) and (np.linalg.det(matrices) > 0).all())


def first_of(data: Mapping[Any, Any], names: Sequence[str]) -> Any:
    """The value of the first name that is there, or None."""
    return next((data[name] for name in names if name in data and data[name] is not None), None)


def side_of(value: Any) -> Side | None:
    """The side that a value means: left, right, 0, 1, true for right; None where it means none."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "SU" and value.size == 1:
        value = str(value.reshape(-1)[0])
    if isinstance(value, str):
        word = value.strip().lower()
        return "right" if word.startswith("r") else "left" if word.startswith("l") else None
    try:
        number = float(np.asarray(value, dtype=float).reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        return None
    return {0.0: "left", 1.0: "right"}.get(round(number, 6))  # type: ignore[return-value]


def rate_of(value: Any) -> Fraction | None:
    """Frames per second as a simple fraction, or None."""
    try:
        number = float(np.asarray(value, dtype=float).reshape(-1)[0])
    except (TypeError, ValueError, IndexError):
        return None
    if not 0.01 < number < 10_000:
        return None
    for denominator in (1, 1001):
        rate = Fraction(round(number * denominator), denominator)
        if abs(float(rate) - number) < 1e-4 * number:
            return rate
    return Fraction(number).limit_denominator(1000)
