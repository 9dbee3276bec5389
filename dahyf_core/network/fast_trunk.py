"""The trunk of `lite2`: plain convolutions down to an eighth of the picture, then MediaPipe's inverted residuals.

Nearly half of the landmark network's time goes to its first blocks, whose maps are large. Plain convolutions replace
them. While these learn, each has parallel branches, which are one convolution in the exported file (RepVGG, Ding et al.
2021).
"""

import torch
from torch import Tensor, nn

from dahyf_core.network.trunk import BLOCKS, FEATURES, LEVEL_ENDS, SameConv, Trunk, TwoPartTrunk

PICTURE = 160
"""Side of the pictures that `lite2` sees, px; MediaPipe's network sees 224."""
FINE, MIDDLE = 40, 112
"""Channels of the pyramid's first two maps."""


class PlainConv(nn.Module):
    """A 3 x 3 convolution with batch normalisation and ReLU.

    At stride 1 it learns with two more branches, a 1 x 1 convolution and the identity, where channels are as many.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.square = SameConv(inputs, outputs, 3, stride)
        self.square_norm = nn.BatchNorm2d(outputs)
        self.point: nn.Conv2d | None = None
        if stride == 1 and inputs == outputs:
            self.point = nn.Conv2d(inputs, outputs, 1)
            self.point_norm = nn.BatchNorm2d(outputs)
            self.skip_norm = nn.BatchNorm2d(outputs)

    def forward(self, features: Tensor) -> Tensor:
        found = self.square_norm(self.square(features))
        if self.point is not None:
            found = found + self.point_norm(self.point(features)) + self.skip_norm(features)
        return nn.functional.relu(found)

    def fused(self) -> nn.Sequential:
        """The same function, when it does not learn, as one convolution and ReLU."""
        square = self.square
        weight, bias = _with_norm(square.weight, square.bias, self.square_norm)
        if self.point is not None:
            identity = torch.eye(len(weight)).to(weight)[:, :, None, None]
            branches = ((self.point.weight, self.point.bias, self.point_norm), (identity, None, self.skip_norm))
            for kernel, shift, norm in branches:
                point_weight, point_bias = _with_norm(kernel, shift, norm)
                weight = weight + nn.functional.pad(point_weight, (1, 1, 1, 1))
                bias = bias + point_bias
        plain = SameConv(square.in_channels, square.out_channels, 3, square.stride[0])
        with torch.no_grad():
            plain.weight.copy_(weight)
            assert plain.bias is not None
            plain.bias.copy_(bias)
        return nn.Sequential(plain, nn.ReLU())


def _with_norm(weight: Tensor, bias: Tensor | None, norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """Weight (O, I, k, k) and bias (O,) of a convolution whose output is normalised by running statistics."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * scale
    return weight * scale[:, None, None, None], shift if bias is None else shift + bias * scale


def fuse(module: nn.Module) -> nn.Module:
    """Replace every PlainConv below a module by its single convolution, in place; returns the module."""
    for name, child in module.named_children():
        if isinstance(child, PlainConv):
            setattr(module, name, child.fused())
        else:
            fuse(child)
    return module


class FastTrunk(TwoPartTrunk):
    """Maps at strides 8, 16 and 32 of pictures of PICTURE pixels; all of it learns."""

    channels = (FINE, MIDDLE, FEATURES)
    picture = PICTURE

    def __init__(self, pretrained: bool = True) -> None:
        """pretrained: the blocks behind the plain convolutions start from the landmark network's weights."""
        super().__init__()
        self.stem = nn.Sequential(
            PlainConv(3, 16, 2),
            PlainConv(16, 32, 2),
            PlainConv(32, 32),
            PlainConv(32, 64, 2),
            PlainConv(64, 64),
            nn.Conv2d(64, FINE, 1),
        )
        blocks = Trunk(pretrained).blocks
        self.middle = blocks[LEVEL_ENDS[0] + 1 : LEVEL_ENDS[1] + 1]
        self.last = blocks[LEVEL_ENDS[1] + 1 : len(BLOCKS)]

    def early(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, S, S) of any size to the maps (B, 40, 20, 20) and (B, 112, 10, 10)."""
        if images.shape[-1] != PICTURE:
            images = nn.functional.interpolate(images, size=(PICTURE, PICTURE), mode="bilinear", antialias=True)
        fine = self.stem(images)
        return fine, self.middle(fine)

    def later(self, fine: Tensor, middle: Tensor) -> list[Tensor]:
        """The outputs of `early` to the pyramid."""
        return [fine, middle, self.last(middle)]


def distillation_loss(pyramid: list[Tensor], taught: list[Tensor]) -> Tensor:
    """How far a pyramid is from that of the landmark network, on the finer one's grid: the mean over its levels of the
    squared distance, in variances of each level, and of the pooled last level, which the landmark network's heads read.
    """
    levels = [*zip(pyramid, taught, strict=True), (pooled(pyramid[-1]), pooled(taught[-1]))]
    return torch.stack([_distance(ours.float(), theirs.float()) for ours, theirs in levels]).mean()


def pooled(level: Tensor) -> Tensor:
    """(B, C, S, S) to its mean, (B, C, 1, 1)."""
    return level.mean(dim=(2, 3), keepdim=True)


def _distance(ours: Tensor, theirs: Tensor) -> Tensor:
    theirs = nn.functional.interpolate(theirs, size=ours.shape[-2:], mode="bilinear", antialias=True)
    return (ours - theirs).square().mean() / theirs.var().clamp(min=1e-6)
