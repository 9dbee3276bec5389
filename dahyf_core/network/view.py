"""Where a patch lies in its (virtual) camera, and what follows from that: directions, encodings, cameras.

A virtual camera has square pixels, its principal point at pixel (0, 0), and sees a right hand (see `camera.Crops`). The
paper's origin O = (W/2, H/2) is that principal point, so eq. 1-7 stand here as printed.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

PATCH_SIZE = 224
"""s_p: side of a patch in pixels."""

ENCODING_LEVELS = 4
"""L of eq. 7."""

NEAREST = 0.05
"""Least depth of a hand, metres."""


@dataclass(frozen=True)
class View:
    """Square patches of B virtual cameras.

    center: (B, 2) centre of the patch, pixels from the principal point. side: (B,) pixels, s_i of the paper.
    focal: (B,) pixels.
    """

    center: Tensor
    side: Tensor
    focal: Tensor

    @property
    def corner(self) -> Tensor:
        """(B, 2) upper-left corner of the patch, P_ulc - O."""
        return self.center - self.side[:, None] / 2

    def frame_pixels(self, patch_pixels: Tensor) -> Tensor:
        """Patch pixels (B, K, 2) to pixels from the principal point (B, K, 2): P_g of eq. 3-4."""
        scale = (self.side / PATCH_SIZE)[:, None, None]  # sc_o = s_i / s_p  (4)
        return patch_pixels * scale + self.corner[:, None]  # P_g = P_l sc_o + P_ulc - O  (3, 5)

    def patch_pixels(self, frame_pixels: Tensor) -> Tensor:
        """The inverse of `frame_pixels`."""
        return (frame_pixels - self.corner[:, None]) * (PATCH_SIZE / self.side)[:, None, None]


def global_direction_map(view: View, size: int) -> Tensor:
    """Viewing direction (x_d, y_d) of every feature pixel, (B, 2, size, size): eq. 1-5."""
    scale = PATCH_SIZE / size  # sc_p = s_p / s_f  (2)
    index = torch.arange(size, dtype=view.side.dtype, device=view.side.device)
    line = index * scale + scale / 2  # P_l = P_f sc_p + sc_p / 2  (1)
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    patch = torch.stack([columns, rows], dim=-1).reshape(1, -1, 2)
    directions = view.frame_pixels(patch) / view.focal[:, None, None]  # P_d = P_g / f
    return directions.transpose(1, 2).reshape(-1, 2, size, size)


def local_direction_map(view: View, size: int) -> Tensor:
    """Column and row index of every feature pixel, as a share of `size`: (B, 2, size, size). The paper's ablation."""
    index = torch.arange(size, dtype=view.side.dtype, device=view.side.device) / size
    rows, columns = torch.meshgrid(index, index, indexing="ij")
    return torch.stack([columns, rows]).expand(len(view.side), -1, -1, -1)


def patch_coordinates(joints: Tensor, view: View) -> Tensor:
    """mu of eq. 6 as printed, from patch pixels (B, 21, 2): blind to where the patch lies and to how large it is."""
    return (joints - PATCH_SIZE / 2) / view.focal[:, None, None]  # mu = (J_2d - s_p / 2) / f  (6)


def frame_coordinates(joints: Tensor, view: View) -> Tensor:
    """mu with frame pixels in place of patch pixels: the direction in which the camera sees each joint."""
    return view.frame_pixels(joints) / view.focal[:, None, None]


def positional_encoding(coordinates: Tensor) -> Tensor:
    """gamma of eq. 7: (B, 21, 2) to V_PE, (B, 336)."""
    frequencies = 2.0 ** torch.arange(1, ENCODING_LEVELS + 1, device=coordinates.device) * torch.pi
    angles = coordinates[..., None] * frequencies  # 2^1 pi p, ..., 2^L pi p
    return torch.cat([angles.sin(), angles.cos()], dim=-1).flatten(1)  # gamma(p)  (7)


def perspective_translation(weak: Tensor, view: View) -> Tensor:
    """Weak-perspective camera (s, t_x, t_y) of the patch, (B, 3), to the translation in the full camera, metres.

    CLIFF's rule (Li et al. 2022): t_z = 2 f / (b s), t_x' = t_x + 2 (c_x - W/2) / (b s), and likewise for y.
    """
    scale = view.side * weak[:, 0]  # b s
    shift = 2 * view.center / scale[:, None]
    return torch.cat([weak[:, 1:] + shift, (2 * view.focal / scale)[:, None]], dim=-1)


def solved_translation(points: Tensor, located: Tensor, view: View) -> Tensor:
    """The translation (B, 3), metres, that brings points (B, K, 3) closest to where they were located.

    located: (B, K, 2) patch pixels. Least squares of (x + t_x) - u (z + t_z), and likewise in y, over all points.
    """
    directions = view.frame_pixels(located) / view.focal[:, None, None]
    offsets = points[..., :2] - directions * points[..., 2:]
    mean_direction, mean_offset = directions.mean(dim=1, keepdim=True), offsets.mean(dim=1, keepdim=True)
    spread = directions - mean_direction
    depth = (spread * (offsets - mean_offset)).sum(dim=(1, 2)) / spread.square().sum(dim=(1, 2)).clamp(min=1e-8)
    depth = depth.clamp(min=NEAREST)[:, None]
    return torch.cat([mean_direction[:, 0] * depth - mean_offset[:, 0], depth], dim=-1)


def viewing_rotation(view: View) -> Tensor:
    """(B, 3, 3) the shortest rotation from the optical axis to the ray through the patch's centre.

    What looks straight at a patch takes its centre for the optical axis; this brings what it says to the camera.
    """
    ray = torch.cat([view.center / view.focal[:, None], torch.ones_like(view.side)[:, None]], dim=-1)
    x, y, z = nn.functional.normalize(ray, dim=-1).unbind(dim=-1)
    share = 1 / (1 + z)
    rows = [1 - x * x * share, -x * y * share, x, -x * y * share, 1 - y * y * share, y, -x, -y, z]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))


def project(points: Tensor, view: View) -> Tensor:
    """Points (B, K, 3) in the virtual camera, metres, to patch pixels (B, K, 2) by full perspective."""
    depth = points[..., 2:].clamp(min=1e-3)
    return view.patch_pixels(points[..., :2] / depth * view.focal[:, None, None])
