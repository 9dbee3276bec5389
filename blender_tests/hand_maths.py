"""The reference for rigs: skinning and projection by docs/capture-file.md, in plain numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from addon.backend.capture_file import Capture, Hand, Skeleton


@dataclass(frozen=True)
class Truth:
    """joints (H, T, 16, 3) and vertices (H, T, V, 3) in the camera frame, pixels (H, T, V, 2)."""

    joints: NDArray
    vertices: NDArray
    pixels: NDArray


def truth_of(capture: Capture) -> Truth:
    """The true joints, vertices and pixels of a capture's hands in all frames."""
    posed = [
        [pose_hand(hand, capture.skeleton, index) for index in range(len(capture.frame))] for hand in capture.hands
    ]
    joints, vertices = (np.array([[frame[part] for frame in frames] for frames in posed]) for part in (0, 1))
    camera = capture.intrinsics
    pixels = vertices[..., :2] / vertices[..., 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    return Truth(joints, vertices, pixels)


def pose_hand(hand: Hand, skeleton: Skeleton, index: int) -> tuple[NDArray, NDArray]:
    """Joints (16, 3) and vertices (V, 3) of one frame: linear blend skinning in doubles."""
    rotations = rotation_matrices(hand.pose[index].astype(float))
    rest = hand.joints.astype(float)
    joints = rest + hand.translation[index]
    for bone, parent in enumerate(skeleton.parents):
        if parent >= 0:
            joints[bone] = joints[parent] + rotations[parent] @ (rest[bone] - rest[parent])
            rotations[bone] = rotations[parent] @ rotations[bone]
    by_bone = np.einsum("bij,vbj->vbi", rotations, hand.vertices[:, None].astype(float) - rest) + joints
    return joints, np.einsum("vb,vbi->vi", skeleton.skin_weights.astype(float), by_bone)


def rotation_matrices(vectors: NDArray) -> NDArray:
    """(N, 3) axis-angle to (N, 3, 3), by Rodrigues' formula."""
    angles = np.linalg.norm(vectors, axis=-1)[:, None, None]
    axes = vectors / np.maximum(angles[..., 0], 1e-12)
    cross = np.cross(axes[:, None], np.eye(3)).swapaxes(1, 2)
    return np.eye(3) + np.sin(angles) * cross + (1 - np.cos(angles)) * cross @ cross
