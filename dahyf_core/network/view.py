"""The position of a patch in its virtual camera, and directions, encodings and cameras that follow from it.

A virtual camera has square pixels, its principal point at pixel (0, 0), and sees a right hand (see `camera.Crops`). The
paper's origin O = (W/2, H/2) is that principal point, so eq. 1-7 stand here as printed.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from dahyf_core.camera import PATCH_SIZE  # s_p

ENCODING_LEVELS = 4
"""L of eq. 7."""


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

    def rays(self, patch_pixels: Tensor) -> Tensor:
        """Patch pixels (B, K, 2) to the plane z = 1 of the virtual camera (B, K, 2)."""
        return self.frame_pixels(patch_pixels) / self.focal[:, None, None]

    def centred(self, patch_pixels: Tensor) -> Tensor:
        """Offsets (B, K, 2) of patch pixels (B, K, 2) from the patch's centre, in its sides.

        (J_2d s_i / s_p - s_i / 2) / s_i  (8), and (J_2d_proj - C) / s_i  (9), which are the same in frame pixels.
        """
        return (self.frame_pixels(patch_pixels) - self.center[:, None]) / self.side[:, None, None]

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
    directions = view.rays(patch)  # P_d = P_g / f
    return directions.transpose(1, 2).reshape(-1, 2, size, size)


def local_direction_map(view: View, size: int) -> Tensor:
    """Column and row index of every feature pixel, as a share of `size`: (B, 2, size, size). The paper's ablation."""
    index = torch.arange(size, dtype=view.side.dtype, device=view.side.device) / size
    rows, columns = torch.meshgrid(index, index, indexing="ij")
    return torch.stack([columns, rows]).expand(len(view.side), -1, -1, -1)


def patch_coordinates(joints: Tensor, view: View) -> Tensor:
    """mu of eq. 6 as printed, from patch pixels (B, 21, 2): independent of the patch's position and size."""
    return (joints - PATCH_SIZE / 2) / view.focal[:, None, None]  # mu = (J_2d - s_p / 2) / f  (6)


def frame_coordinates(joints: Tensor, view: View) -> Tensor:
    """mu with frame pixels in place of patch pixels: the direction in which the camera sees each joint."""
    return view.rays(joints)


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


def project(points: Tensor, view: View) -> Tensor:
    """Points (B, K, 3) in the virtual camera, metres, to patch pixels (B, K, 2) by full perspective."""
    depth = points[..., 2:].clamp(min=1e-3)
    return view.patch_pixels(points[..., :2] / depth * view.focal[:, None, None])
