"""Training of the image-free inverse kinematics with which `lite` starts. It takes minutes, on sampled poses."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dahyf_core.geometry.tensors import matrix_from_axis_angle
from dahyf_core.hand_model import HandModel
from dahyf_core.hand_model.torch_layer import TorchHandModel
from dahyf_core.network import InverseKinematics, hand_rotations
from dahyf_core.network.losses import palm_relative


@dataclass(frozen=True)
class KinematicsConfig:
    """Settings for training inverse kinematics.

    spread: greatest width of the poses, in standard deviations of the hand model's prior. noise: greatest standard
    deviation of the points, metres; a share of it moves whole fingers. wide: share of the hands whose last joints bend
    apart from the middle ones, whose thumb goes anywhere within its limits, and whose knuckles go 15 degrees beyond.
    """

    steps: int = 6000
    batch: int = 256
    learning_rate: float = 1e-3
    spread: float = 1.5
    noise: float = 0.006
    wide: float = 0.0


def teach_kinematics(
    kinematics: InverseKinematics,
    model: HandModel,
    config: KinematicsConfig,
    seed: int,
    progress: Callable[[int, int], None],
) -> float:
    """Teach it in place; returns the mean error of the last steps in sizes of the palm. progress: step, steps."""
    layer = TorchHandModel(model)
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(kinematics.body.parameters(), config.learning_rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, config.learning_rate, config.steps)
    error = 0.0
    for step in range(config.steps):
        rotations, shape, points, clean = sample_hands(layer, config, random)
        palm, parameters = kinematics(points)
        found, found_shape = hand_rotations(palm, parameters)
        skeleton = layer.forward_kinematics(found, found_shape, torch.zeros(config.batch, 3))
        distance = palm_relative(layer.keypoints(skeleton, "mediapipe")) - palm_relative(clean)
        loss = (
            distance.abs().mean() + (found - rotations).square().mean() + 0.01 * (found_shape - shape).square().mean()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        error += 0.01 * (float(distance.detach().norm(dim=-1).mean()) - error)
        progress(step + 1, config.steps)
    return error


def sample_hands(
    layer: TorchHandModel, config: KinematicsConfig, random: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rotations (B, 16, 3, 3), shape (B, 10), noisy points (B, 21, 3) and clean ones of random right hands."""
    model, count = layer.model, config.batch
    lower, upper = torch.from_numpy(model.joint_limits).float().T
    deviation = np.linalg.cholesky(np.linalg.inv(model.pose_prior.precision))
    width = config.spread * torch.rand(count, 1, generator=random)
    fingers = torch.from_numpy(model.pose_prior.mean).float() + width * (
        torch.randn(count, 45, generator=random) @ torch.from_numpy(deviation.T).float()
    )
    free = lower + (upper - lower) * torch.rand(count, 45, generator=random)
    mixed = fingers + 0.3 * torch.rand(count, 1, generator=random) ** 2 * (free - fingers)
    fingers = torch.minimum(torch.maximum(mixed, lower), upper)
    if config.wide:
        chosen = torch.rand(count, 1, generator=random) < config.wide
        fingers = torch.where(chosen, _widened(fingers, lower, upper, random), fingers)
    root = torch.randn(count, 3, generator=random) * 1.5
    rotations = matrix_from_axis_angle(torch.cat([root, fingers], dim=1).unflatten(1, (16, 3)))
    shape = torch.randn(count, 10, generator=random)
    points = layer.keypoints(layer.forward_kinematics(rotations, shape, torch.zeros(count, 3)), "mediapipe")
    return rotations, shape, points + _noise(config, random), points


def _widened(fingers: Tensor, lower: Tensor, upper: Tensor, random: torch.Generator) -> Tensor:
    """Fingers (B, 45) with last joints and thumbs of their own, and knuckles that go beyond their limits."""

    def anywhere(bones: slice) -> Tensor:
        low, high = lower.view(15, 3)[bones], upper.view(15, 3)[bones]
        return low + (high - low) * torch.rand(len(fingers), *low.shape, generator=random)

    widened = fingers.clone().view(-1, 15, 3)
    for last in range(2, 12, 3):
        share = torch.rand(len(fingers), 1, 1, generator=random)
        bones = slice(last, last + 1)
        widened[:, bones] += share * (anywhere(bones) - widened[:, bones])
    share = torch.rand(len(fingers), 1, 1, generator=random).sqrt()
    widened[:, 12:] += share * (anywhere(slice(12, 15)) - widened[:, 12:])
    beyond = math.radians(15) * (2 * torch.rand(len(fingers), 4, 3, generator=random) - 1)
    widened[:, 0:12:3] += beyond * torch.rand(len(fingers), 1, 1, generator=random)
    return widened.flatten(1)


def _noise(config: KinematicsConfig, random: torch.Generator) -> Tensor:
    """(B, 21, 3): each point's own, and one a finger that grows towards its tip."""
    count = config.batch
    strength = config.noise * torch.rand(count, 1, 1, generator=random)
    own = torch.randn(count, 21, 3, generator=random)
    along = torch.arange(1, 5).repeat(5)[:, None] / 4
    shared = torch.randn(count, 5, 3, generator=random).repeat_interleave(4, dim=1) * along
    return strength * (0.7 * own + torch.cat([torch.zeros(count, 1, 3), shared], dim=1))
