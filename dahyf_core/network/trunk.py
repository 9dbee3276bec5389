"""MediaPipe's hand landmark network in torch: inverted residual blocks with features trained on hands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.shipped import asset


class Pyramid(nn.Module):
    """A backbone. channels: of each of its maps."""

    channels: tuple[int, ...]

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images (B, 3, 224, 224), RGB in [0, 1], to maps from fine to coarse, one for each of `channels`."""
        raise NotImplementedError


class TwoPartTrunk(Pyramid):
    """A trunk whose early part can be computed ahead. picture: side of the pictures that it sees, px."""

    picture: int

    def forward(self, images: Tensor) -> list[Tensor]:
        """Images (B, 3, S, S), RGB in [0, 1], to the pyramid."""
        return self.later(*self.early(images))

    def early(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images to the pyramid's first two maps: features that know edges and parts, not poses."""
        raise NotImplementedError

    def later(self, fine: Tensor, middle: Tensor) -> list[Tensor]:
        """The outputs of `early` to the pyramid."""
        raise NotImplementedError


class Block(NamedTuple):
    """One inverted residual: widen to `expanded`, depthwise `kernel`, narrow to `out` (0: stays wide)."""

    expanded: int
    kernel: int
    stride: int
    out: int


STEM = 24
FIRST = 16
BLOCKS = (
    Block(64, 3, 2, 24),
    Block(144, 3, 1, 24),
    Block(144, 5, 2, 40),
    Block(240, 5, 1, 40),
    Block(240, 3, 2, 80),
    Block(480, 3, 1, 80),
    Block(480, 3, 1, 80),
    Block(480, 5, 1, 112),
    Block(672, 5, 1, 112),
    Block(672, 5, 1, 112),
    Block(672, 5, 2, 192),
    Block(1152, 5, 1, 192),
    Block(1152, 5, 1, 192),
    Block(1152, 5, 1, 192),
    Block(1152, 3, 1, 0),
)
LEVEL_ENDS = (3, 9, 14)
"""The blocks whose outputs are the pyramid, at strides 8, 16 and 32."""
FEATURES = 1152


class SameConv(nn.Conv2d):
    """A convolution that pads as TensorFlow's SAME does: the odd pixel goes to the right and to the bottom."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        padding, self.odd = divmod(max(kernel - stride, 0), 2)
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups)

    def forward(self, images: Tensor) -> Tensor:
        # ONNX Runtime makes padding a part of the convolution only where its value is given.
        return super().forward(nn.functional.pad(images, (0, self.odd, 0, self.odd), value=0.0) if self.odd else images)


class InvertedResidual(nn.Module):
    """A `Block`; its input is added where the shape stays the same."""

    def __init__(self, inputs: int, block: Block) -> None:
        super().__init__()
        self.widen = nn.Conv2d(inputs, block.expanded, 1)
        self.depthwise = SameConv(block.expanded, block.expanded, block.kernel, block.stride, groups=block.expanded)
        self.narrow = nn.Conv2d(block.expanded, block.out, 1) if block.out else nn.Identity()
        self.adds = block.stride == 1 and block.out == inputs

    def forward(self, features: Tensor) -> Tensor:
        wide = nn.functional.relu6(self.depthwise(nn.functional.relu6(self.widen(features))))
        narrow = self.narrow(wide)
        return features + narrow if self.adds else narrow


class Trunk(TwoPartTrunk):
    """The convolutions of the landmark network, as a pyramid of maps at strides 8, 16 and 32."""

    channels = (40, 112, FEATURES)
    picture = PATCH_SIZE

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM, 3, 2)
        self.first_depthwise = SameConv(STEM, STEM, 3, groups=STEM)
        self.first = nn.Conv2d(STEM, FIRST, 1)
        inputs = [FIRST, *(block.out for block in BLOCKS[:-1])]
        self.blocks = nn.Sequential(*(InvertedResidual(*pair) for pair in zip(inputs, BLOCKS, strict=True)))
        if pretrained:
            self.load_landmark_network()

    def early(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, 224, 224) to the maps (B, 40, 28, 28) and (B, 112, 14, 14)."""
        features = nn.functional.relu6(self.stem(images))
        features = self.first(nn.functional.relu6(self.first_depthwise(features)))
        fine = self.blocks[: LEVEL_ENDS[0] + 1](features)
        return fine, self.blocks[LEVEL_ENDS[0] + 1 : LEVEL_ENDS[1] + 1](fine)

    def later(self, fine: Tensor, middle: Tensor) -> list[Tensor]:
        """The outputs of `early` to the pyramid."""
        return [fine, middle, self.blocks[LEVEL_ENDS[1] + 1 :](middle)]

    def early_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of `early`."""
        for module in (self.stem, self.first_depthwise, self.first, self.blocks[: LEVEL_ENDS[1] + 1]):
            yield from module.parameters()

    def load_landmark_network(self) -> None:
        """Take the weights of the shipped ONNX file, which holds the same convolutions in the same order."""
        ours = [module for module in self.modules() if isinstance(module, nn.Conv2d)]
        for module, (weight, bias) in zip(ours, landmark_weights("Conv"), strict=True):
            module.load_state_dict({"weight": weight, "bias": bias})


@dataclass(frozen=True)
class Landmarks:
    """presence, right_score: (B,) logits. points: (B, 21, 2) patch pixels. world: (B, 21, 3) metres, camera's axes."""

    presence: Tensor
    right_score: Tensor
    points: Tensor
    world: Tensor


class LandmarkHeads(nn.Module):
    """The landmark network's own linear heads on its pooled features.

    Their weights are about 0.01 on 1,152 inputs, so a step that is small elsewhere moves their points by centimetres.
    Therefore the weights of the world points stay fixed, and the features before them learn.
    """

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        self.presence = nn.Linear(FEATURES, 1)
        self.right_score = nn.Linear(FEATURES, 1)
        self.points = nn.Linear(FEATURES, 63)
        self.world = nn.Linear(FEATURES, 63)
        if pretrained:
            heads = (self.presence, self.right_score, self.points, self.world)
            for head, (weight, bias) in zip(heads, landmark_weights("Gemm"), strict=True):
                head.load_state_dict({"weight": weight.T, "bias": bias})
        self.requires_grad_(False)

    def forward(self, pooled: Tensor) -> Landmarks:
        """Pooled features (B, 1152) to landmarks."""
        return Landmarks(
            self.presence(pooled)[:, 0],
            self.right_score(pooled)[:, 0],
            self.points(pooled).unflatten(1, (21, 3))[..., :2],
            self.world(pooled).unflatten(1, (21, 3)),
        )


def landmark_weights(operation: str) -> Iterator[tuple[Tensor, Tensor]]:
    """Weight and bias of each `operation` of the shipped landmark network, in order."""
    import onnx

    graph = onnx.load(asset("hand_landmark.onnx")).graph
    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor).astype("float32") for tensor in graph.initializer}
    arrays |= {
        node.output[0]: arrays[node.input[0]]
        for node in graph.node
        if node.op_type == "Cast" and node.input[0] in arrays
    }
    for node in graph.node:
        if node.op_type == operation:
            weight, bias = (torch.from_numpy(arrays[name].copy()) for name in node.input[1:3])
            yield weight, bias
