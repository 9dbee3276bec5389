"""The torch twins of this package: the same names and results, with gradients."""

import torch
from torch import Tensor, nn


def cosine_agreement(located: Tensor, projected: Tensor) -> Tensor:
    """Cosine similarity (B,) of located and projected joints, offsets (B, K, 2) from the patch's centre: eq. 8-9."""
    return nn.functional.cosine_similarity(located.flatten(1), projected.flatten(1), dim=-1)


def agreement(located: Tensor, projected: Tensor) -> Tensor:
    """`cosine_agreement`, 0 to 1, times the ratio of the two vectors' lengths: the cosine does not see a wrong size."""
    lengths = torch.stack([joints.flatten(1).norm(dim=-1) for joints in (located, projected)])
    ratio = lengths.amin(dim=0) / lengths.amax(dim=0).clamp(min=1e-6)
    return cosine_agreement(located, projected).clamp(min=0) * ratio
