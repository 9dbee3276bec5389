"""The configuration of a DaHyF network, stored beside every set of weights."""

from dataclasses import dataclass
from typing import Literal

Backbone = Literal["lite", "lite2", "resnet50", "hrnet_w64"]
DirectionMap = Literal["none", "local", "global"]
Joints = Literal["none", "heatmap", "simcc"]
Encoding = Literal["none", "patch", "frame"]
Regressor = Literal["kinematic", "lifted", "paper"]


@dataclass(frozen=True)
class NetworkConfig:
    """The parts of the paper's network, each with the alternatives of its ablation.

    backbone: the paper's HRNet-W64, its ablation's ResNet-50, the small one that ships, or the faster `lite2`.
    direction_map: section 3.2. joints: how 2D joints are located, section 3.3. encoding: eq. 6 in patch pixels, as
    printed, or in frame pixels; without located joints there is nothing to encode. channels: of F.
    map_size: side of F and of F_k; the paper's is 56. hidden: widths of the regressor's layers, which the paper does
    not give. regressor: the paper's, which begins at a mean hand; "kinematic", of `lite` alone, which begins as inverse
    kinematics of what MediaPipe's heads see in space; or "lifted", of `lite2` alone, which begins as inverse kinematics
    of located joints at their depths.

    Of `lite2`, beyond the paper: depth: each joint's depth behind the wrist, whether it is seen, and how sure its place
    is; "lifted" needs it. dense: 128 points of the skin.
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
    depth: bool = False
    dense: bool = False
