"""Captures of made-up hands that move smoothly, for tests of everything that reads captures.

Blender's Python lacks the core's packages: its tests get a file from `python tests/capture_factory.py OUT.npz`.
"""

import argparse
from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from dahyf_core.camera import Intrinsics
from dahyf_core.capture import (
    Capture,
    CaptureSource,
    FootageRecord,
    HandModelRecord,
    assemble_capture,
    save_capture,
)
from dahyf_core.cleaning import CleaningSettings, RawHand
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, load_hand_model

PALM_TO_CAMERA = {
    "right": np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    "left": np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
}
"""Wrist rotations that hold the hand upright before the camera, palm towards it."""


def default_intrinsics(width: int = 1280, height: int = 720) -> Intrinsics:
    """A lens with the focal length of the frame's diagonal."""
    focal = float(np.hypot(width, height))
    return Intrinsics(focal, focal, width / 2, height / 2, width, height)


def make_motion(side: str, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A hand that waves, turns and curls its fingers: pose (T, 16, 3) and translation (T, 3), metres."""
    sign = 1.0 if side == "right" else -1.0
    pose = np.zeros((len(times), 16, 3))
    turn = 0.6 * np.sin(2 * np.pi * times[:, None] * (0.5, 0.35, 0.2) + (0.0, 1.0, 2.0))
    pose[:, 0] = axis_angle_from_matrix(matrix_from_axis_angle(turn) @ PALM_TO_CAMERA[side])
    curl = 0.5 - 0.5 * np.cos(2 * np.pi * times[:, None] * np.repeat((0.5, 0.6, 0.7, 0.8), 3))
    pose[:, 1:13, 2] = sign * 1.1 * curl
    pose[:, 13:, 1] = sign * 0.3 * curl[:, :3]
    right = sign * 0.15 + 0.05 * np.sin(2 * np.pi * 0.4 * times)
    down = 0.08 + 0.03 * np.cos(2 * np.pi * 0.3 * times)
    forward = 0.75 + 0.08 * np.sin(2 * np.pi * 0.25 * times)
    return pose, np.column_stack([right, down, forward])


def make_raw_hand(
    model: HandModel,
    pose: np.ndarray,
    translation: np.ndarray,
    intrinsics: Intrinsics,
    unconfident: Collection[int] = (),
    unseen: Collection[int] = (),
) -> RawHand:
    """What a perfect estimator would say of a pose (T, 16, 3) and translation (T, 3).

    Its shape differs from frame to frame in size, as monocular estimates do; frames may have no confidence, or nothing.
    """
    frames = len(pose)
    shape = np.zeros((frames, 10))
    keypoints = model.keypoints(model.skeleton(pose, shape, translation), "mediapipe")
    joints = intrinsics.project(keypoints)
    low, high = joints.min(axis=1), joints.max(axis=1)
    arrays = {
        "box": np.column_stack([(low + high) / 2, 1.6 * (high - low).max(axis=1), np.zeros(frames)]),
        "joints_2d": joints,
        "joints_2d_projected": joints.copy(),
        "pose": pose.copy(),
        "shape": shape,
        "translation": translation.copy(),
        "confidence": np.full(frames, 0.95),
    }
    arrays["confidence"][list(unconfident)] = 0.1
    for values in arrays.values():
        values[list(unseen)] = np.nan
    return RawHand(side=model.side, **arrays)


def make_capture(
    frames: int = 30,
    sides: Sequence[str] = ("right", "left"),
    rate: Fraction = Fraction(30000, 1001),
    intrinsics: Intrinsics | None = None,
    settings: CleaningSettings | None = None,
    unconfident: Collection[int] = (),
    unseen: Collection[int] = (),
    first_frame: int = 0,
    footage: Path = Path("/footage/clip.mp4"),
    mirrored: bool = False,
) -> Capture:
    """A capture of open hands, one a side named. unconfident and unseen: indices of such frames, for all hands."""
    intrinsics = intrinsics or default_intrinsics()
    models = {side: load_hand_model(side=side) for side in ("left", "right")}
    numbers = first_frame + np.arange(frames)
    times = numbers * float(1 / rate)
    hands = [make_raw_hand(models[side], *make_motion(side, times), intrinsics, unconfident, unseen) for side in sides]
    record = FootageRecord(
        path=str(footage),
        kind="video",
        sha256="0" * 64,
        width=intrinsics.width,
        height=intrinsics.height,
        rate=rate,
        rotation=0,
        has_constant_rate=True,
    )
    source = CaptureSource(record, intrinsics, "made up", HandModelRecord.of(models), mirrored)
    return assemble_capture(source, numbers, times, hands, models, settings or CleaningSettings())


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a capture of made-up hands.")
    parser.add_argument("output", type=Path)
    parser.add_argument("--frames", type=int, default=30)
    parser.add_argument("--sides", nargs="*", default=["right", "left"])
    parser.add_argument("--rate", type=Fraction, default=Fraction(30000, 1001))
    parser.add_argument("--size", type=int, nargs=2, default=[1280, 720], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--lens", type=float, nargs=4, metavar=("FX", "FY", "CX", "CY"))
    parser.add_argument("--lost", choices=["hold", "interpolate", "open"], default="interpolate")
    parser.add_argument("--unconfident", type=int, nargs="*", default=[])
    parser.add_argument("--unseen", type=int, nargs="*", default=[])
    parser.add_argument("--footage", type=Path, default=Path("/footage/clip.mp4"))
    args = parser.parse_args()
    capture = make_capture(
        frames=args.frames,
        sides=args.sides,
        rate=args.rate,
        intrinsics=Intrinsics(*args.lens, *args.size) if args.lens else default_intrinsics(*args.size),
        settings=CleaningSettings(lost=args.lost),
        unconfident=args.unconfident,
        unseen=args.unseen,
        footage=args.footage,
    )
    save_capture(capture, args.output)


if __name__ == "__main__":
    main()
