"""Image-free inverse kinematics: 21 points of a hand to rotations and shape, independent of position and size."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dahyf_core.geometry import PALM
from dahyf_core.geometry.tensors import matrix_from_rot6d, rot6d_from_matrix
from dahyf_core.hand_model import HandModel

BONES = 16
SHAPES = 10
PARAMETERS = BONES * 6 + SHAPES


class PalmFrame(nn.Module):
    """Finds the rotation of a palm from five points that hardly move against each other.

    The cross-covariance of the points with those of the flat hand, as in Kabsch's algorithm; the points lie nearly in a
    plane, so that its columns along the two axes of that plane give the rotation by Gram-Schmidt. A product of
    rotations: it cannot mirror.
    """

    template: Tensor
    axes: Tensor

    def __init__(self, palm: np.ndarray) -> None:
        """palm: (5, 3) of the flat hand."""
        super().__init__()
        centred = palm - palm.mean(axis=0)
        _, _, axes = np.linalg.svd(centred)
        axes *= np.sign(np.linalg.det(axes))
        self.register_buffer("template", torch.tensor(centred @ axes[:2].T, dtype=torch.float32), persistent=False)
        self.register_buffer("axes", torch.tensor(axes, dtype=torch.float32), persistent=False)

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Points (B, 21, 3) to root rotations (B, 3, 3), from the flat hand, and the points in the flat hand's axes.

        Those have the palm's middle at the origin, and a palm of size 1.
        """
        palm = points[:, PALM]
        middle = palm.mean(dim=1, keepdim=True)
        spread = (palm - middle).transpose(1, 2) @ self.template
        rotation = matrix_from_rot6d(torch.cat([spread[..., 0], spread[..., 1]], dim=-1)) @ self.axes
        size = (palm - middle).square().sum(dim=(1, 2), keepdim=True).clamp(min=1e-8).sqrt()
        return rotation, (points - middle) / size @ rotation


class InverseKinematics(nn.Module):
    """An MLP from points in the palm's frame to rotations in six dimensions and shape."""

    mean: Tensor

    def __init__(self, model: HandModel, hidden: Sequence[int] = (512, 512), keypoints: str = "mediapipe") -> None:
        super().__init__()
        posed = model.skeleton(np.zeros((1, BONES, 3)), np.zeros((1, SHAPES)), np.zeros((1, 3)))
        self.palm = PalmFrame(model.keypoints(posed, keypoints)[0, PALM])
        layers: list[nn.Module] = []
        inputs = 63
        for width in hidden:
            layers += [nn.Linear(inputs, width), nn.ReLU()]
            inputs = width
        self.body = nn.Sequential(*layers, nn.Linear(inputs, PARAMETERS))
        flat = rot6d_from_matrix(torch.eye(3).expand(BONES, 3, 3)).flatten()
        self.register_buffer("mean", torch.cat([flat, torch.zeros(SHAPES)]), persistent=False)

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Points (B, 21, 3), in any unit, to the palm's rotation (B, 3, 3) and parameters (B, 106) that follow it."""
        rotation, local = self.palm(points)
        return rotation, self.parameters_of(local)

    def parameters_of(self, local: Tensor) -> Tensor:
        """Points (B, 21, 3) in the palm's frame to parameters (B, 106)."""
        return self.mean + self.body(local.flatten(1))


def hand_rotations(palm: Tensor, parameters: Tensor) -> tuple[Tensor, Tensor]:
    """Palm rotations (B, 3, 3) and parameters (B, 106) to rotations (B, 16, 3, 3), root first, and shape (B, 10)."""
    rot6d, shape = parameters.split([BONES * 6, SHAPES], dim=-1)
    rotations = matrix_from_rot6d(rot6d.unflatten(1, (BONES, 6)))
    return torch.cat([palm[:, None] @ rotations[:, :1], rotations[:, 1:]], dim=1), shape
