"""The training objective: section 3.5 of the paper, and terms that keep `lite` close to its start."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.geometry import KEYPOINT_SETS
from dahyf_core.metrics.tensors import cosine_agreement
from dahyf_core.network import DaHyF, HandParameters, Labels, Prediction, UncertaintyWeights, View
from dahyf_core.network import losses as terms
from dahyf_core.network.dahyf import InitialPrediction
from dahyf_core.network.readings import JointReadings, Readings, likelihood_loss
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
    "depth": 2.0,
    "visibility": 0.3,
    "distillation": 0.5,
}
"""Size of the terms when training begins."""


@dataclass(frozen=True)
class ObjectiveConfig:
    """Selection of the terms.

    located_l1: L1 on located joints beside their KL divergence, as section 3.5 has it. vertices: L1 on the skin.
    residual: weight of the mean square of how the image changes inverse kinematics' parameters; its turn of the root is
    free. initial_terms: whether the hand before that residual is trained too. likelihood: weight of the likelihoods of
    dense points and of errors of located joints and depths. distillation: whether the trunk of `lite2` also learns the
    features of the landmark network.
    """

    located_l1: bool = False
    vertices: bool = False
    residual: float = 1.0
    initial_terms: bool = True
    likelihood: float = 0.05
    distillation: bool = False


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
        names += ["presence", "right_score"]
        if network.landmark_heads is not None:
            names.append("landmarks")
            if self.config.initial_terms:
                names += ["initial_joints_3d", "initial_rotations"]
        if network.readings is not None:
            names += ["depth", "visibility"]
        if self.config.distillation:
            names.append("distillation")
        return names

    def forward(
        self,
        prediction: Prediction,
        view: View,
        labels: Labels,
        contrast: bool,
        further: Mapping[str, Tensor] = MappingProxyType({}),
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss, and its terms by name before they are weighed. contrast: whether L_c counts already. further: terms
        that were computed elsewhere."""
        found = self._hand_terms(prediction, view, labels) | self._patch_terms(prediction, labels) | dict(further)
        if prediction.readings is not None:
            found |= self._reading_terms(prediction.readings, labels)
        if prediction.initial is not None:
            found |= self._initial_terms(prediction.initial, labels)
        total = self.weights(found)  # L_backbone  (11)
        if prediction.initial is not None:
            found["residual"] = prediction.initial.change.square().mean()
            total = total + self.config.residual * found["residual"]
        for name, value in self._likelihoods(prediction, labels).items():
            found[name] = value
            total = total + self.config.likelihood * value
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

    def _patch_terms(self, prediction: Prediction, labels: Labels) -> dict[str, Tensor]:
        entropy = nn.functional.binary_cross_entropy_with_logits
        return {
            "presence": entropy(prediction.presence, labels.is_hand.float()),
            "right_score": entropy(prediction.right_score, labels.right.float(), weight=labels.is_hand.float()),
        }

    def _reading_terms(self, readings: Readings, labels: Labels) -> dict[str, Tensor]:
        weight = terms.trusted(labels.has_3d, labels)
        return {
            "depth": JointReadings.depth_loss(readings.depth_logits, labels.depth, weight),
            "visibility": terms.visibility_loss(readings.visibility, labels),
        }

    def _likelihoods(self, prediction: Prediction, labels: Labels) -> dict[str, Tensor]:
        """Terms that learn how large errors are. Those of joints do not change where the joints are located."""
        found = {}
        if prediction.dense is not None:
            error = (prediction.dense[..., :2] - labels.dense_2d) / PATCH_SIZE
            found["dense"] = likelihood_loss(
                error, prediction.dense[..., 2], labels.dense_known & labels.right[:, None]
            )
        if prediction.readings is not None and prediction.joints is not None:
            error = ((prediction.joints - labels.joints_2d) / PATCH_SIZE).detach()
            known = labels.visible & (labels.is_hand & labels.right)[:, None]
            sigma = prediction.readings.log_sigma
            found["place_sigma"] = likelihood_loss(error, sigma[..., :2], known)
            behind = (prediction.readings.depth - labels.depth).detach()[..., None]
            known = (terms.trusted(labels.has_3d, labels) > 0)[:, None].expand_as(labels.visible)
            found["depth_sigma"] = likelihood_loss(behind, sigma[..., 2:], known)
        return found

    def _initial_terms(self, initial: InitialPrediction, labels: Labels) -> dict[str, Tensor]:
        found = {"landmarks": terms.located_loss(initial.landmarks.points, labels)}
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
