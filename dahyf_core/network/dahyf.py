"""The DaHyF network: patch and view in; located joints and hand parameters out (figure 1 of the paper)."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dahyf_core.geometry.tensors import solve_translation
from dahyf_core.hand_model import HandModel, load_hand_model
from dahyf_core.hand_model.torch_layer import SkeletonTensors, TorchHandModel
from dahyf_core.network import view as views
from dahyf_core.network.backbone import Neck, create_backbone
from dahyf_core.network.config import Joints, NetworkConfig
from dahyf_core.network.joints import JOINTS, HeatmapJoints, SubPixelJoints
from dahyf_core.network.regressor import HandParameters, KinematicRegressor, PaperRegressor
from dahyf_core.network.trunk import LandmarkHeads, Landmarks
from dahyf_core.network.view import View

ENCODED = 2 * JOINTS * 2 * views.ENCODING_LEVELS
NEAREST = 0.05
"""Least depth of a hand, metres."""
LOCATED = "mediapipe"
"""Keypoint set that `lite` locates in pictures."""
JOINT_HEADS: dict[Joints, type[HeatmapJoints] | type[SubPixelJoints]] = {
    "heatmap": HeatmapJoints,
    "simcc": SubPixelJoints,
}
DIRECTION_MAPS = {"local": views.local_direction_map, "global": views.global_direction_map}
COORDINATES = {"patch": views.patch_coordinates, "frame": views.frame_coordinates}


@dataclass(frozen=True)
class InitialPrediction:
    """Further outputs of `lite`: the outputs of its trunk's heads, the hand before the image's residual, and the change
    of its parameters (B, 106) by the residual."""

    landmarks: Landmarks
    hand: HandParameters
    change: Tensor


@dataclass(frozen=True)
class Prediction:
    """Outputs for B patches.

    joints: (B, 21, 2) located, patch pixels, and their logits; None where the network locates none. hand: see there.
    translation: (B, 3) of the hand in the virtual camera, metres. initial: of `lite` alone.
    """

    joints: Tensor | None
    logits: Tensor | None
    hand: HandParameters
    translation: Tensor
    initial: InitialPrediction | None


class DaHyF(nn.Module):
    """The network with every part of the paper, as `config` selects it."""

    def __init__(self, config: NetworkConfig, pretrained: bool = True, hand_model: HandModel | None = None) -> None:
        """hand_model: right; the open hand without it. pretrained: see `create_backbone`."""
        super().__init__()
        self.config = config
        self.hand_layer = TorchHandModel(hand_model or load_hand_model())
        self.backbone = create_backbone(config.backbone, pretrained)
        self.neck = Neck(self.backbone.channels, config.channels, config.map_size)
        self.fuse = nn.Conv2d(2 * config.channels, config.channels, 1) if config.direction_map != "none" else None
        head = JOINT_HEADS.get(config.joints)
        self.joint_head: HeatmapJoints | SubPixelJoints | None = None
        if head is not None:
            self.joint_head = head(config.channels, config.map_size)
        inputs = config.channels + (ENCODED if self.encodes else 0)
        self.landmark_heads: LandmarkHeads | None = None
        self.regressor: KinematicRegressor | PaperRegressor
        if config.backbone == "lite" and config.regressor == "kinematic":
            self.landmark_heads = LandmarkHeads(pretrained)
            inputs += self.backbone.channels[-1]
            self.regressor = KinematicRegressor(inputs, config.hidden, config.dropout, self.hand_layer.model)
            if isinstance(self.joint_head, SubPixelJoints):
                self.joint_head.start_from_prior()
        else:
            self.regressor = PaperRegressor(inputs, config.hidden, config.dropout)

    @property
    def encodes(self) -> bool:
        """Whether located joints enter the hybrid vector."""
        return self.config.joints != "none" and self.config.encoding != "none"

    def forward(self, images: Tensor, view: View) -> Prediction:
        """images: (B, 3, 224, 224), RGB in [0, 1]: right hands, as `view` sees them."""
        return self.read(self.backbone(images), view)

    def read(self, pyramid: list[Tensor], view: View) -> Prediction:
        """Compute outputs from the backbone's maps. Everything after the features is geometry in full precision."""
        features = self.directed(self.neck(pyramid), view)
        with torch.autocast(features.device.type, enabled=False):
            return self.interpret(features.float(), pyramid[-1].float(), view)

    def interpret(self, features: Tensor, last: Tensor, view: View) -> Prediction:
        """Compute outputs from F_m (B, C, size, size) and the backbone's last map."""
        pooled = last.mean(dim=(2, 3))
        landmarks = self.landmark_heads(pooled) if self.landmark_heads is not None else None
        joints, logits = self.locate(features, landmarks)
        fused = [features.mean(dim=(2, 3))]
        if landmarks is not None:
            fused.append(pooled)
        if joints is not None and self.config.encoding != "none":
            fused.append(views.positional_encoding(COORDINATES[self.config.encoding](joints, view)))
        vector = torch.cat(fused, dim=-1)
        if landmarks is None:
            hand, translation = self.regressor(vector, view)
            return Prediction(joints, logits, hand, translation, None)
        hand, without, change = self.regressor(vector, landmarks.world, view)
        pred_joints_2d = landmarks.points if joints is None else joints
        translation = self.solve_translation(hand, pred_joints_2d, view)
        return Prediction(joints, logits, hand, translation, InitialPrediction(landmarks, without, change))

    def directed(self, features: Tensor, view: View) -> Tensor:
        """F to F_m: the two channels of the map are copied until there are as many as F has, then fused with F."""
        if self.fuse is None:
            return features
        channels, size = features.shape[1], features.shape[-1]
        directions = DIRECTION_MAPS[self.config.direction_map](view, size).to(features)
        return self.fuse(torch.cat([features, directions.repeat(1, channels // 2, 1, 1)], dim=1))

    def locate(self, features: Tensor, landmarks: Landmarks | None) -> tuple[Tensor | None, Tensor | None]:
        """Joints and their logits; around the landmarks where there are any."""
        if self.joint_head is None:
            return None, None
        if landmarks is None or not isinstance(self.joint_head, SubPixelJoints):
            return self.joint_head(features)
        return self.joint_head(features, landmarks.points)

    def skeleton(self, hand: HandParameters, translation: Tensor) -> SkeletonTensors:
        """The bones of hands at translations (B, 3), in the virtual camera."""
        return self.hand_layer.forward_kinematics(hand.rotations, hand.shape, translation)

    def image_keypoints(self, hand: HandParameters, translation: Tensor) -> Tensor:
        """Keypoints (B, 21, 3) of hands at translations (B, 3), of the set that is located in pictures."""
        return self.hand_layer.keypoints(self.skeleton(hand, translation), LOCATED)

    def solve_translation(self, hand: HandParameters, pred_joints_2d: Tensor, view: View) -> Tensor:
        """The translation (B, 3) that brings hands closest to joints (B, 21, 2) located in patch pixels."""
        points = self.image_keypoints(hand, torch.zeros_like(hand.shape[:, :3]))
        return solve_translation(points, view.rays(pred_joints_2d), NEAREST)
