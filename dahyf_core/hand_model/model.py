"""A hand as MANO parametrises it (Romero et al. 2017): linear blend skinning of 16 joints under 10 shape numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from dahyf_core.arrays import Array
from dahyf_core.geometry import MIRROR, BoneLevels, bone_levels, forward_kinematics, matrix_from_axis_angle
from dahyf_core.hand_model.keypoints import KeypointSet

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Skeleton:
    """Posed bones of B hands. joints: (B, 16, 3) m; rotations: (B, 16, 3, 3) from rest to camera; shape: (B, 10)."""

    joints: Array
    rotations: Array
    shape: Array


@dataclass(frozen=True)
class PosedHand(Skeleton):
    """Posed bones and skin of B hands. vertices: (B, V, 3) m."""

    vertices: Array


@dataclass(frozen=True)
class RestHand:
    """One shape in the rest pose. vertices: (V, 3); joints: (16, 3); tips: (5, 3), thumb to pinky; metres."""

    vertices: Array
    joints: Array
    tips: Array


@dataclass(frozen=True)
class PosePrior:
    """Prior of finger poses: a Gaussian over the 15 finger rotations' axis-angle components in the rest frame.

    It speaks of full rotations from the flat hand: add `HandModel.mean_pose` to a pose before it is scored.
    """

    mean: Array  # (45,) rad
    precision: Array  # (45, 45) rad^-2

    def mirrored(self) -> "PosePrior":
        """The same prior for the other hand."""
        flip = np.tile(-MIRROR, 15)
        return PosePrior(self.mean * flip, self.precision * np.outer(flip, flip))


@dataclass(frozen=True)
class HandModel:
    """A left or right hand: metres, right hand at rest with fingers along -x, back of the hand +y, index side +z.

    Pose is (B, 16, 3) axis-angle in the order of `shared.names.BONE_NAMES`; each joint turns about the axes of the rest
    frame, carried along by its parent. A hand whose flat_hand_mean is False adds mean_pose to the finger
    rotations, as smplx does.
    """

    name: str  # "open_hand" or "mano"
    side: Side
    vertices: Array  # (V, 3)
    shape_directions: Array  # (V, 3, 10)
    pose_directions: Array | None  # (V, 3, 135) pose blend shapes; the open hand has none
    joints: Array  # (16, 3)
    joint_directions: Array  # (16, 3, 10)
    tips: Array  # (5, 3) on the skin, thumb to pinky
    tip_directions: Array  # (5, 3, 10)
    weights: Array  # (V, 16), rows sum to 1
    faces: np.ndarray  # (F, 3) int, outward normals
    parents: np.ndarray  # (16,) int, -1 for the wrist, parents before children
    mean_pose: Array  # (45,) rad
    flat_hand_mean: bool
    keypoint_sets: Mapping[str, KeypointSet]  # "own", "mediapipe", "freihand"
    pose_prior: PosePrior
    joint_limits: Array  # (45, 2) rad, least and greatest axis-angle component of full finger rotations
    sha256: str = field(repr=False)  # of the file it was read from

    def __call__(self, pose: ArrayLike, shape: ArrayLike, translation: ArrayLike) -> PosedHand:
        """Pose B hands. pose: (B, 16, 3) rad; shape: (B, 10); translation: (B, 3) m, added to every point."""
        skeleton = self.skeleton(pose, shape, translation)
        return PosedHand(skeleton.joints, skeleton.rotations, skeleton.shape, self.skin(skeleton, slice(None)))

    def skeleton(self, pose: ArrayLike, shape: ArrayLike, translation: ArrayLike) -> Skeleton:
        """Like __call__, without the skin."""
        pose, shape, translation = (np.asarray(values, dtype=float) for values in (pose, shape, translation))
        full_pose = pose + self.pose_offset
        rotations = matrix_from_axis_angle(full_pose)
        rest_joints = self.joints + np.tensordot(shape, self.joint_directions, ([1], [2]))
        joints, rotations = forward_kinematics(rotations, rest_joints, self.levels, translation[:, None])
        return Skeleton(joints, rotations, shape)

    def keypoints(self, posed: Skeleton, name: str = "own") -> Array:
        """The 21 keypoints of a named set, (B, 21, 3) m, in FreiHAND's order."""
        keypoints = self.keypoint_sets[name]
        offsets = keypoints.offsets + np.tensordot(posed.shape, keypoints.offset_directions, ([1], [2]))
        rotations = posed.rotations[:, keypoints.bones]
        points = posed.joints[:, keypoints.bones] + np.einsum("bkij,bkj->bki", rotations, offsets)
        on_skin = keypoints.vertices >= 0
        if on_skin.any():
            points[:, on_skin] = self.skin(posed, keypoints.vertices[on_skin])
        return points

    def rest(self, shape: ArrayLike) -> RestHand:
        """The flat hand of one shape (10,), untranslated."""
        shape = np.asarray(shape, dtype=float)
        return RestHand(
            self.vertices + self.shape_directions @ shape,
            self.joints + self.joint_directions @ shape,
            self.tips + self.tip_directions @ shape,
        )

    def mirrored(self) -> "HandModel":
        """The same hand of the other side: x negated. Poses mirror by (x, -y, -z); vertices keep their order."""
        pose_directions = self.pose_directions
        if pose_directions is not None:
            feature_signs = np.tile(np.outer(MIRROR, MIRROR).ravel(), 15)
            pose_directions = pose_directions * MIRROR[:, None] * feature_signs
        signed_limits = self.joint_limits * np.tile(-MIRROR, 15)[:, None]
        return replace(
            self,
            side="left" if self.side == "right" else "right",
            vertices=self.vertices * MIRROR,
            shape_directions=self.shape_directions * MIRROR[:, None],
            pose_directions=pose_directions,
            joints=self.joints * MIRROR,
            joint_directions=self.joint_directions * MIRROR[:, None],
            tips=self.tips * MIRROR,
            tip_directions=self.tip_directions * MIRROR[:, None],
            faces=self.faces[:, ::-1].copy(),
            mean_pose=self.mean_pose * np.tile(-MIRROR, 15),
            keypoint_sets={name: keypoints.mirrored() for name, keypoints in self.keypoint_sets.items()},
            pose_prior=self.pose_prior.mirrored(),
            joint_limits=np.sort(signed_limits, axis=1),
        )

    @cached_property
    def pose_offset(self) -> Array:
        """(16, 3) rad, what is added to every pose."""
        offset = np.zeros((16, 3))
        if not self.flat_hand_mean:
            offset[1:] = self.mean_pose.reshape(15, 3)
        return offset

    @cached_property
    def levels(self) -> BoneLevels:
        """(children, their parents) of each depth below the wrist."""
        return bone_levels(self.parents)

    def skin(self, posed: Skeleton, selection: slice | np.ndarray) -> Array:
        """Linear blend skinning of the selected vertices of posed hands, (B, N, 3) m."""
        rest = self.vertices[selection] + np.tensordot(posed.shape, self.shape_directions[selection], ([1], [2]))
        if self.pose_directions is not None:
            rest += np.tensordot(self._pose_features(posed), self.pose_directions[selection], ([1], [2]))
        rest_joints = self.joints + np.tensordot(posed.shape, self.joint_directions, ([1], [2]))
        shifts = posed.joints - np.einsum("bkij,bkj->bki", posed.rotations, rest_joints)
        weights = self.weights[selection]
        blended = (weights @ posed.rotations.reshape(-1, 16, 9)).reshape(*rest.shape, 3)
        return np.einsum("bvij,bvj->bvi", blended, rest) + weights @ shifts

    def _pose_features(self, posed: Skeleton) -> Array:
        """(B, 135): the finger joints' own rotations minus the identity, MANO's argument of the pose blend shapes."""
        parents = posed.rotations[:, self.parents[1:]]
        local = np.swapaxes(parents, -1, -2) @ posed.rotations[:, 1:]
        return (local - np.eye(3)).reshape(-1, 135)
