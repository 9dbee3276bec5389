"""The DaHyF network: patch and view in; located joints and hand parameters out (figure 1 of the paper)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from dahyf_core.errors import SettingsError
from dahyf_core.geometry.tensors import solve_translation, viewing_rotation
from dahyf_core.hand_model import DENSE_VERTICES, HandModel, load_hand_model
from dahyf_core.hand_model.torch_layer import TorchHandModel
from dahyf_core.network import view as views
from dahyf_core.network.backbone import Neck, create_backbone
from dahyf_core.network.config import Backbone, Joints, NetworkConfig
from dahyf_core.network.joints import JOINTS, HeatmapJoints, SubPixelJoints
from dahyf_core.network.readings import DensePoints, JointReadings, Readings, joint_blend
from dahyf_core.network.regressor import HandParameters, KinematicRegressor, LiftedRegressor, PaperRegressor
from dahyf_core.network.trunk import LandmarkHeads, Landmarks
from dahyf_core.network.view import View

ENCODED = 2 * JOINTS * 2 * views.ENCODING_LEVELS
NEAREST = 0.05
"""Least depth of a hand, metres."""
LOCATED = "mediapipe"
"""Keypoint set that networks for capture locate in pictures."""
JOINT_HEADS: dict[Joints, type[HeatmapJoints] | type[SubPixelJoints]] = {
    "heatmap": HeatmapJoints,
    "simcc": SubPixelJoints,
}
DIRECTION_MAPS = {"local": views.local_direction_map, "global": views.global_direction_map}
COORDINATES = {"patch": views.patch_coordinates, "frame": views.frame_coordinates}
OWN_REGRESSORS: dict[str, Backbone] = {"kinematic": "lite", "lifted": "lite2"}
"""Regressors that one backbone alone can have."""


@dataclass(frozen=True)
class InitialPrediction:
    """Further outputs of `lite` and `lite2`.

    landmarks: of the landmark network's heads on the trunk's features. points: (B, 21, 3) that inverse kinematics
    reads. hand: before the image's residual, which changes its parameters by change, (B, 106).
    """

    landmarks: Landmarks
    points: Tensor
    hand: HandParameters
    change: Tensor


@dataclass(frozen=True)
class Prediction:
    """Outputs for B patches.

    joints: (B, 21, 2) located, patch pixels, and their logits; None where the network locates none. hand: see there.
    translation: (B, 3) of the hand in the virtual camera, metres. initial: of `lite` and `lite2` alone. presence,
    right_score: (B,) logits of a hand, and of a right one. readings, dense: of `lite2`, see `readings.py`. keypoints:
    (B, 21, 3) of the hand at the origin, of the set that is located, where its translation was solved from them.
    """

    joints: Tensor | None
    logits: Tensor | None
    hand: HandParameters
    translation: Tensor
    initial: InitialPrediction | None
    presence: Tensor
    right_score: Tensor
    readings: Readings | None = None
    dense: Tensor | None = None
    keypoints: Tensor | None = None


class PatchHeads(nn.Module):
    """Whether a patch shows a hand, and a right one, of networks without the landmark network's heads."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.presence = nn.Linear(features, 1)
        self.right_score = nn.Linear(features, 1)

    def forward(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (B, C) to logits (B,) of both."""
        return self.presence(pooled)[:, 0], self.right_score(pooled)[:, 0]


class DaHyF(nn.Module):
    """The network with every part of the paper, as `config` selects it."""

    def __init__(self, config: NetworkConfig, pretrained: bool = True, hand_model: HandModel | None = None) -> None:
        """hand_model: right; the open hand without it. pretrained: see `create_backbone`.

        Raises SettingsError for parts that do not go together.
        """
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
        last = self.backbone.channels[-1]
        self.landmark_heads: LandmarkHeads | None = None
        self.patch_heads: PatchHeads | None = None
        self.readings = JointReadings(config.channels, last) if config.depth else None
        self.dense = DensePoints(last, self._dense_blend()) if config.dense else None
        inputs = config.channels + (ENCODED if self.encodes else 0)
        self.regressor: KinematicRegressor | PaperRegressor
        kind = self._kinematic_regressor()
        if kind is None:
            self.patch_heads = PatchHeads(last)
            self.regressor = PaperRegressor(inputs, config.hidden, config.dropout)
            return
        self.landmark_heads = LandmarkHeads(pretrained)
        self.regressor = kind(inputs + last, config.hidden, config.dropout, self.hand_layer.model)
        if isinstance(self.joint_head, SubPixelJoints):
            self.joint_head.start_from_prior()

    def _kinematic_regressor(self) -> type[KinematicRegressor] | None:
        """The regressor that is not the paper's, or None."""
        config = self.config
        if OWN_REGRESSORS.get(config.regressor, config.backbone) != config.backbone:
            if config.regressor == "lifted":
                raise SettingsError("The regressor lifted is of lite2 alone.", 'Use regressor = "paper".')
            return None
        if config.regressor == "lifted" and not config.depth:
            raise SettingsError("The regressor lifted needs depths.", "Set depth = true, or another regressor.")
        if (config.depth or config.dense) and config.joints == "none":
            raise SettingsError("Depths and dense points are read at located joints.", 'Set joints = "simcc".')
        return {"kinematic": KinematicRegressor, "lifted": LiftedRegressor}.get(config.regressor)

    def _dense_blend(self) -> Tensor:
        model = self.hand_layer.model
        if model.name != "open_hand":
            raise SettingsError("Dense points are of the open hand.", "Set dense = false, or leave out hand_model.")
        flat = model.skeleton(np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3)))
        joints, points = model.keypoints(flat, LOCATED)[0], model.skin(flat, DENSE_VERTICES)[0]
        return joint_blend(torch.from_numpy(joints).float(), torch.from_numpy(points).float())

    @property
    def encodes(self) -> bool:
        """Whether located joints enter the hybrid vector."""
        return self.config.joints != "none" and self.config.encoding != "none"

    def forward(self, images: Tensor, view: View) -> Prediction:
        """images: (B, 3, S, S), RGB in [0, 1]: right hands, as `view` sees them."""
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
        readings = self.readings(features, pooled, joints) if self.readings is not None else None
        dense = None
        if self.dense is not None and joints is not None:
            depth = torch.zeros_like(joints[..., 0]) if readings is None else readings.depth
            dense = self.dense(pooled, joints, depth)
        fused = [features.mean(dim=(2, 3))]
        if landmarks is not None:
            fused.append(pooled)
        if joints is not None and self.config.encoding != "none":
            fused.append(views.positional_encoding(COORDINATES[self.config.encoding](joints, view)))
        vector = torch.cat(fused, dim=-1)
        if landmarks is None:
            assert self.patch_heads is not None
            presence, right_score = self.patch_heads(pooled)
            hand, translation = self.regressor(vector, view)
            return Prediction(joints, logits, hand, translation, None, presence, right_score, readings, dense)
        pred_joints_2d = landmarks.points if joints is None else joints
        points = self._kinematic_points(landmarks, pred_joints_2d, readings, view)
        hand, without, change = self.regressor(vector, points, view)
        keypoints = self.image_keypoints(hand)
        translation = solve_translation(keypoints, view.rays(pred_joints_2d), NEAREST)
        initial = InitialPrediction(landmarks, points, without, change)
        presence, right_score = landmarks.presence, landmarks.right_score
        return Prediction(joints, logits, hand, translation, initial, presence, right_score, readings, dense, keypoints)

    def _kinematic_points(self, landmarks: Landmarks, joints: Tensor, readings: Readings | None, view: View) -> Tensor:
        """The 3D points (B, 21, 3) that inverse kinematics reads."""
        if not isinstance(self.regressor, LiftedRegressor):
            return landmarks.world
        assert readings is not None
        return self.regressor.lift(view.rays(joints), readings.depth)

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

    def image_keypoints(self, hand: HandParameters) -> Tensor:
        """Keypoints (B, 21, 3) of hands at the origin, of the set that is located in pictures."""
        origin = torch.zeros_like(hand.shape[:, :3])
        return self.hand_layer.keypoints(
            self.hand_layer.forward_kinematics(hand.rotations, hand.shape, origin), LOCATED
        )

    def straight_points(self, prediction: Prediction, view: View) -> Tensor:
        """The 3D points (B, 21, 3) m behind a prediction, in the axes of a camera that looks straight at the patch: the
        landmark network's, lifted ones, or those of the hand itself."""
        if prediction.initial is not None and not isinstance(self.regressor, LiftedRegressor):
            return prediction.initial.points
        if prediction.initial is None:
            points = self.image_keypoints(prediction.hand)
        else:
            assert isinstance(self.regressor, LiftedRegressor)
            points = self.regressor.palm_length * (prediction.initial.points - prediction.initial.points[:, :1])
        return points @ viewing_rotation(view.center / view.focal[:, None])
