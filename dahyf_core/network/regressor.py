"""Regressors from the hybrid vector to hand pose, shape and camera.

Rotations are learned in six dimensions and converted to the paper's axis-angle outside the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dahyf_core.geometry.tensors import matrix_from_rot6d, viewing_rotation
from dahyf_core.hand_model import HandModel
from dahyf_core.network.kinematics import BONES, PARAMETERS, SHAPES, InverseKinematics, hand_rotations
from dahyf_core.network.view import View, perspective_translation

CAMERA = 3


@dataclass(frozen=True)
class HandParameters:
    """rotations: (B, 16, 3, 3), from the flat hand, the root's in the virtual camera. shape: (B, 10)."""

    rotations: Tensor
    shape: Tensor


class Perceptron(nn.Sequential):
    """An MLP whose last layer starts at zero, so that training begins at the value to which its output is added."""

    def __init__(self, inputs: int, hidden: Sequence[int], outputs: int, dropout: float) -> None:
        layers: list[nn.Module] = []
        for width in hidden:
            layers += [nn.Linear(inputs, width), nn.ReLU(), nn.Dropout(dropout)]
            inputs = width
        last = nn.Linear(inputs, outputs)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        super().__init__(*layers, last)


class PaperRegressor(nn.Module):
    """The paper's: an MLP from the hybrid vector to pose, shape and weak-perspective camera, around a mean hand."""

    mean: Tensor

    def __init__(self, inputs: int, hidden: Sequence[int], dropout: float) -> None:
        super().__init__()
        self.mlp = Perceptron(inputs, hidden, PARAMETERS + CAMERA, dropout)
        self.register_buffer("mean", mean_hand(), persistent=False)

    def forward(self, hybrid: Tensor, view: View) -> tuple[HandParameters, Tensor]:
        """Hybrid vectors (B, inputs) to hands, and translations (B, 3) in the full camera, metres."""
        rot6d, shape, camera = (self.mean + self.mlp(hybrid)).split([BONES * 6, SHAPES, CAMERA], dim=-1)
        scale = nn.functional.softplus(camera[:, :1]) + 1e-2
        translation = perspective_translation(torch.cat([scale, camera[:, 1:]], dim=-1), view)
        return HandParameters(matrix_from_rot6d(rot6d.unflatten(1, (BONES, 6))), shape), translation


class KinematicRegressor(nn.Module):
    """Starts as inverse kinematics of 3D points from another network, and adds a residual from the image.

    The image's residual turns the root in the camera, and changes all parameters.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], dropout: float, model: HandModel) -> None:
        super().__init__()
        self.kinematics = InverseKinematics(model)
        self.dropout = nn.Dropout(dropout)
        self.residual = Perceptron(inputs, hidden, 6 + PARAMETERS, dropout)

    def forward(self, hybrid: Tensor, points: Tensor, view: View) -> tuple[HandParameters, HandParameters, Tensor]:
        """Hands with and without the residual, and what it changes of the parameters (B, 106).

        hybrid: (B, inputs). points: (B, 21, 3), in the axes of a camera that looks straight at the patch.
        """
        palm, parameters = self.kinematics(points)
        palm = viewing_rotation(view.center / view.focal[:, None]) @ palm
        residual = self.residual(self.dropout(hybrid))
        turn, change = residual.split([6, PARAMETERS], dim=-1)
        identity = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).to(turn)
        turned = matrix_from_rot6d(identity + turn) @ palm
        without = HandParameters(*hand_rotations(palm, parameters))
        return HandParameters(*hand_rotations(turned, parameters + change)), without, change


def mean_hand() -> Tensor:
    """(1, 109) the flat hand with its fingers up and its palm to the camera, filling most of the patch."""
    up = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    matrices = torch.eye(3).repeat(BONES, 1, 1)
    matrices[0] = up.T
    rot6d = torch.cat([matrices[..., 0], matrices[..., 1]], dim=-1).flatten()
    return torch.cat([rot6d, torch.zeros(SHAPES), torch.tensor([10.0, 0.0, 0.0])])[None]
