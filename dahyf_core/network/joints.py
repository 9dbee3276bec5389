"""The located 2D joints: sub-pixel classification (section 3.3), and the heatmap it is compared with."""

import torch
from torch import Tensor, nn

from dahyf_core.camera import PATCH_SIZE

JOINTS = 21
BINS_PER_PIXEL = 3
"""s of the paper."""
BINS = PATCH_SIZE * BINS_PER_PIXEL
"""n_x = n_y = s_p s."""
LABEL_SIGMA = 6.0
"""Width in bins of the Gaussian that smooths the labels; the paper does not give it."""
PRIOR_SIGMA = 15.0
"""Width in bins of the Gaussian around joints that are known beforehand."""


class JointMaps(nn.Sequential):
    """Convolutions on F_m that give F_k, (B, 21, size, size)."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, JOINTS, 1),
        )


class SubPixelJoints(nn.Module):
    """Two classifiers a joint, over 672 columns and 672 rows (SimCC)."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.maps = JointMaps(channels)
        self.columns = nn.Linear(size * size, BINS)
        self.rows = nn.Linear(size * size, BINS)

    def forward(self, features: Tensor, prior: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """F_m (B, C, size, size) to joints in patch pixels (B, 21, 2) and logits (B, 21, 2, 672).

        prior: (B, 21, 2) patch pixels around which the joints are looked for, a Gaussian that the logits are added to.
        """
        flat = self.maps(features).flatten(2)
        logits = torch.stack([self.columns(flat), self.rows(flat)], dim=2)
        if prior is not None:
            logits = logits - bin_distance(prior, PRIOR_SIGMA)
        return soft_argmax(logits) / BINS_PER_PIXEL, logits

    def start_from_prior(self) -> None:
        """Make the logits those of the prior alone."""
        for classifier in (self.columns, self.rows):
            nn.init.zeros_(classifier.weight)
            nn.init.zeros_(classifier.bias)

    def loss(self, logits: Tensor, joints: Tensor, visible: Tensor) -> Tensor:
        """KL divergence to labels smoothed by a 1D Gaussian; (B, 21) joints that are not `visible` do not count."""
        target = torch.softmax(-bin_distance(joints, LABEL_SIGMA), dim=-1)
        divergence = nn.functional.kl_div(logits.log_softmax(dim=-1), target, reduction="none").sum(dim=-1).mean(dim=-1)
        inside = ((joints >= 0) & (joints < PATCH_SIZE)).all(dim=-1)
        return masked_mean(divergence, visible & inside)


class HeatmapJoints(nn.Module):
    """A Gaussian heatmap a joint on the grid of F_k, read by soft-argmax (the paper's ablation)."""

    sigma = 1.5
    """Width of the target in pixels of the map."""

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.maps = JointMaps(channels)
        self.size = size
        self.stride = PATCH_SIZE / size

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """F_m (B, C, size, size) to joints in patch pixels (B, 21, 2) and logits (B, 21, size, size)."""
        logits = self.maps(features)
        share = logits.flatten(2).softmax(dim=-1).unflatten(2, (self.size, self.size))
        grid = (torch.arange(self.size, device=logits.device) + 0.5) * self.stride
        joints = torch.stack([(share.sum(dim=2) * grid).sum(-1), (share.sum(dim=3) * grid).sum(-1)], dim=-1)
        return joints, logits

    def loss(self, logits: Tensor, joints: Tensor, visible: Tensor) -> Tensor:
        """Cross entropy to a normalised Gaussian at the joint; (B, 21) joints that are not `visible` do not count."""
        grid = torch.arange(self.size, device=logits.device) + 0.5
        offset = (grid - joints[..., None] / self.stride) / self.sigma
        axis = torch.softmax(-(offset**2) / 2, dim=-1)
        target = axis[:, :, 1, :, None] * axis[:, :, 0, None, :]
        entropy = -(target * logits.flatten(2).log_softmax(dim=-1).view_as(logits)).sum(dim=(-2, -1))
        inside = ((joints >= 0) & (joints < PATCH_SIZE)).all(dim=-1)
        return masked_mean(entropy, visible & inside)


def bin_distance(joints: Tensor, sigma: float) -> Tensor:
    """Half the squared distance of every bin to joints (B, 21, 2) in patch px, (B, 21, 2, 672), in sigmas of bins."""
    bins = torch.arange(BINS, dtype=joints.dtype, device=joints.device)
    return ((bins - joints[..., None] * BINS_PER_PIXEL) / sigma).square() / 2


def soft_argmax(logits: Tensor) -> Tensor:
    """Expected bin of a distribution over the last axis."""
    bins = torch.arange(logits.shape[-1], dtype=logits.dtype, device=logits.device)
    return (logits.softmax(dim=-1) * bins).sum(dim=-1)


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of the values that count; 0 when none does."""
    return (values * mask).sum() / mask.sum().clamp(min=1)
