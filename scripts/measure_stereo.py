#!/usr/bin/env python3
"""Measure captures without labels: how far do the poses from two calibrated views of one hand disagree?

FOLDER holds cam0_test.mp4 and cam1_test.mp4, synchronised; c0.dat and c1.dat, each a camera matrix and a distortion;
rot_trans_c0.dat and rot_trans_c1.dat, each with R and T from the world to the camera; and mediapipe_triangulated.npz
with joints `xyz` (frames, 21, 3) in the world and the `good_frames` among them. Each view is captured alone; nothing of
the other, or of the triangulation, is used.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from yardstick import HEADING, Quiet, aligned_distances, describe, distances, to_palm_size

from dahyf_core.camera import Lens
from dahyf_core.capture import Capture, CaptureSettings, capture_footage
from dahyf_core.hand_model import load_hand_model
from dahyf_core.rotations import angle_between, matrix_from_axis_angle

Array = NDArray[np.floating]


@dataclass(frozen=True)
class View:
    """One camera's hand, in the frames in which it was seen. world_to_camera: (3, 3), the rotation alone.

    frame: (N,). wrist: (N, 3, 3) and keypoints: (N, 21, 3) m, in the camera's axes.
    """

    world_to_camera: Array
    frame: NDArray[np.integer]
    wrist: Array
    keypoints: Array


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--cleaned", action="store_true", help="measure poses after gate and smoothing, not the raw ones"
    )
    arguments = parser.parse_args()
    first, second = (read_view(arguments.folder, index, arguments.cleaned) for index in (0, 1))
    print(HEADING)
    print_disagreement(first, second)
    with np.load(arguments.folder / "mediapipe_triangulated.npz", allow_pickle=False) as file:
        print_distance_to_points(first, second, file["xyz"], file["good_frames"])


def print_disagreement(first: View, second: View) -> None:
    """One view against the other, in the frames that both see."""
    _, rows, others = np.intersect1d(first.frame, second.frame, return_indices=True)
    between = second.world_to_camera @ first.world_to_camera.T
    joints, other_joints = to_palm_size(first.keypoints[rows]) @ between.T, to_palm_size(second.keypoints[others])
    turn = np.degrees(angle_between(between @ first.wrist[rows], second.wrist[others]))
    bent, other_bent = to_palm_size(first.keypoints[rows]) @ first.wrist[rows], other_joints @ second.wrist[others]
    print(describe(f"wrist rotation, view to view ({len(rows)} frames)", "degrees", turn))
    print(describe("joints, view to view, wrist heads aligned", "mm", distances(joints, other_joints)))
    print(describe("joints, view to view, wrists aligned", "mm", distances(bent, other_bent)))
    print(describe("joints, view to view, PA", "mm", aligned_distances(joints, other_joints)))


def print_distance_to_points(first: View, second: View, points: Array, good: NDArray[np.integer]) -> None:
    """Both views against triangulated joints (F, 21, 3)."""
    by_wrist, by_all = [], []
    for view in (first, second):
        rows = np.isin(view.frame, good)
        target = to_palm_size(points[view.frame[rows]] @ view.world_to_camera.T)
        joints = to_palm_size(view.keypoints[rows])
        by_wrist.append(distances(joints, target))
        by_all.append(aligned_distances(joints, target))
    print(describe("joints to triangulated, wrist heads aligned", "mm", np.concatenate(by_wrist)))
    print(describe("joints to triangulated, PA", "mm", np.concatenate(by_all)))


def read_view(folder: Path, index: int, cleaned: bool) -> View:
    """Capture one view of the folder."""
    numbers = _numbers(folder / f"c{index}.dat")
    matrix = np.reshape(numbers[:9], (3, 3))
    pinhole = (matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])
    lens = Lens(pinhole=pinhole, distortion=tuple(numbers[9:14]))
    settings = CaptureSettings(folder / f"cam{index}_test.mp4", lens=lens, max_hands=1)
    with tempfile.TemporaryDirectory() as work:
        capture = capture_footage(settings, Path(work) / "view.npz", Quiet())
    pose, shape, translation = _hand(capture, cleaned)
    seen = np.isfinite(translation).all(axis=1)
    model = load_hand_model(side=str(capture.side[0]))  # type: ignore[arg-type]
    keypoints = model.keypoints(model.skeleton(pose[seen], shape[seen], translation[seen]), "mediapipe")
    rotation = np.reshape(_numbers(folder / f"rot_trans_c{index}.dat")[:9], (3, 3))
    return View(rotation, capture.frame[seen], matrix_from_axis_angle(pose[seen, 0]), keypoints)


def _hand(capture: Capture, cleaned: bool) -> tuple[Array, Array, Array]:
    """Pose (T, 16, 3), shape (T, 10) and translation (T, 3) of the first hand; NaN where it was not seen."""
    if cleaned:
        shape = np.tile(capture.shape[0], (len(capture.frame), 1))
        return capture.pose[0], shape, capture.translation[0]
    return capture.raw_pose[0], capture.raw_shape[0], capture.raw_translation[0]


def _numbers(path: Path) -> list[float]:
    """All numbers of a text file whose other lines are headings."""
    lines = (line.split() for line in path.read_text().splitlines())
    return [float(word) for line in lines for word in line if word.lstrip("-").replace(".", "", 1).isdigit()]


if __name__ == "__main__":
    main()
