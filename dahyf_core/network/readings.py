"""What `lite2` reads at each joint besides its place: depth, whether it is seen, how sure it is; and skin points.

A joint's token is F_m where the joint was located, so that these heads are small.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.hand_model import DENSE_VERTICES
from dahyf_core.network.joints import JOINTS, masked_mean, soft_argmax

DENSE_POINTS = len(DENSE_VERTICES)
DEPTH_BINS = 64
DEEPEST = 2.4
"""Lengths of the palm before and behind the wrist that the bins of depth cover; an outstretched hand spans 2."""
DEPTH_SIGMA = 1.0
"""Width in bins of the Gaussian that smooths the labels of depth."""
WIDTH = 128
SIGMA_LIMITS = (-7.0, 0.0)
"""Limits of log sigma, in sides of the patch, or lengths of the palm for depths."""


@dataclass(frozen=True)
class Readings:
    """depth: (B, 21) behind the wrist, in lengths of the palm, and its logits (B, 21, 64) over bins.

    visibility: (B, 21) logits of a joint being seen. log_sigma: (B, 21, 3) of x and y in sides of the patch, and of
    depth.
    """

    depth: Tensor
    depth_logits: Tensor
    visibility: Tensor
    log_sigma: Tensor


class JointReadings(nn.Module):
    """Depth by sub-pixel classification, as columns and rows are located, visibility and log sigma of each joint."""

    def __init__(self, channels: int, context: int) -> None:
        """channels: of F_m. context: width of the pooled features."""
        super().__init__()
        self.token = nn.Linear(channels, WIDTH)
        self.context = nn.Linear(context, WIDTH)
        self.joint = nn.Parameter(torch.randn(JOINTS, WIDTH) * 0.1)
        self.body = nn.Sequential(nn.ReLU(), nn.Linear(WIDTH, WIDTH), nn.ReLU())
        self.depth = nn.Linear(WIDTH, DEPTH_BINS)
        self.others = nn.Linear(WIDTH, 4)

    def forward(self, features: Tensor, pooled: Tensor, joints: Tensor) -> Readings:
        """F_m (B, C, S, S), pooled features (B, context), and joints (B, 21, 2) in patch pixels."""
        known = self.token(sampled(features, joints)) + self.context(pooled)[:, None] + self.joint
        body = self.body(known)
        logits, others = self.depth(body), self.others(body)
        depth = (soft_argmax(logits) / (DEPTH_BINS - 1) * 2 - 1) * DEEPEST
        return Readings(
            depth=depth - depth[:, :1],
            depth_logits=logits,
            visibility=others[..., 0],
            log_sigma=others[..., 1:].clamp(*SIGMA_LIMITS),
        )

    @staticmethod
    def depth_loss(logits: Tensor, depths: Tensor, weight: Tensor) -> Tensor:
        """KL divergence (mean) to labels smoothed by a Gaussian. depths: (B, 21). weight: (B,) of the hands' labels."""
        place = (depths / DEEPEST + 1) / 2 * (DEPTH_BINS - 1)
        bins = torch.arange(DEPTH_BINS, dtype=depths.dtype, device=depths.device)
        target = torch.softmax(-((bins - place[..., None]) / DEPTH_SIGMA).square() / 2, dim=-1)
        divergence = nn.functional.kl_div(logits.log_softmax(dim=-1), target, reduction="none").sum(dim=-1)
        inside = depths.abs() <= DEEPEST
        counted = inside * weight[:, None]
        return (divergence * counted).sum() / counted.sum().clamp(min=1e-6)


class DensePoints(nn.Module):
    """hand_model.dense_points of the skin: each a fixed blend of located joints, and what pooled features add."""

    def __init__(self, context: int, blend: Tensor) -> None:
        """blend: (128, 21) shares of the joints at each point."""
        super().__init__()
        self.blend = nn.Parameter(blend.clone())
        self.context = nn.Linear(context + 3 * JOINTS, WIDTH)
        self.points = nn.Linear(WIDTH, 3 * DENSE_POINTS)
        nn.init.zeros_(self.points.weight)
        nn.init.zeros_(self.points.bias)
        with torch.no_grad():
            self.points.bias.view(DENSE_POINTS, 3)[:, 2] = -3.0

    def forward(self, pooled: Tensor, joints: Tensor, depth: Tensor) -> Tensor:
        """Pooled features (B, context), joints (B, 21, 2) in patch pixels and depth (B, 21) to points (B, 128, 3).

        These are x and y in patch pixels, and log sigma in sides of the patch.
        """
        form = torch.cat([(joints - joints[:, :1]) / PATCH_SIZE, depth[..., None]], dim=-1).flatten(1)
        moved = self.points(torch.relu(self.context(torch.cat([pooled, form], dim=-1)))).unflatten(1, (DENSE_POINTS, 3))
        places = self.blend @ joints + PATCH_SIZE * moved[..., :2]
        return torch.cat([places, moved[..., 2:].clamp(*SIGMA_LIMITS)], dim=-1)


def sampled(features: Tensor, joints: Tensor) -> Tensor:
    """F_m (B, C, S, S) at joints (B, K, 2) in patch pixels, (B, K, C)."""
    grid = (joints.detach() / PATCH_SIZE * 2 - 1)[:, :, None]
    found = nn.functional.grid_sample(features, grid, padding_mode="border", align_corners=False)
    return found[..., 0].transpose(1, 2)


def likelihood_loss(error: Tensor, log_sigma: Tensor, known: Tensor) -> Tensor:
    """Mean negative logarithm of the likelihood of errors (B, K, D) under Gaussians of sigma (B, K) or (B, K, D), where
    (B, K) known. It may be negative."""
    log_sigma = log_sigma if log_sigma.ndim == error.ndim else log_sigma[..., None].expand_as(error)
    return masked_mean((0.5 * (error / log_sigma.exp()).square().clamp(max=50.0) + log_sigma).sum(dim=-1), known)


def joint_blend(joints: Tensor, points: Tensor) -> Tensor:
    """(P, K) shares of joints (K, 3) at points (P, 3) of the flat hand, by their distance: nearer than 2 cm most."""
    return torch.softmax(-torch.cdist(points, joints).square() / (2 * 0.012**2), dim=-1)
