"""Tiny copies of public data sets in their official layouts, of hands whose truth is known.

Each writer returns the truth; each picture is of one grey level, by which a test knows it again.
"""

import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dahyf_core.hand_model import HandModel

Array = NDArray[np.float64]

WIDTH, HEIGHT = 96, 64
CAMERA = np.array([[90.0, 0.0, 47.0], [0.0, 92.0, 31.0], [0.0, 0.0, 1.0]])
OPENGL = np.diag([1.0, -1.0, -1.0])


@dataclass(frozen=True)
class Truth:
    """A hand before an OpenCV camera. pose: (16, 3) from the flat hand. bones: (16, 3) m, MANO's order.

    joints: (21, 3) m, FreiHAND's order. vertices: (V, 3) m. level: of its picture.
    """

    pose: Array
    shape: Array
    bones: Array
    joints: Array
    vertices: Array
    level: int = 0


def make_hand(mano: HandModel, seed: int, level: int = 0, depth: float = 0.5) -> Truth:
    """A hand of any pose in the middle of the picture; mano must count poses from the flat hand."""
    rng = np.random.default_rng(seed)
    pose, shape = rng.normal(0.0, 0.3, (16, 3)), rng.normal(0.0, 1.0, 10)
    pose[0] = Rotation.random(random_state=seed).as_rotvec()
    at_origin = mano.keypoints(mano(pose[None], shape[None], np.zeros((1, 3))), "freihand")[0]
    translation = np.array([0.0, 0.0, depth]) - at_origin.mean(axis=0)
    posed = mano(pose[None], shape[None], translation[None])
    joints = mano.keypoints(posed, "freihand")[0]
    return Truth(pose, shape, posed.joints[0], joints, posed.vertices[0], level)


def write_picture(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((HEIGHT, WIDTH, 3), level, np.uint8))


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def freihand_parameters(hand: Truth, mano: HandModel) -> Array:
    """(61,) pose relative to the mean pose, shape, and the root's image and scale, which nobody needs."""
    pose = hand.pose.copy()
    pose[1:] -= mano.mean_pose.reshape(15, 3)
    return np.concatenate([pose.ravel(), hand.shape, [50.0, 30.0, 700.0]])


def write_freihand(folder: Path, mano: HandModel, split: str = "training") -> list[Truth]:
    """Three hands, before four backgrounds each in the training set; levels are 10 times the number of the file."""
    hands = [make_hand(mano, seed) for seed in range(3)]
    write_json(folder / f"{split}_K.json", [CAMERA.tolist()] * 3)
    write_json(folder / f"{split}_xyz.json", [hand.joints.tolist() for hand in hands])
    write_json(folder / f"{split}_verts.json", [hand.vertices.tolist() for hand in hands])
    write_json(folder / f"{split}_mano.json", [[freihand_parameters(hand, mano).tolist()] for hand in hands])
    for number in range(12 if split == "training" else 3):
        write_picture(folder / split / "rgb" / f"{number:08d}.jpg", 10 * number)
    return hands


def write_ho3d(folder: Path, mano: HandModel, suffix: str) -> dict[str, list[Truth]]:
    """A training set of two cameras of one sequence and one of another, and an evaluation set, of one hand each."""
    names = {"train": ["ABF10/0000", "ABF11/0001", "MC2/0103"], "evaluation": ["SM1/0000", "MPM10/0003"]}
    truth = {}
    for split, lines in names.items():
        hands = [make_hand(mano, seed, 20 * seed) for seed in range(len(lines))]
        (folder / split).mkdir(parents=True, exist_ok=True)
        (folder / f"{split}.txt").write_text("".join(f"{line}\n" for line in lines))
        for line, hand in zip(lines, hands, strict=True):
            sequence, number = line.split("/")
            write_picture(folder / split / sequence / "rgb" / f"{number}{suffix}", hand.level)
            path = folder / split / sequence / "meta" / f"{number}.pkl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pickle.dumps(_ho3d_meta(hand, split), protocol=2))
        truth[split] = hands
    return truth


def ho3d_joints(hand: Truth) -> Array:
    """(21, 3) the 16 joints of MANO, then the tips from thumb to pinky, before an OpenGL camera."""
    return np.concatenate([hand.bones, hand.joints[[4, 8, 12, 16, 20]]]) @ OPENGL


def _ho3d_meta(hand: Truth, split: str) -> dict[str, object]:
    meta = {"camMat": CAMERA, "objName": "006_mustard_bottle", "objLabel": 5, "objRot": np.zeros((3, 1))}
    if split == "evaluation":
        points = hand.joints @ CAMERA.T
        pixels = points[:, :2] / points[:, 2:]
        box = [float(value) for value in (*pixels.min(axis=0), *pixels.max(axis=0))]
        return {**meta, "handJoints3D": ho3d_joints(hand)[0], "handBoundingBox": box}
    pose = hand.pose.copy()
    pose[0] = (Rotation.from_matrix(OPENGL) * Rotation.from_rotvec(pose[0])).as_rotvec()
    return {
        **meta,
        "handJoints3D": ho3d_joints(hand),
        "handPose": pose.ravel(),
        "handBeta": hand.shape,
        "handTrans": np.zeros(3),
        "handVertContact": None,
    }


def write_hanco(folder: Path, mano: HandModel) -> Truth:
    """Sequence 0 for training, sequence 1 for test, of one hand, which camera 7 does not see.

    Frames 0 and 1 of each have labels, but that of frame 1 was not checked; frame 2 has none, and in its masks the hand
    is only before camera 0.
    Levels are 100 times the sequence, plus 20 times the frame, plus the camera. Returns the hand as camera 0 sees it.
    """
    hand = make_hand(mano, 5, depth=0.6)
    camera_from_first = [_looking_from(0.4 * camera) for camera in range(7)]
    camera_from_first.append(np.block([[np.diag([-1.0, 1.0, -1.0]), np.zeros((3, 1))], [0.0, 0.0, 0.0, 1.0]]))
    first_from_world = np.eye(4)
    first_from_world[:3, :3], first_from_world[:3, 3] = Rotation.random(random_state=1).as_matrix(), (0.3, -1.0, 2.0)
    world = (hand.joints - first_from_world[:3, 3]) @ first_from_world[:3, :3]
    flags = {"is_train": [[True] * 3, [False] * 3], "has_fit": [[True, True, False]] * 2}
    others = {"is_valid": [[True, False, False]] * 2, "subject_id": [[1] * 3] * 2, "object_id": [[None] * 3] * 2}
    write_json(folder / "meta.json", flags | others)
    for sequence in range(2):
        for frame in range(3):
            name = f"{frame:08d}"
            motions = [(motion @ first_from_world).tolist() for motion in camera_from_first]
            write_json(
                folder / "calib" / f"{sequence:04d}" / f"{name}.json", {"K": [CAMERA.tolist()] * 8, "M": motions}
            )
            if frame < 2:
                write_json(folder / "xyz" / f"{sequence:04d}" / f"{name}.json", world.tolist())
            for camera in range(8):
                place = Path(f"{sequence:04d}") / f"cam{camera}"
                write_picture(folder / "rgb" / place / f"{name}.jpg", 100 * sequence + 20 * frame + camera)
                if sequence == 0:
                    seen = frame < 2 or camera == 0
                    write_picture(folder / "mask_hand" / place / f"{name}.jpg", 250 if seen else 3)
                if frame < 2:
                    turned = _turned(hand, camera_from_first[camera][:3, :3])
                    write_json(folder / "shape" / place / f"{name}.json", freihand_parameters(turned, mano).tolist())
    return hand


def _looking_from(angle: float) -> Array:
    """(4, 4) into a camera that goes around the point at 0.6 m by an angle."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("y", angle).as_matrix()
    pivot = np.array([0.0, 0.0, 0.6])
    matrix[:3, 3] = pivot - matrix[:3, :3] @ pivot
    return matrix


def _turned(hand: Truth, rotation: Array) -> Truth:
    pose = hand.pose.copy()
    pose[0] = (Rotation.from_matrix(rotation) * Rotation.from_rotvec(pose[0])).as_rotvec()
    return Truth(pose, hand.shape, hand.bones, hand.joints, hand.vertices)


def write_rhd(folder: Path, mano: HandModel, split: str = "training") -> dict[str, Truth]:
    """Picture 0 has both hands, picture 7 only the right one, which lacks two fingers. Returns the hands by side."""
    hands = {"left": make_hand(mano, 1), "right": make_hand(mano, 2)}
    tip_first = [0] + [finger + joint for finger in (1, 5, 9, 13, 17) for joint in (3, 2, 1, 0)]
    xyz = np.concatenate([hands["left"].joints[tip_first], hands["right"].joints[tip_first]])
    pixels = xyz @ CAMERA.T
    seen = np.ones((2, 42))
    seen[1, :21] = 0
    seen[1, [21 + finger + joint for finger in (5, 9) for joint in range(4)]] = 0
    labels = {
        number: {
            "K": CAMERA,
            "uv_vis": np.column_stack([pixels[:, :2] / pixels[:, 2:], visible]),
            "xyz": xyz,
        }
        for number, visible in zip((0, 7), seen, strict=True)
    }
    for number in labels:
        write_picture(folder / split / "color" / f"{number:05d}.png", 10 * number)
    (folder / split / f"anno_{split}.pickle").write_bytes(pickle.dumps(labels, protocol=2))
    return hands


def write_coco(folder: Path, split: str = "val") -> Array:
    """Two people in one picture; of the first the left hand is valid, of the second, a crowd, both. (21, 3) x, y, v."""
    keypoints = np.column_stack([np.arange(21) * 3.0, np.arange(21) * 2.0, np.full(21, 0.4)])
    keypoints[[4, 8]] = 0.0
    hand = keypoints.ravel().tolist()
    person = {"image_id": 42, "lefthand_kpts": hand, "righthand_kpts": [0.0] * 63, "lefthand_valid": True}
    people = [
        {**person, "righthand_valid": False, "iscrowd": 0},
        {**person, "righthand_valid": True, "iscrowd": 1},
    ]
    images = [{"id": 42, "file_name": "000000000042.jpg", "width": WIDTH, "height": HEIGHT}]
    write_json(folder / "annotations" / f"coco_wholebody_{split}_v1.0.json", {"images": images, "annotations": people})
    write_picture(folder / f"{split}2017" / "000000000042.jpg", 77)
    return keypoints
