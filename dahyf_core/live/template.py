"""A capture of one frame with both hands at rest, from which programs build the rigs that live hands move."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import save_capture
from dahyf_core.capture.assembly import assemble_capture
from dahyf_core.capture.record import CaptureSource, FootageRecord, HandModelRecord
from dahyf_core.cleaning import CleaningSettings, RawHand
from dahyf_core.hand_model import Side, load_hand_models

PLACES: dict[Side, tuple[float, float, float]] = {"right": (-0.12, 0.0, 0.5), "left": (0.12, 0.0, 0.5)}
"""Where the hands are, m, camera frame."""
RATE = Fraction(30)


def write_template(path: Path, source_name: str, intrinsics: Intrinsics) -> None:
    """Write the template of the hands in a live camera's picture. Raises OutputError."""
    models = load_hand_models()
    hands = []
    for side, place in PLACES.items():
        pose, shape, translation = np.zeros((1, 16, 3)), np.zeros((1, 10)), np.array([place])
        model = models[side]
        joints = model.keypoints(model.skeleton(pose, shape, translation), "mediapipe")
        points = intrinsics.project(joints.reshape(-1, 3)).reshape(1, 21, 2)
        box = np.array([[*points[0].mean(axis=0), np.ptp(points[0], axis=0).max(), 0.0]])
        hands.append(RawHand(side, box, points, points, pose, shape, translation, np.ones(1)))
    size = intrinsics.width, intrinsics.height
    footage = FootageRecord(source_name, "video", "0" * 64, *size, RATE, 0, True)
    source = CaptureSource(footage, intrinsics, "live", HandModelRecord.of(models))
    save_capture(assemble_capture(source, [0], [0.0], hands, models, CleaningSettings()), path)
