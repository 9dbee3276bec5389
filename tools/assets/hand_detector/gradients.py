"""Depthwise convolution and PReLU with gradients that one CPU core can afford.

PyTorch spends most of a step on the gradients of their few weights. Here these come from the first pictures of a batch
only, scaled up; the gradient of the input is exact.
"""

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

SAMPLED_PIXELS = 4 * 24 * 24
"""About so many places of a feature map give the gradient of the weights."""


class Depthwise(Function):
    """Convolution (B, C, H, W) with (C, 1, 5, 5). Zeros around at stride 1, none at stride 2."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, stride: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride = stride
        return F.conv2d(x, weight.to(x.dtype), stride=stride, padding=2 * (stride == 1), groups=len(weight))

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        part, scale = _sampled(x)
        if ctx.stride == 1:
            back = F.conv2d(grad, weight.flip(2, 3).to(grad.dtype), padding=2, groups=len(weight))
        else:
            back = _gradients(grad, x, weight, 2, (True, False, False))[0].to(x.dtype)
        sampled = _gradients(grad[:part], x[:part], weight, ctx.stride, (False, True, False))[1]
        return back, scale * sampled, None


def _gradients(grad: Tensor, x: Tensor, weight: Tensor, stride: int, wanted: tuple[bool, ...]) -> list[Tensor]:
    """In float32: the gradients in bfloat16 are many times slower."""
    sides = [stride] * 2, [2 * (stride == 1)] * 2, [1, 1], False, [0, 0], len(weight), wanted
    return torch.ops.aten.convolution_backward(grad.float(), x.float(), weight.float(), None, *sides)


class PReLU(Function):
    """x where it is positive, elsewhere slope (C,) times x."""

    @staticmethod
    def forward(ctx, x: Tensor, slope: Tensor) -> Tensor:
        ctx.save_for_backward(x, slope)
        return F.prelu(x, slope.to(x.dtype))

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, slope = ctx.saved_tensors
        part, scale = _sampled(x)
        sampled = (grad[:part] * x[:part].clamp_max(0)).float().sum(dim=(0, 2, 3))
        gain = slope.to(grad.dtype)[:, None, None]
        positive = torch.ops.aten.threshold_backward(grad, x, 0)
        return torch.addcmul(grad * gain, positive, 1 - gain), scale * sampled


def _sampled(x: Tensor) -> tuple[int, float]:
    """How many pictures of a batch give a gradient, and what it must be multiplied by."""
    part = min(len(x), max(1, SAMPLED_PIXELS // x[0, 0].numel()))
    return part, len(x) / part
