"""The training losses of section 3.5, weighted by learned uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.geometry import MIDDLE_KNUCKLE, PALM, WRIST
from dahyf_core.network.joints import masked_mean

BONES_OF_21 = tuple(
    (0 if knuckle else joint - 1, joint) for joint in range(1, 21) for knuckle in [(joint - 1) % 4 == 0]
)
"""(from, to) of the 20 bones between 21 keypoints in FreiHAND's order."""

LEAST_WEIGHT = 1e-6
"""Keeps the mean of labels without weight finite."""


@dataclass(frozen=True)
class Labels:
    """Labels of B hands, in their virtual cameras. A mask of each kind says whether the label is known.

    joints_2d: (B, 21, 2) patch pixels, visible: (B, 21). joints_3d: (B, 21, 3) metres. keypoints: (B,) the set that
    both belong to, counted in KEYPOINT_SETS. rotations: (B, 16, 3, 3), from the flat hand. shape: (B, 10).
    has_3d, has_parameters, is_hand: (B,); a patch without a hand serves the contrastive loss alone. right: (B,) whether
    the patch shows a right hand, as it should; one with a left hand has no 3D labels. label_weight: (B,) in 3D labels.
    joint_visible: (B, 21) 1 seen, 0 hidden, -1 unknown. dense_2d: (B, 128, 2) patch pixels of points of the skin,
    dense_known: (B, 128).
    """

    joints_2d: Tensor
    visible: Tensor
    joints_3d: Tensor
    keypoints: Tensor
    rotations: Tensor
    shape: Tensor
    has_3d: Tensor
    has_parameters: Tensor
    is_hand: Tensor
    right: Tensor
    label_weight: Tensor
    joint_visible: Tensor
    dense_2d: Tensor
    dense_known: Tensor

    @property
    def depth(self) -> Tensor:
        """(B, 21) of joints behind the wrist, in lengths of the palm."""
        palm = (self.joints_3d[:, MIDDLE_KNUCKLE] - self.joints_3d[:, WRIST]).norm(dim=-1).clamp(min=1e-6)
        return (self.joints_3d[..., 2] - self.joints_3d[:, WRIST, None, 2]) / palm[:, None]


class UncertaintyWeights(nn.Module):
    """Homoscedastic uncertainty (Kendall et al. 2018): sum of exp(-a) L + a with learned a = log sigma^2.

    Eq. 11 as printed, L / sigma^2 alone, is least at sigma = infinity. A loss of exactly 0 is one without a label in
    the batch, and is left out: its a would fall without end, and exp(-a) overflow at the first label.
    """

    def __init__(self, initial_scale: Mapping[str, float]) -> None:
        """initial_scale: initial size of each loss by name, at which all losses have the same weight."""
        super().__init__()
        beginnings = {name: torch.tensor(value).log() for name, value in initial_scale.items()}
        self.log_variances = nn.ParameterDict({name: nn.Parameter(value) for name, value in beginnings.items()})
        self.register_load_state_dict_pre_hook(_rename_old_terms)  # type: ignore[no-untyped-call]

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """The weighted sum of the named losses."""
        return torch.stack([self._weighted(name, loss) for name, loss in losses.items()]).sum()

    def _weighted(self, name: str, loss: Tensor) -> Tensor:
        log_variance = self.log_variances[name]
        return torch.where(loss == 0, loss, (-log_variance).exp() * loss + log_variance)


def _rename_old_terms(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: object) -> None:
    """Rename terms of older checkpoints from first_* to their current names."""
    for old in [name for name in state if name.startswith(f"{prefix}log_variances.first_")]:
        state[old.replace(".first_", ".initial_")] = state.pop(old)


def joints_3d_loss(predicted: Tensor, labels: Labels) -> Tensor:
    """L_3d: L1 on wrist-relative joints (B, 21, 3) in sizes of the palm, because a picture does not give the size."""
    difference = palm_relative(predicted) - palm_relative(labels.joints_3d)
    return weighted_mean(difference.abs().mean(dim=(1, 2)), labels.has_3d, labels)


def palm_relative(joints: Tensor) -> Tensor:
    """Joints (B, 21, 3) from the wrist, in units of the palm's size."""
    palm = joints[:, PALM]
    size = (palm - palm.mean(dim=1, keepdim=True)).square().sum(dim=(1, 2)).clamp(min=1e-8).sqrt()
    return (joints - joints[:, :1]) / size[:, None, None]


def projected_loss(projected: Tensor, labels: Labels) -> Tensor:
    """L_2d^p: L1 between projected and labelled joints (B, 21, 2), in sides of the patch."""
    known = labels.visible & (labels.is_hand & labels.right)[:, None]
    return masked_mean(patch_distance(projected, labels), known)


def located_loss(located: Tensor, labels: Labels) -> Tensor:
    """L1 between located and labelled joints (B, 21, 2), in sides of the patch: L_2d as section 3.5 has it."""
    return masked_mean(patch_distance(located, labels), labels.visible & labels.is_hand[:, None])


def patch_distance(joints: Tensor, labels: Labels) -> Tensor:
    """L1 (B, 21) of joints in patch pixels to the labels, in sides of the patch.

    Beyond one side it grows as the logarithm does: a wild projection does not outweigh others, and finds its way back.
    """
    distance = ((joints - labels.joints_2d) / PATCH_SIZE).abs()
    return torch.where(distance <= 1, distance, 1 + distance.clamp(min=1).log()).mean(dim=-1)


def rotation_loss(rotations: Tensor, labels: Labels) -> Tensor:
    """The part of L_m on rotation matrices (B, 16, 3, 3): L2."""
    return weighted_mean((rotations - labels.rotations).square().mean(dim=(1, 2, 3)), labels.has_parameters, labels)


def shape_loss(shape: Tensor, labels: Labels) -> Tensor:
    """The part of L_m on shape numbers (B, 10): L2."""
    return weighted_mean((shape - labels.shape).square().mean(dim=1), labels.has_parameters, labels)


def bone_loss(predicted: Tensor, labels: Labels) -> Tensor:
    """L_b: L1 on the lengths of 20 bones (Kulon et al. 2020), in sizes of the palm."""
    lengths, known = (bone_lengths(palm_relative(joints)) for joints in (predicted, labels.joints_3d))
    return weighted_mean((lengths - known).abs().mean(dim=-1), labels.has_3d, labels)


def bone_lengths(joints: Tensor) -> Tensor:
    """(B, 21, 3) to (B, 20)."""
    start, end = zip(*BONES_OF_21, strict=True)
    return (joints[:, list(end)] - joints[:, list(start)]).norm(dim=-1)


def vertex_loss(predicted: Tensor, target: Tensor, labels: Labels) -> Tensor:
    """L1 on wrist-relative vertices (B, V, 3), metres, of the predicted and the labelled parameters."""
    return weighted_mean((predicted - target).abs().mean(dim=(1, 2)), labels.has_parameters, labels)


def contrastive_loss(similarity: Tensor, is_hand: Tensor) -> Tensor:
    """L_c: L2 that pulls the confidence of hands to 1 and pushes that of other patches to 0 or below."""
    miss = torch.where(is_hand, 1 - similarity, similarity.clamp(min=0))
    return miss.square().mean()


def weighted_mean(values: Tensor, known: Tensor, labels: Labels) -> Tensor:
    """Mean of the known values (B,) of right hands, weighted by the trust in their labels; 0 without any trust."""
    weight = trusted(known, labels)
    return (values * weight).sum() / weight.sum().clamp(min=LEAST_WEIGHT)


def trusted(known: Tensor, labels: Labels) -> Tensor:
    """(B,) the weights of 3D labels of right hands, 0 where they are not known."""
    return labels.label_weight * (known & labels.is_hand & labels.right)


def visibility_loss(logits: Tensor, labels: Labels) -> Tensor:
    """Cross entropy of joints being seen, (B, 21) logits."""
    known = (labels.joint_visible >= 0) & labels.is_hand[:, None]
    target = labels.joint_visible.clamp(min=0)
    return masked_mean(nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none"), known)
