"""Regressors from the hybrid vector to hand pose, shape and camera.

Rotations are learned in six dimensions and converted to the paper's axis-angle outside the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dahyf_core.geometry import MIDDLE_KNUCKLE, PALM, WRIST
from dahyf_core.geometry.tensors import matrix_from_rot6d, viewing_rotation
from dahyf_core.hand_model import HandModel
from dahyf_core.network.joints import JOINTS
from dahyf_core.network.kinematics import BONES, PARAMETERS, SHAPES, InverseKinematics, hand_rotations
from dahyf_core.network.view import View, perspective_translation

CAMERA = 3
LEAST_SPREAD = 1e-7
NEAREST_PALMS, FARTHEST_PALMS = 0.5, 500.0
"""Limits of a wrist's depth, in lengths of the palm."""


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
        return self.adjusted(hybrid, viewing_rotation(view.center / view.focal[:, None]) @ palm, parameters)

    def adjusted(
        self, hybrid: Tensor, palm: Tensor, parameters: Tensor
    ) -> tuple[HandParameters, HandParameters, Tensor]:
        """Outputs as above from the palm's rotation (B, 3, 3) in the virtual camera, and parameters (B, 106)."""
        residual = self.residual(self.dropout(hybrid))
        turn, change = residual.split([6, PARAMETERS], dim=-1)
        identity = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]).to(turn)
        turned = matrix_from_rot6d(identity + turn) @ palm
        without = HandParameters(*hand_rotations(palm, parameters))
        return HandParameters(*hand_rotations(turned, parameters + change)), without, change


class LiftedRegressor(KinematicRegressor):
    """Inverse kinematics of located joints at their depths: of 3D points that no other network has given.

    Directions of the joints and depths in lengths of the palm give points up to the wrist's own depth, which is the one
    at which the five points of the palm lie as far from each other as those of the hand model's flat hand. The image's
    residual reads the points too.
    """

    def __init__(self, inputs: int, hidden: Sequence[int], dropout: float, model: HandModel) -> None:
        super().__init__(inputs + 3 * JOINTS, hidden, dropout, model)
        flat = model.keypoints(
            model.skeleton(np.zeros((1, BONES, 3)), np.zeros((1, SHAPES)), np.zeros((1, 3))), "mediapipe"
        )[0]
        palm = flat[PALM] - flat[PALM].mean(axis=0)
        self.palm_length = float(np.linalg.norm(flat[MIDDLE_KNUCKLE] - flat[WRIST]))
        self.spread = float((palm**2).sum()) / self.palm_length**2

    def lift(self, rays: Tensor, depth: Tensor) -> Tensor:
        """Directions (B, 21, 2) on the plane z = 1 and depths (B, 21) behind the wrist to points (B, 21, 3).

        In the virtual camera; depths and points are in lengths of the palm.
        """
        directions = nn.functional.pad(rays, (0, 1), value=1.0)
        behind = depth[..., None] * directions
        across, along = (values[:, PALM] - values[:, PALM].mean(dim=1, keepdim=True) for values in (directions, behind))
        square = across.square().sum(dim=(1, 2)).clamp(min=LEAST_SPREAD)
        half, rest = (across * along).sum(dim=(1, 2)), along.square().sum(dim=(1, 2)) - self.spread
        root = (half.square() - square * rest).clamp(min=0.01 * square * self.spread).sqrt()
        wrist = ((root - half) / square).clamp(NEAREST_PALMS, FARTHEST_PALMS)
        return wrist[:, None, None] * directions + behind

    def forward(self, hybrid: Tensor, points: Tensor, view: View) -> tuple[HandParameters, HandParameters, Tensor]:
        """Outputs as above. points: of `lift`."""
        palm, local = self.kinematics.palm(points)
        parameters = self.kinematics.parameters_of(local)
        return self.adjusted(torch.cat([hybrid, local.flatten(1)], dim=-1), palm, parameters)


def mean_hand() -> Tensor:
    """(1, 109) the flat hand with its fingers up and its palm to the camera, filling most of the patch."""
    up = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    matrices = torch.eye(3).repeat(BONES, 1, 1)
    matrices[0] = up.T
    rot6d = torch.cat([matrices[..., 0], matrices[..., 1]], dim=-1).flatten()
    return torch.cat([rot6d, torch.zeros(SHAPES), torch.tensor([10.0, 0.0, 0.0])])[None]
