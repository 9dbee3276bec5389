"""The hand model as a differentiable torch module: the same numbers as `HandModel`, for training."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dahyf_core.geometry.tensors import forward_kinematics, matrix_from_axis_angle
from dahyf_core.hand_model.model import HandModel


@dataclass(frozen=True)
class SkeletonTensors:
    """Posed bones of B hands. joints: (B, 16, 3) m; rotations: (B, 16, 3, 3) from rest to camera; shape: (B, 10)."""

    joints: Tensor
    rotations: Tensor
    shape: Tensor


@dataclass(frozen=True)
class PosedTensors(SkeletonTensors):
    """Posed bones and skin of B hands. vertices: (B, V, 3) m."""

    vertices: Tensor


class TorchHandModel(nn.Module):
    """`HandModel` with gradients. Its buffers follow `.to(device)`; dtype is that of all inputs and outputs."""

    vertices: Tensor
    shape_directions: Tensor
    pose_directions: Tensor
    joints: Tensor
    joint_directions: Tensor
    weights: Tensor
    pose_offset: Tensor

    def __init__(self, model: HandModel, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.model = model

        def add(name: str, values: object) -> None:
            self.register_buffer(name, torch.as_tensor(values, dtype=dtype), persistent=False)

        for name in ("vertices", "shape_directions", "joints", "joint_directions", "weights"):
            add(name, getattr(model, name))
        add("pose_offset", model.pose_offset)
        if model.pose_directions is not None:
            add("pose_directions", model.pose_directions)
        for name, keypoints in model.keypoint_sets.items():
            add(f"{name}_offsets", keypoints.offsets)
            add(f"{name}_offset_directions", keypoints.offset_directions)

    def forward(self, pose: Tensor, shape: Tensor, translation: Tensor) -> PosedTensors:
        """Pose B hands. pose: (B, 16, 3) rad; shape: (B, 10); translation: (B, 3) m, added to every point."""
        return self.skinned(self.skeleton(pose, shape, translation))

    def skinned(self, skeleton: SkeletonTensors) -> PosedTensors:
        """Bones with their skin."""
        return PosedTensors(skeleton.joints, skeleton.rotations, skeleton.shape, self._skin(skeleton, slice(None)))

    def skeleton(self, pose: Tensor, shape: Tensor, translation: Tensor) -> SkeletonTensors:
        """Like forward, without the skin."""
        return self.forward_kinematics(matrix_from_axis_angle(pose + self.pose_offset), shape, translation)

    def forward_kinematics(self, local: Tensor, shape: Tensor, translation: Tensor) -> SkeletonTensors:
        """Bones turned by rotations (B, 16, 3, 3) of the joints, from the flat hand; the other arguments as above."""
        rest = self.joints + torch.einsum("kid,bd->bki", self.joint_directions, shape)
        joints, rotations = forward_kinematics(local, rest, self.model.levels, translation[:, None])
        return SkeletonTensors(joints, rotations, shape)

    def keypoints(self, posed: SkeletonTensors, name: str = "own") -> Tensor:
        """The 21 keypoints of a named set, (B, 21, 3) m, in FreiHAND's order."""
        keypoints = self.model.keypoint_sets[name]
        directions = self.get_buffer(f"{name}_offset_directions")
        offsets = self.get_buffer(f"{name}_offsets") + torch.einsum("kid,bd->bki", directions, posed.shape)
        bones = torch.as_tensor(keypoints.bones)
        points = posed.joints[:, bones] + torch.einsum("bkij,bkj->bki", posed.rotations[:, bones], offsets)
        on_skin = torch.as_tensor(keypoints.vertices >= 0)
        if on_skin.any():
            vertices = torch.as_tensor(keypoints.vertices)[on_skin]
            points[:, on_skin] = self._skin(posed, vertices)
        return points

    def _skin(self, posed: SkeletonTensors, selection: slice | Tensor) -> Tensor:
        rest = self.vertices[selection] + torch.einsum("vid,bd->bvi", self.shape_directions[selection], posed.shape)
        if self.model.pose_directions is not None:
            parents = posed.rotations[:, self.model.parents[1:]]
            local = parents.transpose(-1, -2) @ posed.rotations[:, 1:]
            features = (local - torch.eye(3).to(local)).flatten(1)
            rest = rest + torch.einsum("vif,bf->bvi", self.pose_directions[selection], features)
        rest_joints = self.joints + torch.einsum("kid,bd->bki", self.joint_directions, posed.shape)
        shifts = posed.joints - torch.einsum("bkij,bkj->bki", posed.rotations, rest_joints)
        weights = self.weights[selection]
        blended = torch.einsum("vk,bkij->bvij", weights, posed.rotations)
        return torch.einsum("bvij,bvj->bvi", blended, rest) + weights @ shifts
