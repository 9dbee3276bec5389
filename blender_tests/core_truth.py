"""A script for the core's Python: random hands as a capture file, and their truth as the core poses them.

Usage: python core_truth.py FOLDER CAMERAS_JSON     writes NAME.npz (capture) and NAME.truth.npz for each camera
"""

import json
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import Capture, CaptureSource, FootageRecord, HandModelRecord, save_capture
from dahyf_core.cleaning import CleaningSettings, State
from dahyf_core.hand_model import load_hand_model
from dahyf_core.shared.names import BONE_NAMES

FRAMES = 4
SIDES = ("right", "left")
MODELS = {side: load_hand_model(side=side) for side in SIDES}


def main(folder: Path, cameras: dict[str, dict]) -> None:
    """Write a capture and its truth for each camera."""
    rng = np.random.default_rng(5)
    for name, numbers in cameras.items():
        capture = random_capture(rng, Intrinsics(**numbers | {"distortion": tuple(numbers["distortion"])}))
        save_capture(capture, folder / f"{name}.npz")
        np.savez(folder / f"{name}.truth.npz", **truth(capture))


def random_capture(rng: np.random.Generator, camera: Intrinsics) -> Capture:
    """Both hands, any shape, any wrist rotation, bent fingers, in front of the camera."""
    hands = len(SIDES)
    pose = rng.normal(scale=0.4, size=(hands, FRAMES, 16, 3))
    pose[:, :, 0] = rng.uniform(-2.5, 2.5, size=(hands, FRAMES, 3))
    shape = rng.normal(size=(hands, 10))
    rest = [MODELS[side].rest(numbers) for side, numbers in zip(SIDES, shape, strict=True)]
    unknown = np.zeros((hands, FRAMES))
    right = MODELS["right"]
    return Capture(
        source=source(camera),
        cleaning=CleaningSettings(),
        frame=np.arange(FRAMES),
        time=np.arange(FRAMES) / 25,
        side=np.array(SIDES),
        raw_box=np.zeros((hands, FRAMES, 4)),
        raw_joints_2d=np.zeros((hands, FRAMES, 21, 2)),
        raw_joints_2d_projected=np.zeros((hands, FRAMES, 21, 2)),
        raw_pose=pose,
        raw_shape=np.zeros((hands, FRAMES, 10)),
        raw_translation=np.zeros((hands, FRAMES, 3)),
        raw_confidence=unknown,
        pose=pose,
        shape=shape,
        translation=rng.uniform((-0.1, -0.1, 0.4), (0.1, 0.1, 0.9), size=(hands, FRAMES, 3)),
        confidence=unknown,
        state=np.full((hands, FRAMES), State.OBSERVED),
        joints_2d=np.zeros((hands, FRAMES, 21, 2)),
        joints_3d=np.zeros((hands, FRAMES, 21, 3)),
        rest_vertices=np.array([hand.vertices for hand in rest]),
        rest_joints=np.array([hand.joints for hand in rest]),
        rest_tips=np.array([hand.tips for hand in rest]),
        faces=np.array([MODELS[side].faces for side in SIDES]),
        skin_weights=right.weights,
        parents=right.parents,
        bone_names=np.array(BONE_NAMES),
    )


def source(camera: Intrinsics) -> CaptureSource:
    """A clip that does not exist, filmed by this camera."""
    footage = FootageRecord("/nowhere/clip.mp4", "video", "", camera.width, camera.height, Fraction(25), 0, True)
    model = HandModelRecord("open_hand", {side: model.sha256 for side, model in MODELS.items()})
    return CaptureSource(footage, camera, "random", model)


def truth(capture: Capture) -> dict[str, np.ndarray]:
    """joints (H, T, 16, 3), vertices (H, T, V, 3), pixels (H, T, V, 2), all by the core's own functions."""
    posed = [
        MODELS[side](pose, np.tile(shape, (FRAMES, 1)), translation)
        for side, pose, shape, translation in zip(SIDES, capture.pose, capture.shape, capture.translation, strict=True)
    ]
    vertices = np.array([hand.vertices for hand in posed])
    joints = np.array([hand.joints for hand in posed])
    return {"joints": joints, "vertices": vertices, "pixels": capture.source.intrinsics.project(vertices)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
