"""The torch twins of this package: the same names, arguments and results, with gradients.

They use operations that every ONNX runtime has, but for `similarity_aligned`, which measures only.
"""

import numpy as np
import torch
from torch import Tensor

from dahyf_core.geometry.kinematics import BoneLevels


def matrix_from_axis_angle(axis_angle: Tensor) -> Tensor:
    """(..., 3) rad -> (..., 3, 3), with gradients that are finite everywhere, zero included (Rodrigues)."""
    angle = torch.linalg.vector_norm(axis_angle, dim=-1)[..., None, None]
    x, y, z = axis_angle.unbind(dim=-1)
    zero = torch.zeros_like(x)
    matrix = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))
    sine = torch.sinc(angle / torch.pi)  # sin(angle) / angle
    versine = torch.sinc(angle / (2 * torch.pi)).square() / 2  # (1 - cos(angle)) / angle^2
    return torch.eye(3).to(matrix) + sine * matrix + versine * matrix @ matrix


def matrix_from_rot6d(rot6d: Tensor) -> Tensor:
    """(..., 6), the first two columns before Gram-Schmidt (Zhou et al. 2019), to rotation matrices (..., 3, 3)."""
    first = torch.nn.functional.normalize(rot6d[..., :3], dim=-1)
    second = rot6d[..., 3:] - (first * rot6d[..., 3:]).sum(dim=-1, keepdim=True) * first
    second = torch.nn.functional.normalize(second, dim=-1)
    return torch.stack([first, second, _cross(first, second)], dim=-1)


def rot6d_from_matrix(matrix: Tensor) -> Tensor:
    """(..., 3, 3) to (..., 6), the first two columns."""
    return torch.cat([matrix[..., 0], matrix[..., 1]], dim=-1)


def viewing_rotation(ray: Tensor) -> Tensor:
    """(..., 3, 3) the shortest rotations from the optical axis to rays (..., 2) on the plane z = 1."""
    ray = torch.cat([ray, torch.ones_like(ray[..., :1])], dim=-1)
    x, y, z = torch.nn.functional.normalize(ray, dim=-1).unbind(dim=-1)
    share = 1 / (1 + z)
    rows = [1 - x * x * share, -x * y * share, x, -x * y * share, 1 - y * y * share, y, -x, -y, z]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def solve_translation(points: Tensor, rays: Tensor, nearest: float) -> Tensor:
    """Translation (B, 3), metres, that brings points (B, K, 3) closest to rays (B, K, 2) on the plane z = 1."""
    offsets = points[..., :2] - rays * points[..., 2:]
    mean_ray, mean_offset = rays.mean(dim=1, keepdim=True), offsets.mean(dim=1, keepdim=True)
    spread = rays - mean_ray
    depth = (spread * (offsets - mean_offset)).sum(dim=(1, 2)) / spread.square().sum(dim=(1, 2)).clamp(min=1e-8)
    depth = depth.clamp(min=nearest)[:, None]
    return torch.cat([mean_ray[:, 0] * depth - mean_offset[:, 0], depth], dim=-1)


def similarity_aligned(points: Tensor, target: Tensor) -> Tensor:
    """Points (B, K, 3) after the rotation, scale and shift that bring them closest to a target, without reflection."""
    middle, target_middle = points.mean(dim=1, keepdim=True), target.mean(dim=1, keepdim=True)
    points, target = points - middle, target - target_middle
    left, values, right = torch.linalg.svd(target.transpose(1, 2) @ points)
    signs = torch.ones_like(values)
    signs[:, 2] = torch.linalg.det(left @ right).sign()
    rotation = left @ (signs[..., None] * right)
    scale = (signs * values).sum(-1) / points.square().sum(dim=(1, 2)).clamp(min=1e-12)
    return scale[:, None, None] * points @ rotation.transpose(1, 2) + target_middle


def forward_kinematics(
    local: Tensor, rest_joints: Tensor, levels: BoneLevels, translation: Tensor
) -> tuple[Tensor, Tensor]:
    """Joints (B, K, 3) m and rotations (B, K, 3, 3) from rest, of bones that turn about their heads.

    local: (B, K, 3, 3), relative to the parents. rest_joints: (B, K, 3) m. translation: (B, 1, 3) m.
    """
    joints, rotations = [rest_joints[:, :1] + translation], [local[:, :1]]
    order = [np.zeros(1, dtype=int)]
    for children, parents in levels:
        bones = rest_joints[:, children] - rest_joints[:, parents]
        rows = np.searchsorted(order[-1], parents)
        turns = rotations[-1][:, rows]
        joints.append(joints[-1][:, rows] + torch.einsum("bkij,bkj->bki", turns, bones))
        rotations.append(turns @ local[:, children])
        order.append(children)
    back = np.argsort(np.concatenate(order))
    return torch.cat(joints, dim=1)[:, back], torch.cat(rotations, dim=1)[:, back]


def _cross(first: Tensor, second: Tensor) -> Tensor:
    (ax, ay, az), (bx, by, bz) = first.unbind(dim=-1), second.unbind(dim=-1)
    return torch.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], dim=-1)
