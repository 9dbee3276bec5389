"""Pictures checked by a teacher: an estimator that was trained on photographs and does not know the labels.

It checks whether pictures look like hands, and of which side. Hands that are mirrored by mistake look natural and would
train well unnoticed. It also shows where on the hand model the labels of photographs put their keypoints.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics, upright_roll
from dahyf_core.hand_model import HandModel, KeypointSet, Side
from dahyf_core.pose import PoseEstimator
from dahyf_core.synthesis.labels import Batch, Labels, picture_camera

MARGIN = 1.45
"""Side of the teacher's patch in extents of the joints: with larger ones MediaPipe's wrist slides down the arm."""
SURE = 0.9
"""Least presence, and least score of the right side, of what keypoints are learned from."""
OUTLIER_PX = 6.0
"""Distance from where on a point counts less (Cauchy), pixels of a patch."""
ROUNDS = 12
HIDDEN_WEIGHT = 0.2


@dataclass(frozen=True)
class TeacherCheck:
    """Results for N pictures. presence: (N,), probability of a hand. side_score: (N,), of the labelled side.

    joints_2d: (N, 21, 2) px of the picture. error: (N, 21) px of a patch, distance from the "mediapipe" labels.
    patch_scale: (N,) pixels of the patch for each of the picture.
    """

    presence: Array
    side_score: Array
    joints_2d: Array
    error: Array
    patch_scale: Array


def check_with_teacher(estimator: PoseEstimator, batch: Batch) -> TeacherCheck:
    """Look at each picture in an upright patch around its labels, and once more around what was seen there."""
    labels, size = batch.labels, batch.pictures.shape[1]
    rows = []
    for row, picture in enumerate(batch.pictures):
        camera = picture_camera(labels, row, size)
        mirrored = np.array([labels.side[row] == "left"])
        joints = labels.joints_2d_mediapipe[row].astype(float)
        seen = estimator.observe(picture, upright_crop(joints, mirrored, camera))
        seen = estimator.observe(picture, upright_crop(seen.joints_2d[0], mirrored, camera))
        side_score = np.where(mirrored, 1 - seen.right_score, seen.right_score)
        scale = PATCH_SIZE / seen.crops.side
        error = np.linalg.norm(seen.joints_2d[0] - joints, axis=-1) * scale
        rows.append((seen.presence[0], side_score[0], seen.joints_2d[0], error, scale[0]))
    return TeacherCheck(*(np.array(column) for column in zip(*rows, strict=True)))


def upright_crop(joints: Array, mirrored: NDArray[np.bool_], camera: Intrinsics) -> Crops:
    """One crop around joints (21, 2) px, rolled so that the hand points up, MARGIN times as large as they extend."""
    roll = upright_roll(joints[None, 0], joints[None, 9], mirrored, camera)
    unit = Crops(joints[:1].astype(np.float64), np.full(1, float(PATCH_SIZE)), roll, mirrored, camera)
    upright = unit.to_patch(joints[None])[0]
    low, high = upright.min(axis=0), upright.max(axis=0)
    center = unit.to_frame(0.5 * (low + high)[None, None])[0]
    return Crops(center, np.array([MARGIN * (high - low).max()]), roll, mirrored, camera)


def observed_keypoints(model: HandModel, labels: Labels, checked: TeacherCheck) -> KeypointSet:
    """The "mediapipe" set of the right hand model, moved to where the teacher sees its keypoints on the pictures.

    One offset for each keypoint in its bone's frame, by least squares over all sure answers. Points learned from
    3D labels alone settle for whatever size and zero of flexion the fits to them had; these lie on the visible hand.
    """
    sure = (checked.presence > SURE) & (checked.side_score > SURE)
    labels = labels[sure]
    seen, scale = checked.joints_2d[sure], checked.patch_scale[sure]
    keypoints = model.keypoint_sets["mediapipe"]
    joints, rotations = _bones(model, labels)
    offsets = keypoints.offsets.copy()
    for point, bone in enumerate(keypoints.bones):
        grown = labels.shape @ keypoints.offset_directions[point].T
        weight = scale * np.where(labels.visible[:, point], 1.0, HIDDEN_WEIGHT)
        for _ in range(ROUNDS):
            places = joints[:, bone] + np.einsum("nij,nj->ni", rotations[:, bone], grown + offsets[point])
            offsets[point] += _step(places, rotations[:, bone], seen[:, point], labels.pinhole, weight)
    return replace(keypoints, offsets=offsets)


def _bones(model: HandModel, labels: Labels) -> tuple[Array, Array]:
    """Joints (N, 16, 3), and what turns the right hand's rest frame to them (N, 16, 3, 3): mirrors for left hands."""
    models: dict[Side, HandModel] = {"right": model, "left": model.mirrored()}
    joints, rotations = np.empty((len(labels), 16, 3)), np.empty((len(labels), 16, 3, 3))
    for side, own in models.items():
        rows = labels.side == side
        posed = own.skeleton(labels.pose[rows], labels.shape[rows], labels.translation[rows])
        joints[rows] = posed.joints
        rotations[rows] = posed.rotations * ((1.0, 1.0, 1.0) if side == "right" else (-1.0, 1.0, 1.0))
    return joints, rotations


def _step(places: Array, rotations: Array, seen: Array, pinhole: Array, weight: Array) -> Array:
    """(3,) one step of robust Gauss-Newton for an offset in the frames `rotations` (N, 3, 3) of points (N, 3)."""
    focal, middle = pinhole[:, :2], pinhole[:, 2:]
    depth = places[:, 2:]
    residual = (seen - places[:, :2] / depth * focal - middle) * weight[:, None]
    by_place = np.zeros((len(places), 2, 3))
    by_place[:, 0, 0], by_place[:, 1, 1] = (focal / depth).T
    by_place[:, :, 2] = -places[:, :2] / depth**2 * focal
    by_offset = by_place @ rotations * weight[:, None, None]
    trust = 1 / (1 + (residual**2).sum(axis=-1) / OUTLIER_PX**2)
    matrix = np.einsum("n,nki,nkj->ij", trust, by_offset, by_offset)
    return np.linalg.solve(matrix, np.einsum("n,nki,nk->i", trust, by_offset, residual))
