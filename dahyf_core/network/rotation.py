"""Rotations as networks learn them: six numbers, which are continuous (Zhou et al. 2019)."""

import torch
from torch import Tensor


def matrix_from_rot6d(rot6d: Tensor) -> Tensor:
    """(..., 6), the first two columns before Gram-Schmidt, to rotation matrices (..., 3, 3)."""
    first = torch.nn.functional.normalize(rot6d[..., :3], dim=-1)
    second = rot6d[..., 3:] - (first * rot6d[..., 3:]).sum(dim=-1, keepdim=True) * first
    second = torch.nn.functional.normalize(second, dim=-1)
    return torch.stack([first, second, cross(first, second)], dim=-1)


def rot6d_from_matrix(matrix: Tensor) -> Tensor:
    """(..., 3, 3) to (..., 6)."""
    return torch.cat([matrix[..., 0], matrix[..., 1]], dim=-1)


def cross(first: Tensor, second: Tensor) -> Tensor:
    """Cross product over the last axis, in operations that every ONNX runtime has."""
    (ax, ay, az), (bx, by, bz) = first.unbind(dim=-1), second.unbind(dim=-1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim=-1)
