"""Measures the whole way from footage to poses on clips whose truth is known exactly.

The open hand, with a forearm, is posed at random within its prior, moved smoothly, drawn over a picture, written as a
video, and captured. Left and right hands get a clip each. Errors are those of the raw poses: nothing is smoothed.
"""

import argparse
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation, RotationSpline

from benchmarks.hand_painter import FINGERS_UP, HandPainter, background
from dahyf_core.arrays import Array, Image
from dahyf_core.camera import Intrinsics, Lens
from dahyf_core.capture import Capture
from dahyf_core.capture.job import CaptureSettings
from dahyf_core.capture.pipeline import capture_footage
from dahyf_core.evaluation.yardsticks.systems import Quiet
from dahyf_core.geometry import angle_between, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.metrics import epe, pa_mpjpe, to_palm_size
from dahyf_core.tracking import TrackingSettings

HEADING = f"{'':44} {'mean':>7} {'median':>7} {'p90':>7}"
"""The line above those of `describe`."""
SIDES: tuple[Side, ...] = ("right", "left")
WIDTH, HEIGHT, RATE = 640, 480, 30
KEY_SECONDS = 0.8
"""Time between two of the random poses that a clip runs through."""


@dataclass(frozen=True)
class Truth:
    """What a clip shows. pose: (T, 16, 3), shape: (T, 10), translation: (T, 3) m, camera frame."""

    pose: Array
    shape: Array
    translation: Array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backgrounds", type=Path, metavar="FOLDER", help="pictures (.jpg) to draw hands over")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the clips stay")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each clip (default 8)")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = arguments.keep or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        for index, side in enumerate(SIDES):
            random = np.random.default_rng((arguments.seed, index))
            backdrop = background(arguments.backgrounds, random, WIDTH, HEIGHT)
            measure_clip(side, folder, backdrop, arguments.seconds, random)


def measure_clip(side: Side, folder: Path, backdrop: Image, seconds: float, random: np.random.Generator) -> None:
    """Draw one clip, capture it and print the errors."""
    model = load_hand_model(side=side)
    truth = random_motion(model, int(seconds * RATE), random)
    intrinsics = Lens().intrinsics(WIDTH, HEIGHT)
    clip = folder / f"synthetic_{side}.mp4"
    write_clip(clip, model, truth, backdrop, intrinsics)
    capture = capture_footage(
        CaptureSettings(clip, tracking=TrackingSettings(max_hands=1)), folder / f"synthetic_{side}.npz", Quiet()
    )
    print_errors(side, capture, model, truth, intrinsics)


def random_motion(model: HandModel, frames: int, random: np.random.Generator) -> Truth:
    """A smooth motion through random poses, mostly facing the camera with the back or the palm of the hand."""
    time = np.arange(frames) / RATE
    keys = np.arange(0, time[-1] + 2 * KEY_SECONDS, KEY_SECONDS)
    prior = model.pose_prior
    bends = random.multivariate_normal(prior.mean, np.linalg.inv(prior.precision), len(keys))
    fingers = PchipInterpolator(keys, np.clip(bends, *model.joint_limits.T))(time)
    facing = (0, np.pi * random.integers(2), 0)
    angles = random.normal(facing, (0.35, 0.5, 0.4), (len(keys), 3))
    root = RotationSpline(keys, Rotation.from_euler("xyz", angles) * FINGERS_UP[model.side])(time)
    pose = np.concatenate([root.as_rotvec()[:, None], fingers.reshape(frames, 15, 3)], axis=1)
    translation = PchipInterpolator(keys, random.uniform((-0.1, 0.0, 0.5), (0.1, 0.12, 0.8), (len(keys), 3)))(time)
    return Truth(pose, np.tile(random.normal(0, 0.7, 10), (frames, 1)), translation)


def write_clip(path: Path, model: HandModel, truth: Truth, backdrop: Image, intrinsics: Intrinsics) -> None:
    """Draw a hand's motion over a picture, frame by frame, into an H.264 video."""
    vertices = model(truth.pose, truth.shape, truth.translation).vertices
    draw = HandPainter(model, intrinsics).draw
    turns = matrix_from_axis_angle(truth.pose[:, 0])
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(RATE), options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for skin, turn in zip(vertices, turns, strict=True):
            picture = backdrop.copy()
            draw(picture, skin, turn)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def print_errors(side: Side, capture: Capture, model: HandModel, truth: Truth, intrinsics: Intrinsics) -> None:
    frames = len(truth.pose)
    found = np.flatnonzero(capture.side == side)
    seen = np.isfinite(capture.raw_translation[found[0], :, 0]) if len(found) else np.zeros(frames, bool)
    print(f"\n{side} hand: seen in {seen.sum()} of {frames} frames, sides found: {', '.join(capture.side) or 'none'}")
    if not seen.any():
        return
    pose, shape, translation = (
        values[found[0], seen] for values in (capture.raw_pose, capture.raw_shape, capture.raw_translation)
    )
    points = model.keypoints(model.skeleton(pose, shape, translation), "own")
    true_points = model.keypoints(model.skeleton(truth.pose, truth.shape, truth.translation), "own")[seen]
    located = model.keypoints(model.skeleton(truth.pose, truth.shape, truth.translation), "mediapipe")[seen]
    turn = angle_between(matrix_from_axis_angle(pose[:, 0]), matrix_from_axis_angle(truth.pose[seen, 0]))
    bends = angle_between(matrix_from_axis_angle(pose[:, 1:]), matrix_from_axis_angle(truth.pose[seen, 1:]))
    wrist, true_wrist = points[:, :1], true_points[:, :1]
    scaled = epe(to_palm_size(points), to_palm_size(true_points))
    print(HEADING)
    print(describe("joints, wrists aligned", "mm", 1e3 * epe(points - wrist, true_points - true_wrist)))
    print(describe("joints, wrists aligned, palms scaled", "mm", scaled))
    print(describe("joints, PA", "mm", 1e3 * pa_mpjpe(points, true_points)))
    print(describe("wrist rotation", "degrees", np.degrees(turn)))
    print(describe("finger rotations", "degrees", np.degrees(bends).mean(axis=1)))
    print(describe("distance from the camera, relative", "%", 100 * np.abs(wrist / true_wrist - 1)[:, 0, 2]))
    projected, true_pixels = intrinsics.project(points), intrinsics.project(true_points)
    print(describe("joints in the picture, projected", "px", epe(projected, true_pixels)))
    joints_2d = capture.raw_joints_2d[found[0], seen]
    print(describe("joints in the picture, located", "px", epe(joints_2d, intrinsics.project(located))))


def describe(name: str, unit: str, values: Array) -> str:
    """One line for a table: mean, median and 90th percentile."""
    return f"{name:44} {values.mean():7.2f} {np.median(values):7.2f} {np.percentile(values, 90):7.2f}  {unit}"


if __name__ == "__main__":
    main()
