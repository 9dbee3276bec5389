"""The hand detector in torch: the layers of MediaPipe's palm detector, with two more heads."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F

from hand_detector.gradients import Depthwise, PReLU

BOX_VALUES = 18
EXTRAS = 4
"""Further values of an anchor: logit of a right hand; centre x, y and side of the pose network's patch."""
WIDTHS = (32, 64, 128, 256, 256)
BLOCKS = 4
"""Blocks of each width on the way down; half as many of a width on the way up."""


class HandDetector(nn.Module):
    """Pictures (B, 192, 192, 3) uint8 RGB -> boxes (B, 2016, 18), score logits (B, 2016), extras (B, 2016, 4).

    Boxes are centre, size and 7 keypoints as x, y, pixels relative to the anchor.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTHS[0], 5, stride=2)
        self.stem_act = Slope(WIDTHS[0])
        stages, before = [], WIDTHS[0]
        for number, width in enumerate(WIDTHS):
            first = [Block(before, width, stride=2)] if number else []
            stages.append(nn.Sequential(*first, *[Block(width, width) for _ in range(BLOCKS)]))
            before = width
        self.stages = nn.ModuleList(stages)
        self.up16 = Up(256, 256)
        self.blocks16 = nn.Sequential(Block(256, 256), Block(256, 256))
        self.heads16 = Heads(256, anchors=6)
        self.up8 = Up(256, 128)
        self.blocks8 = nn.Sequential(Block(128, 128), Block(128, 128))
        self.heads8 = Heads(128, anchors=2)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = pictures.permute(0, 3, 1, 2).float() / 255
        x = self.stem_act(self.stem(F.pad(x, (1, 2, 1, 2))))
        levels = []
        for stage in self.stages:
            x = stage(x)
            levels.append(x)
        at16 = self.blocks16(self.up16(levels[4]) + levels[3])
        at8 = self.blocks8(self.up8(at16) + levels[2])
        pairs = zip(self.heads8(at8), self.heads16(at16), strict=True)
        boxes, scores, extras = (torch.cat(pair, dim=1).float() for pair in pairs)
        return boxes, scores[..., 0], extras


class Block(nn.Module):
    """A depthwise and a pointwise convolution beside a short cut, which pools and pads with zeros where needed."""

    def __init__(self, before: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride
        self.depthwise = nn.Conv2d(before, before, 5, stride=stride, groups=before, bias=False)
        self.pointwise = nn.Conv2d(before, width, 1)
        self.act = Slope(width)
        self.more = width - before

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == 2:
            padded = F.pad(x, (1, 2, 1, 2))
            y = Depthwise.apply(padded, self.depthwise.weight, 2) if self.training else self.depthwise(padded)
            x = F.max_pool2d(x, 2)
        elif self.training:
            y = Depthwise.apply(x, self.depthwise.weight, 1)
        else:
            y = F.conv2d(x, self.depthwise.weight, padding=2, groups=len(self.depthwise.weight))
        y = self.pointwise(y)
        if self.more:
            x = F.pad(x, (0, 0, 0, 0, 0, self.more))
        return self.act(x + y)


class Slope(nn.Module):
    """PReLU of (B, C, H, W) with a slope for each channel.

    Outside of training, and so in the ONNX file, it is spelt as convolutions, which ONNX Runtime runs in its blocked
    layout: that halves the network's time.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return PReLU.apply(x, self.weight)
        slope, groups = self.weight[:, None, None, None], len(self.weight)
        return F.conv2d(F.relu(x), 1 - slope, groups=groups) + F.conv2d(x, slope, groups=groups)


class Up(nn.Module):
    """Twice the resolution, and a pointwise convolution."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(before, width, 1)
        self.act = Slope(width)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        return self.act(self.pointwise(x))


class Heads(nn.Module):
    """Boxes, scores and extras of the anchors of one feature map."""

    def __init__(self, width: int, anchors: int) -> None:
        super().__init__()
        self.boxes = nn.Conv2d(width, anchors * BOX_VALUES, 1)
        self.scores = nn.Conv2d(width, anchors, 1)
        self.extras = nn.Conv2d(width, anchors * EXTRAS, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return _rows(self.boxes(x), BOX_VALUES), _rows(self.scores(x), 1), _rows(self.extras(x), EXTRAS)


def _rows(values: Tensor, count: int) -> Tensor:
    """(B, A * count, H, W) to (B, H * W * A, count)."""
    return values.permute(0, 2, 3, 1).reshape(len(values), -1, count)


def from_palm_detector(path: Path) -> HandDetector:
    """A hand detector that begins as the palm detector of an ONNX file; the extras begin as what its boxes say."""
    net, arrays = HandDetector(), _stored_layers(path)
    with torch.no_grad():
        for layer in _layers_in_order(net):
            weight, bias = next(arrays)
            layer.weight.copy_(torch.from_numpy(weight.reshape(layer.weight.shape)))
            if getattr(layer, "bias", None) is not None:
                layer.bias.copy_(torch.from_numpy(bias))
        for heads in (net.heads8, net.heads16):
            _guess_extras(heads)
    return net


def _layers_in_order(net: HandDetector) -> Iterator[nn.Module]:
    """The layers as the file has them: scores come after boxes; extras are not there."""
    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d | Slope) and not name.endswith("extras"):
            yield layer


def _stored_layers(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Weights and biases of the convolutions, and slopes of the PReLUs, in the order of the file."""
    graph = onnx.load(path).graph
    names = {node.input[0]: node.output[0] for node in graph.node if node.op_type == "Cast"}
    stored = {names.get(each.name, each.name): numpy_helper.to_array(each) for each in graph.initializer}
    made_by = {node.output[0]: node for node in graph.node}
    for node in graph.node:
        if node.op_type != "Conv":
            continue
        weight = stored[node.input[1]].astype(np.float32)
        is_slope = len(node.input) == 2
        if is_slope and made_by[node.input[0]].op_type == "Relu":
            continue
        yield weight, weight[:0] if is_slope else stored[node.input[2]].astype(np.float32)


def _guess_extras(heads: Heads) -> None:
    """The side is unknown. The patch is MediaPipe's: 2.6 palms wide, half a palm from its middle to the knuckle."""
    anchors = heads.scores.out_channels
    boxes, extras = (conv.weight.view(anchors, -1, conv.in_channels) for conv in (heads.boxes, heads.extras))
    box_bias, extra_bias = (conv.bias.view(anchors, -1) for conv in (heads.boxes, heads.extras))
    for target, source in ((extras, boxes), (extra_bias, box_bias)):
        target[:, 0] = 0
        wrist, knuckle = source[:, 4:6], source[:, 8:10]
        target[:, 1:3] = source[:, 0:2] + 0.55 * (knuckle - wrist)
        target[:, 3] = 2.6 * source[:, 2]
