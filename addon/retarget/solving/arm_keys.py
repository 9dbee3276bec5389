"""The bones of a rig's arm: their present pose, and their pose and keys for a solved motion."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...narrowing import armature_of, matrix_of, pose_of, present
from ...scene.keys import Channel
from ..playback import Matrices, Played
from ..rest import RestBone
from ..rotations import FloatArray, quaternions_from_matrices, turns_about, unit
from .arm import ArmMotion, ArmPose, present_pose
from .channels import rotation_channel
from .human_limits import dot
from .limb import Bones, Limb

Rows = NDArray[np.intp]

SAME_PLACE: Final = 0.02
"""Greatest distance between the heads of two bones at one joint, as a fraction of the bone's length."""
SAME_WAY: Final = np.cos(np.radians(10))


@dataclass(frozen=True)
class Chest:
    """The parent of an arm on N frames: rotation (N, 3, 3) and move (N, 3) from its rest pose, in armature space."""

    turn: FloatArray
    move: FloatArray

    def inside(self, points: FloatArray) -> FloatArray:
        """Points (N, 3) in armature space, moved to the chest's rest pose."""
        return np.einsum("nji,nj->ni", self.turn, points - self.move)

    def outside(self, points: FloatArray) -> FloatArray:
        """The reverse of `inside`."""
        return np.einsum("nij,nj->ni", self.turn, points) + self.move


def shown_bone(armature: bpy.types.Object, bones: Bones, name: str) -> str:
    """The bone that deforms the character at this bone's rest position: the bone itself, or another one there."""
    data, bone = armature_of(armature).bones, bones[name]
    if data[name].use_deform:
        return name
    length = float(np.linalg.norm(bone.tail - bone.head))
    way = (bone.tail - bone.head) / length
    for other in bones.values():
        if data[other.name].use_deform and np.linalg.norm(other.head - bone.head) < SAME_PLACE * length:
            along = unit(other.tail - other.head)
            if along @ way > SAME_WAY:
                return other.name
    return name


def chest_of(armature: bpy.types.Object, limb: Limb, played: Played, rows: Rows) -> Chest:
    """The parent of an arm, on these rows of the played frames."""
    parent = armature_of(armature).bones[limb.upper[0]].parent
    if parent is None:
        return Chest(np.tile(np.eye(3), (len(rows), 1, 1)), np.zeros((len(rows), 3)))
    rest = np.array(parent.matrix_local)
    pose = played.bones[parent.name][rows]
    turn = without_scale(pose[:, :3, :3]) @ rest[:3, :3].T
    return Chest(turn, pose[:, :3, 3] - turn @ rest[:3, 3])


def present_arm(bones: Bones, limb: Limb, chest: Chest, shown: tuple[str, str], played: Played, rows: Rows) -> ArmPose:
    """The present pose of the arm on these rows of the played frames. shown: the bones of upper arm and hand."""
    upper, hand = (played.bones[name][rows] for name in shown)
    turn = chest.turn.swapaxes(-1, -2) @ without_scale(upper[:, :3, :3]) @ bones[shown[0]].orientation.T
    return present_pose(limb.arm, turn, chest.inside(upper[:, :3, 3]), chest.inside(hand[:, :3, 3]))


def arm_poses(
    bones: Bones, limb: Limb, chest: Chest, present: ArmPose, motion: ArmMotion, spread_twist: bool
) -> dict[str, Matrices]:
    """(N, 4, 4) by name, the matrices of the arm's bones in armature space.

    spread_twist: the forearm's bones share its twist evenly, if there are no twist bones. Off: no bone takes it, since
    the rig twists the forearm by itself.
    """
    arm = limb.arm
    along = motion.forearm @ arm.forearm
    count = len(limb.forearm)
    poses = {name: stood(bones[name], chest, motion.upper, arm.shoulder, present.shoulder) for name in limb.upper}
    for index, name in enumerate(limb.forearm, start=1):
        share = index / count if spread_twist and not limb.twists else 0.0
        turn = turns_about(along, share * motion.twist) @ motion.forearm
        poses[name] = stood(bones[name], chest, turn, arm.elbow, motion.elbow)
    for name, share in limb.twists.items():
        turn = turns_about(along, share * motion.twist) @ motion.forearm
        poses[name] = stood(bones[name], chest, turn, arm.elbow, motion.elbow)
    return poses


def stood(bone: RestBone, chest: Chest, turn: FloatArray, joint: FloatArray, place: FloatArray) -> Matrices:
    """(N, 4, 4) matrices of a bone rotated (N, 3, 3) about a joint (3,), which moves to positions (N, 3)."""
    poses = np.tile(np.eye(4), (len(turn), 1, 1))
    poses[:, :3, :3] = chest.turn @ turn @ bone.orientation
    poses[:, :3, 3] = chest.outside(place + turn @ (bone.head - joint))
    return poses


def pole_places(limb: Limb, chest: Chest, present: ArmPose, motion: ArmMotion, distance: float) -> FloatArray:
    """(N, 3) positions of the pole target in armature space, at this distance from the elbow."""
    axis = unit(motion.wrist - present.shoulder)
    away = np.cross(axis, motion.upper @ limb.arm.hinge)
    away = unit(away - dot(away, axis)[:, None] * axis)
    return chest.outside(motion.elbow + distance * away)


@dataclass(frozen=True)
class Moved:
    """A rig on some rows of the played frames, with new matrices for some bones. poses: (N, 4, 4) by name."""

    armature: bpy.types.Object
    played: Played
    rows: Rows
    poses: Mapping[str, Matrices]

    def pose(self, bone: bpy.types.Bone) -> Matrices:
        """(N, 4, 4) the matrices of a bone in armature space. Children of moved bones move with them."""
        if bone.name in self.poses:
            return self.poses[bone.name]
        as_played = self.played.bones[bone.name][self.rows]
        carrier = bone.parent
        while carrier is not None and carrier.name not in self.poses:
            carrier = carrier.parent
        if carrier is None:
            return as_played
        return self.poses[carrier.name] @ np.linalg.inv(self.played.bones[carrier.name][self.rows]) @ as_played

    def local(self, name: str) -> Matrices:
        """(N, 4, 4) the local matrices to which a moved bone is keyed."""
        bone = armature_of(self.armature).bones[name]
        poses = self.poses[name]
        if bone.parent is None:
            return np.array([local_matrix(bone, pose, None) for pose in poses])
        return np.array([local_matrix(bone, *both) for both in zip(poses, self.pose(bone.parent), strict=True)])

    def rotation(self, name: str) -> Channel:
        """The rotation keys of a moved bone."""
        turns = without_scale(self.local(name)[:, :3, :3])
        return rotation_channel(pose_of(self.armature).bones[name], quaternions_from_matrices(turns))

    def location(self, name: str) -> Channel:
        """The location keys of a moved bone."""
        path = pose_of(self.armature).bones[name].path_from_id("location")
        return Channel(path, name, self.local(name)[:, :3, 3], "AUTO_RGB")


def with_ancestors(armature: bpy.types.Object, names: Iterable[str]) -> set[str]:
    """These bones and all their ancestors."""
    found: set[str] = set()
    for name in names:
        bone = armature_of(armature).bones[name]
        found |= {bone.name, *(each.name for each in bone.parent_recursive)}
    return found


def local_matrix(bone: bpy.types.Bone, pose: Matrices, parent: Matrices | None) -> Matrix:
    """The local matrix (4, 4) that puts a bone at `pose` below a parent at `parent`, both in armature space."""
    below: dict[str, Matrix] = {}
    if parent is not None:
        below = {"parent_matrix": matrix_of(parent), "parent_matrix_local": present(bone.parent).matrix_local}
    return bone.convert_local_to_pose(matrix_of(pose), bone.matrix_local, invert=True, **below)


def without_scale(matrices: FloatArray) -> Matrices:
    """(N, 3, 3) the rotations of matrices, without scale."""
    return np.asarray(matrices / np.linalg.norm(matrices, axis=-2, keepdims=True), np.float64)
