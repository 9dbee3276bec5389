"""The training objective: section 3.5 of the paper, and terms that keep `lite` close to its start."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dahyf_core.geometry import KEYPOINT_SETS
from dahyf_core.metrics.tensors import cosine_agreement
from dahyf_core.network import DaHyF, HandParameters, Labels, Prediction, UncertaintyWeights, View
from dahyf_core.network import losses as terms
from dahyf_core.network.dahyf import InitialPrediction
from dahyf_core.network.view import project

INITIAL_SCALE = {
    "joints_3d": 0.1,
    "projected": 0.03,
    "rotations": 0.04,
    "shape": 1.0,
    "bones": 0.02,
    "located": 2.0,
    "located_l1": 0.02,
    "vertices": 0.005,
    "landmarks": 0.02,
    "presence": 0.1,
    "right_score": 0.1,
    "initial_joints_3d": 0.1,
    "initial_rotations": 0.04,
}
"""Size of the terms when training begins."""


@dataclass(frozen=True)
class ObjectiveConfig:
    """Selection of the terms.

    located_l1: L1 on located joints beside their KL divergence, as section 3.5 has it. vertices: L1 on the skin.
    residual: weight of the mean square of how the image changes inverse kinematics' parameters; its turn of the root is
    free. initial_terms: whether the hand before that residual is trained too.
    """

    located_l1: bool = False
    vertices: bool = False
    residual: float = 1.0
    initial_terms: bool = True


class Objective(nn.Module):
    """The sum of all terms, each weighed by its learned uncertainty."""

    def __init__(self, network: DaHyF, config: ObjectiveConfig) -> None:
        super().__init__()
        self.config = config
        self.located_loss = network.joint_head.loss if network.joint_head is not None else None
        self.hand_layer = network.hand_layer
        self.weights = UncertaintyWeights({name: INITIAL_SCALE[name] for name in self._names(network)})

    def _names(self, network: DaHyF) -> list[str]:
        names = ["joints_3d", "projected", "rotations", "shape", "bones"]
        if network.joint_head is not None:
            names.append("located")
        if self.config.located_l1:
            names.append("located_l1")
        if self.config.vertices:
            names.append("vertices")
        if network.landmark_heads is not None:
            names += ["landmarks", "presence", "right_score"]
            if self.config.initial_terms:
                names += ["initial_joints_3d", "initial_rotations"]
        return names

    def forward(
        self, prediction: Prediction, view: View, labels: Labels, contrast: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and its terms by name before they are weighed. contrast: whether L_c counts already."""
        found = self._hand_terms(prediction, view, labels)
        if prediction.initial is not None:
            found |= self._initial_terms(prediction.initial, labels)
        total = self.weights(found)  # L_backbone  (11)
        if prediction.initial is not None:
            found["residual"] = prediction.initial.change.square().mean()
            total = total + self.config.residual * found["residual"]
        if contrast and prediction.joints is not None:
            projected = project(self.keypoints(prediction.hand, prediction.translation, labels), view)
            similarity = cosine_agreement(view.centred(prediction.joints), view.centred(projected))
            found["contrast"] = terms.contrastive_loss(similarity, labels.is_hand)
            total = total + found["contrast"]  # L = L_backbone + L_c  (10)
        return total, found

    def keypoints(self, hand: HandParameters, translation: Tensor, labels: Labels) -> Tensor:
        """Keypoints (B, 21, 3) of hands, each in the set of its label."""
        skeleton = self.hand_layer.forward_kinematics(hand.rotations, hand.shape, translation)
        sets = torch.stack([self.hand_layer.keypoints(skeleton, name) for name in KEYPOINT_SETS])
        return sets[labels.keypoints, torch.arange(len(translation), device=translation.device)]

    def _hand_terms(self, prediction: Prediction, view: View, labels: Labels) -> dict[str, Tensor]:
        hand = prediction.hand
        points = self.keypoints(hand, prediction.translation, labels)
        found = {
            "joints_3d": terms.joints_3d_loss(points, labels),
            "projected": terms.projected_loss(project(points, view), labels),
            "rotations": terms.rotation_loss(hand.rotations, labels),
            "shape": terms.shape_loss(hand.shape, labels),
            "bones": terms.bone_loss(points, labels),
        }
        if self.located_loss is not None and prediction.logits is not None:
            known = labels.visible & labels.is_hand[:, None]
            found["located"] = self.located_loss(prediction.logits, labels.joints_2d, known)
        if self.config.located_l1 and prediction.joints is not None:
            found["located_l1"] = terms.located_loss(prediction.joints, labels)
        if self.config.vertices:
            found["vertices"] = terms.vertex_loss(self.skin(hand), self.skin(labels), labels)
        return found

    def _initial_terms(self, initial: InitialPrediction, labels: Labels) -> dict[str, Tensor]:
        landmarks = initial.landmarks
        found = {
            "landmarks": terms.located_loss(landmarks.points, labels),
            "presence": nn.functional.binary_cross_entropy_with_logits(landmarks.presence, labels.is_hand.float()),
            "right_score": nn.functional.binary_cross_entropy_with_logits(
                landmarks.right_score, labels.right.float(), weight=labels.is_hand.float()
            ),
        }
        if self.config.initial_terms:
            origin = torch.zeros_like(initial.hand.shape[:, :3])
            points = self.keypoints(initial.hand, origin, labels)
            found["initial_joints_3d"] = terms.joints_3d_loss(points, labels)
            found["initial_rotations"] = terms.rotation_loss(initial.hand.rotations, labels)
        return found

    def skin(self, hand: HandParameters | Labels) -> Tensor:
        """Vertices (B, V, 3) of hands whose wrist is at the origin."""
        origin = torch.zeros_like(hand.shape[:, :3])
        posed = self.hand_layer.skinned(self.hand_layer.forward_kinematics(hand.rotations, hand.shape, origin))
        return posed.vertices - posed.joints[:, :1]


def to_scalars(found: Mapping[str, Tensor]) -> dict[str, float]:
    """Terms as plain numbers."""
    return {name: float(value.detach()) for name, value in found.items()}
