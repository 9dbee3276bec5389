"""The configuration of a DaHyF network, stored beside every set of weights."""

from dataclasses import dataclass
from typing import Literal

Backbone = Literal["lite", "resnet50", "hrnet_w64"]
DirectionMap = Literal["none", "local", "global"]
Joints = Literal["none", "heatmap", "simcc"]
Encoding = Literal["none", "patch", "frame"]
Regressor = Literal["kinematic", "paper"]


@dataclass(frozen=True)
class NetworkConfig:
    """The parts of the paper's network, each with the alternatives of its ablation.

    backbone: the paper's HRNet-W64, its ablation's ResNet-50, or the small one that ships.
    direction_map: section 3.2. joints: how 2D joints are located, section 3.3. encoding: eq. 6 in patch pixels, as
    printed, or in frame pixels; without located joints there is nothing to encode. channels: of F.
    map_size: side of F and of F_k; the paper's is 56. hidden: widths of the regressor's layers, which the paper does
    not give. regressor: of `lite`, which begins as inverse kinematics of what MediaPipe's heads see in space, or at a
    mean hand, as the paper's does; other backbones have the paper's.
    """

    backbone: Backbone = "lite"
    direction_map: DirectionMap = "global"
    joints: Joints = "simcc"
    encoding: Encoding = "frame"
    regressor: Regressor = "kinematic"
    channels: int = 64
    map_size: int = 28
    hidden: tuple[int, ...] = (512, 512)
    dropout: float = 0.3
