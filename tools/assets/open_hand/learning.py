"""Learns from photographs where MediaPipe puts its keypoints on the open hand, and which finger poses are likely."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from geometry import BACK_OF_THUMB, CHAINS
from scipy.spatial.transform import Rotation
from torch import Tensor

from dahyf_core.hand_model import KEYPOINT_BONES, HandModel
from dahyf_core.hand_model.torch_layer import TorchHandModel

HANDS = 2400
HELD_OUT = 600
STEPS = 400
PALM = [0, 5, 9, 13, 17]
NOISE = 0.005
"""Metres; residuals beyond this count less (pseudo-Huber)."""
OFFSET_DEVIATION = 0.005
"""Metres; keypoints are expected this near the own ones. It settles what the data leaves open: a zero of flexion."""
TYPICAL_POSES = {
    "knuckle": ((0.0, 0.0, 0.3), (0.12, 0.2, 0.7)),
    "middle": ((0.0, 0.0, 0.5), (0.05, 0.05, 0.7)),
    "end": ((0.0, 0.0, 0.3), (0.05, 0.05, 0.4)),
    "thumb_base": ((0.0, 0.0, 0.0), (0.3, 0.4, 0.4)),
    "thumb_middle": ((0.0, 0.0, 0.0), (0.15, 0.2, 0.4)),
    "thumb_end": ((0.0, 0.0, 0.0), (0.08, 0.08, 0.6)),
}
"""Mean and standard deviation of (twist, abduction, flexion) in radians, with which the fit starts."""


@dataclass(frozen=True)
class Fit:
    """Hand parameters of N hands. finger_pose: (N, 15, 3) rad; distance: (N, 21) m at the open hand's size."""

    finger_pose: np.ndarray
    distance: np.ndarray


def learn_from_photographs(model: HandModel, folder: Path, seed: int) -> dict[str, np.ndarray]:
    """The "mediapipe" keypoint set, the pose prior and the joint limits, from `mediapipe_labels.npz` in a folder.

    The file holds world_landmarks (N, 21, 3) metres, side (N,) "left" | "right" and handedness_score (N,).
    """
    landmarks = _read_right_hands(folder / "mediapipe_labels.npz", seed)
    own_offsets = torch.as_tensor(model.keypoint_sets["own"].offsets)
    before = _fit(model, landmarks[HANDS:], own_offsets)
    _report("held-out hands, own keypoints", before)
    offsets, fit = _fit_with_offsets(model, landmarks[:HANDS])
    _report("hands learned from, MediaPipe keypoints", fit)
    _report("held-out hands, MediaPipe keypoints", _fit(model, landmarks[HANDS:], torch.as_tensor(offsets)))
    print("offset from the own keypoints, mm:", (1e3 * np.linalg.norm(offsets - own_offsets.numpy(), axis=1)).round(1))
    growth = np.tensordot(model.joints, model.joint_directions, 2) / (model.joints**2).sum()
    keypoints = {"mediapipe_offsets": offsets, "mediapipe_offset_directions": offsets[..., None] * growth}
    return keypoints | _pose_statistics(fit)


def _read_right_hands(path: Path, seed: int) -> np.ndarray:
    """(HANDS + HELD_OUT, 21, 3) world landmarks of surely recognised hands, left ones mirrored."""
    with np.load(path, allow_pickle=False) as file:
        landmarks, side, score = file["world_landmarks"].astype(float), file["side"], file["handedness_score"]
    landmarks[side == "left", :, 0] *= -1
    sure = np.flatnonzero(score > 0.95)
    return landmarks[np.random.default_rng(seed).permutation(sure)[: HANDS + HELD_OUT]]


def _fit_with_offsets(model: HandModel, landmarks: np.ndarray) -> tuple[np.ndarray, Fit]:
    own = torch.as_tensor(model.keypoint_sets["own"].offsets)
    change = torch.zeros_like(own, requires_grad=True)
    fit = _fit(model, landmarks, own, change)
    return (own + change).detach().numpy(), fit


def _fit(model: HandModel, landmarks: np.ndarray, offsets: Tensor, change: Tensor | None = None) -> Fit:
    """Pose, shape but for its size, scale and place of every hand; and a shared change of the offsets if given.

    Size is divided out: MediaPipe's metres are its own.
    """
    layer = TorchHandModel(model, torch.float64)
    target = torch.as_tensor(landmarks)
    mean, axes, deviation = (torch.as_tensor(values) for values in _typical_poses(model))
    root, log_scale, place = (torch.as_tensor(values).requires_grad_() for values in _align_palms(model, landmarks))
    fingers = mean.expand(len(landmarks), 15, 3).clone().requires_grad_()
    shape = torch.zeros(len(landmarks), 9, dtype=torch.float64, requires_grad=True)
    rates = [([root, fingers, log_scale], 0.04), ([shape], 0.12), ([place], 0.002)]
    if change is not None:
        rates.append(([change], 0.0008))
    optimizer = torch.optim.Adam([{"params": parameters, "lr": rate} for parameters, rate in rates])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    size_and_shape_zeros = torch.zeros(len(landmarks), 1, dtype=torch.float64)
    bones = torch.as_tensor(KEYPOINT_BONES)

    def residual() -> Tensor:
        pose = torch.cat([root[:, None], fingers], dim=1)
        origin = torch.zeros(len(landmarks), 3, dtype=torch.float64)
        posed = layer.skeleton(pose, torch.cat([size_and_shape_zeros, shape], dim=1), origin)
        placed = offsets if change is None else offsets + change
        points = posed.joints[:, bones] + torch.einsum("bkij,kj->bki", posed.rotations[:, bones], placed)
        scale = log_scale.exp()[:, None, None]
        return points - (target - place[:, None]) / scale

    for _ in range(STEPS):
        optimizer.zero_grad()
        squared = (residual() / NOISE).square().sum(dim=-1)
        deviations = torch.einsum("jab,nja->njb", axes, fingers - mean) / deviation
        loss = ((1 + squared).sqrt() - 1).sum() + 0.05 * (deviations.square().sum() + shape.square().sum())
        if change is not None:
            loss = loss + 0.02 * len(landmarks) * (change / OFFSET_DEVIATION).square().sum()
        loss.backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return Fit(fingers.numpy(), torch.linalg.vector_norm(residual(), dim=-1).numpy())


def _align_palms(model: HandModel, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotation vectors (N, 3), log scales (N,) and translations (N, 3) that lay the model's palm on each hand's."""
    palm = model.joints[KEYPOINT_BONES[PALM]]
    centred = palm - palm.mean(axis=0)
    vectors, scales, places = [], [], []
    for hand in landmarks[:, PALM]:
        own = hand - hand.mean(axis=0)
        rotation, _ = Rotation.align_vectors(own, centred)
        scale = np.linalg.norm(own) / np.linalg.norm(centred)
        vectors.append(rotation.as_rotvec())
        scales.append(np.log(scale))
        places.append(hand.mean(axis=0) - scale * rotation.apply(palm.mean(axis=0)))
    return np.array(vectors), np.array(scales), np.array(places)


def _typical_poses(model: HandModel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean (15, 3) in rest axes; axes (15, 3, 3), columns twist, abduction, flexion; deviations (15, 3) along those."""
    mean, axes, deviation = np.empty((15, 3)), np.empty((15, 3, 3)), np.empty((15, 3))
    for finger, chain in CHAINS.items():
        kinds = ("thumb_base", "thumb_middle", "thumb_end") if finger == "thumb" else ("knuckle", "middle", "end")
        bone = model.joints[chain[1]] - model.joints[chain[0]]
        twist = bone / np.linalg.norm(bone)
        flexion = np.cross(BACK_OF_THUMB if finger == "thumb" else [0, 1, 0], twist)
        flexion /= np.linalg.norm(flexion)
        for joint, kind in zip(chain, kinds, strict=True):
            own_mean, deviation[joint - 1] = TYPICAL_POSES[kind]
            axes[joint - 1] = np.stack([twist, np.cross(flexion, twist), flexion], axis=1)
            mean[joint - 1] = axes[joint - 1] @ own_mean
    return mean, axes, deviation


def _pose_statistics(fit: Fit) -> dict[str, np.ndarray]:
    """Mean, covariance and range of the better four fifths of the fitted poses."""
    error = fit.distance.mean(axis=1)
    poses = fit.finger_pose[error < np.quantile(error, 0.8)].reshape(-1, 45)
    covariance = np.cov(poses, rowvar=False) + 0.05**2 * np.eye(45)
    low, high = np.quantile(poses, [0.005, 0.995], axis=0)
    return {
        "pose_mean": poses.mean(axis=0),
        "pose_covariance": covariance,
        "joint_limits": np.stack([low - 0.1, high + 0.1], axis=1),
    }


def _report(what: str, fit: Fit) -> None:
    error = 1e3 * fit.distance
    by_hand = error.mean(axis=1)
    print(f"{what}: {error.mean():.2f} mm mean, {np.median(error):.2f} median, {np.median(by_hand):.2f} median hand")
