"""Keypoints of the hand model and their exact derivatives by pose and shape."""

from dataclasses import dataclass

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import cross_matrix
from dahyf_core.hand_model import FINGER_BONES, FINGER_KEYPOINTS, HandModel


@dataclass(frozen=True)
class MovingKeypoints:
    """Keypoints of N hands at translation zero, metres, and how they move.

    points: (N, 21, 3). by_root: (N, 21, 3, 3), by a small rotation w of the wrist, exp(w) R, w in the camera frame.
    by_finger: (N, 5, 4, 3, 9), by the axis-angles of the three bones of each keypoint's own finger, in the
    order of FINGER_BONES.
    rotations: (N, 16, 3, 3), global, of the bones.
    """

    points: Array
    by_root: Array
    by_finger: Array
    rotations: Array


def keypoints_of(model: HandModel, name: str, pose: Array, shape: Array) -> Array:
    """Keypoint set `name` of N hands at translation zero: (N, 16, 3), (N, 10) -> (N, 21, 3) metres."""
    return model.keypoints(model.skeleton(pose, shape, np.zeros((len(pose), 3))), name)


def differentiate_keypoints(model: HandModel, name: str, pose: Array, shape: Array) -> MovingKeypoints:
    """The keypoints that `keypoints_of` gives, with their derivatives; model.flat_hand_mean must be True."""
    posed = model.skeleton(pose, shape, np.zeros((len(pose), 3)))
    points = model.keypoints(posed, name)
    by_root = cross_matrix(posed.joints[:, :1] - points)

    axes = posed.rotations[:, model.parents[1:]] @ _left_jacobians(pose[:, 1:])
    arms = points[:, FINGER_KEYPOINTS][:, :, :, None] - posed.joints[:, FINGER_BONES][:, :, None]
    carried = model.keypoint_sets[name].bones[FINGER_KEYPOINTS][:, :, None] >= FINGER_BONES[:, None]
    by_bone = cross_matrix(-arms * carried[..., None]) @ axes.reshape(-1, 5, 1, 3, 3, 3)
    by_finger = np.moveaxis(by_bone, 3, 4).reshape(len(pose), 5, 4, 3, 9)
    return MovingKeypoints(points, by_root, by_finger, posed.rotations)


def keypoints_by_shape(model: HandModel, name: str, rotations: Array) -> Array:
    """Derivatives (N, 21, 3, 10) of keypoints by shape, for global rotations (N, 16, 3, 3) of the bones."""
    keypoint_set = model.keypoint_sets[name]
    bones = np.empty((len(rotations), 16, 3, 10))
    bones[:, 0] = model.joint_directions[0]
    for bone, parent in enumerate(model.parents[1:], start=1):
        lengthened = model.joint_directions[bone] - model.joint_directions[parent]
        bones[:, bone] = bones[:, parent] + rotations[:, parent] @ lengthened
    return bones[:, keypoint_set.bones] + rotations[:, keypoint_set.bones] @ keypoint_set.offset_directions


def _left_jacobians(axis_angle: Array) -> Array:
    """J with exp(v + dv) = exp(J dv) exp(v), to first order: (..., 3) -> (..., 3, 3)."""
    angle = np.linalg.norm(axis_angle, axis=-1)[..., None, None]
    safe = np.maximum(angle, 1e-4)
    cross = cross_matrix(axis_angle)
    return np.eye(3) + (1 - np.cos(safe)) / safe**2 * cross + (safe - np.sin(safe)) / safe**3 * (cross @ cross)
