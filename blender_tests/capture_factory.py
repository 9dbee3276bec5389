"""Capture files as the core writes them, of a small made-up hand, with plain numpy."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from addon.shared.capture_schema import ARRAYS, CONVENTIONS
from addon.shared.names import BONE_NAMES, FINGERS, MANO_FINGERS, SIDES

PARENTS = np.array([-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14])
KNUCKLES = {
    "index": (-0.090, 0.002, 0.025),
    "middle": (-0.095, 0.004, 0.003),
    "pinky": (-0.078, -0.002, -0.038),
    "ring": (-0.088, 0.003, -0.018),
    "thumb": (-0.025, -0.012, 0.028),
}
DIRECTIONS = {
    "index": (-1.0, -0.08, 0.1),
    "middle": (-1.0, -0.08, 0.0),
    "pinky": (-1.0, -0.08, -0.2),
    "ring": (-1.0, -0.08, -0.1),
    "thumb": (-0.6, -0.25, 0.75),
}
PHALANX = np.array([0.042, 0.026, 0.022])
RING = 8
RADIUS = 0.009


def rest_hand(side: str) -> dict[str, NDArray]:
    """vertices, joints, tips, faces, weights of a hand of tubes: the right one as MANO lays it, or its mirror image."""
    joints, tips = [np.array([0.005, 0.001, -0.002])], {}
    for finger in MANO_FINGERS:
        direction = np.array(DIRECTIONS[finger]) / np.linalg.norm(DIRECTIONS[finger])
        along = np.array(KNUCKLES[finger]) + np.concatenate([[0], np.cumsum(PHALANX)])[:, None] * direction
        joints.extend(along[:3])
        tips[finger] = along[3]
    vertices, faces, weights = [], [], []
    for bone, head in enumerate(joints):
        add_tube(vertices, faces, weights, bone, head, tube_end(bone, joints, tips))
    mirror = np.array([1.0 if side == "right" else -1.0, 1.0, 1.0])
    order = slice(None) if side == "right" else slice(None, None, -1)
    return {
        "vertices": np.concatenate(vertices) * mirror,
        "joints": np.array(joints) * mirror,
        "tips": np.array([tips[finger] for finger in FINGERS]) * mirror,
        "faces": np.array(faces, np.int32)[:, order],
        "weights": np.concatenate(weights),
    }


def tube_end(bone: int, joints: list[NDArray], tips: Mapping[str, NDArray]) -> NDArray:
    """The end of the tube around a bone."""
    if bone == 0:
        return joints[4]
    return tips[MANO_FINGERS[(bone - 1) // 3]] if bone % 3 == 0 else joints[bone + 1]


def add_tube(vertices: list, faces: list, weights: list, bone: int, head: NDArray, tail: NDArray) -> None:
    """Two rings around a bone; the first shares its weight with the parent, so that skinning blends."""
    along = (tail - head) / np.linalg.norm(tail - head)
    across = np.cross(along, [0.3, 0.9, 0.2])
    across /= np.linalg.norm(across)
    angles = np.arange(RING) * 2 * np.pi / RING
    circle = RADIUS * (np.cos(angles)[:, None] * across + np.sin(angles)[:, None] * np.cross(along, across))
    first = len(vertices) * RING
    for start, share in ((head, 0.5), (tail, 1.0)):
        ring_weights = np.zeros((RING, 16))
        ring_weights[:, bone] += share
        ring_weights[:, max(PARENTS[bone], 0)] += 1 - share
        vertices.append(start + circle)
        weights.append(ring_weights)
    for i in range(RING):
        a, b = first + i, first + (i + 1) % RING
        faces += [(a, b, b + RING), (a, b + RING, a + RING)]


def random_poses(rng: np.random.Generator, hands: int, frames: int) -> tuple[NDArray, NDArray]:
    """pose (H, T, 16, 3) and translation (H, T, 3): any wrist rotation, bent fingers, in front of the camera."""
    pose = rng.normal(scale=0.4, size=(hands, frames, 16, 3))
    pose[:, :, 0] = rng.uniform(-2.5, 2.5, size=(hands, frames, 3))
    translation = rng.uniform((-0.1, -0.1, 0.4), (0.1, 0.1, 0.9), size=(hands, frames, 3))
    return pose, translation


def capture_arrays(
    sides: tuple[str, ...] = ("right", "left"), frames: int = 6, seed: int = 0, **meta: Any
) -> dict[str, NDArray]:
    """All arrays of a capture of 640 x 360 footage at 29.97 frames per second; `meta` replaces parts of its meta."""
    rng = np.random.default_rng(seed)
    hands = [rest_hand(side) for side in sides]
    sample = rest_hand("right")
    count = len(hands)
    pose, translation = random_poses(rng, count, frames)

    def stacked(name: str) -> NDArray:
        return np.array([hand[name] for hand in hands]).reshape(count, *sample[name].shape).astype(sample[name].dtype)

    arrays = {
        "schema_version": np.array(1),
        "meta": np.array(json.dumps(default_meta() | meta)),
        "frame": np.arange(frames),
        "time": np.arange(frames) * 1001 / 30000,
        "side": np.array(sides, dtype="<U5"),
        "pose": pose,
        "shape": np.zeros((count, 10)),
        "translation": translation,
        "confidence": rng.uniform(size=(count, frames)),
        "state": np.ones((count, frames), np.uint8),
        "rest_vertices": stacked("vertices"),
        "rest_joints": stacked("joints"),
        "rest_tips": stacked("tips"),
        "faces": stacked("faces"),
        "skin_weights": sample["weights"],
        "parents": PARENTS.copy(),
        "bone_names": np.array(BONE_NAMES, dtype="<U8"),
    }
    return {name: array.astype(ARRAYS[name][0]) if name in ARRAYS else array for name, array in arrays.items()}


def default_meta() -> dict[str, Any]:
    """The default `meta` of a capture."""
    return {
        "program": "DaHyF Hands",
        "version": "0.1.0",
        "created": "2026-01-01T00:00:00+00:00",
        "footage": {
            "path": "/nowhere/clip.mp4",
            "kind": "video",
            "sha256": "0" * 64,
            "width": 640,
            "height": 360,
            "rate": [30000, 1001],
            "rotation": 0,
            "constant_rate": True,
        },
        "intrinsics": intrinsics(),
        "estimator": "made up",
        "hand_model": {"name": "made_up", "flat_hand_mean": True, "sha256": dict.fromkeys(SIDES, "0" * 64)},
        "mirrored": False,
        "cleaning": {},
        "conventions": CONVENTIONS,
    }


def intrinsics(**changes: float) -> dict[str, Any]:
    """A 640 x 360 camera with a centred principal point."""
    camera = {"fx": 700.0, "fy": 700.0, "cx": 320.0, "cy": 180.0, "width": 640, "height": 360}
    return camera | {"distortion": [], "source": "given"} | changes


def footage(**changes: Any) -> dict[str, Any]:
    """The default footage, changed."""
    return default_meta()["footage"] | changes


def write_capture(path: Path, arrays: Mapping[str, NDArray]) -> Path:
    """Write arrays as a capture file."""
    np.savez(path, **arrays)
    return path
