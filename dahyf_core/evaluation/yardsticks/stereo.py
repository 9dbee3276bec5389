"""Measures how far the poses from two calibrated views of one hand disagree, without labels.

The folder holds cam0_test.mp4 and cam1_test.mp4, synchronised; c0.dat and c1.dat, each camera matrix and distortion;
rot_trans_c0.dat and rot_trans_c1.dat, each with R and T from the world to the camera; and mediapipe_triangulated.npz
with joints `xyz` (frames, 21, 3) in the world and the `good_frames` among them: a weak truth, made from MediaPipe's
points in both views. Raw poses are measured, each from its own view only.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.evaluation.yardsticks.inputs import VIEWS, Inputs, file_numbers
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.systems import Motion, System
from dahyf_core.geometry import angle_between
from dahyf_core.metrics import epe, pa_mpjpe, to_palm_size

NAME = "stereo"
FRAMES_ALIKE = 30
"""Frames of one second, whose errors are correlated."""


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Disagreement of the views, and distance to the triangulated joints, in mm for a palm of PALM_MM."""
    turns = [np.reshape(file_numbers(inputs.stereo_folder / f"rot_trans_c{view}.dat")[:9], (3, 3)) for view in (0, 1)]
    with np.load(inputs.stereo_folder / "mediapipe_triangulated.npz", allow_pickle=False) as file:
        points, good = file["xyz"], file["good_frames"]
    for system in systems:
        tell = Teller(NAME, system.name)
        views = [system.follow(inputs.stereo_folder / VIEWS[view], inputs.lens(view)).raw for view in (0, 1)]
        yield tell.share("frames with a hand in both views", views[0].seen & views[1].seen)
        yield from disagreement(tell, views, turns)
        yield from distance_to_points(tell, views, turns, points, good)


def disagreement(tell: Teller, views: list[Motion], turns: list[Array]) -> Iterator[Row]:
    """One view against the other, in frames in which both find the hand. turns: each world to camera (3, 3)."""
    frames = np.flatnonzero(views[0].seen & views[1].seen)
    if not len(frames):
        return
    seconds = frames // FRAMES_ALIKE
    between = turns[1] @ turns[0].T
    wrist, other_wrist = between @ views[0].wrist[frames], views[1].wrist[frames]
    joints, other_joints = (to_palm_size(view.joints[frames]) for view in views)
    joints = joints @ between.T
    yield tell.spread("wrist rotation, view to view", "degrees", np.degrees(angle_between(wrist, other_wrist)), seconds)
    yield tell.spread("joints, view to view, wrist heads aligned", "mm", epe(joints, other_joints), seconds)
    bent, other_bent = joints @ wrist, other_joints @ other_wrist
    yield tell.spread("joints, view to view, wrists aligned", "mm", epe(bent, other_bent), seconds)
    yield tell.spread("joints, view to view, PA", "mm", pa_mpjpe(joints, other_joints), seconds)


def distance_to_points(
    tell: Teller, views: list[Motion], turns: list[Array], points: Array, good: Array
) -> Iterator[Row]:
    """Both views against triangulated joints (F, 21, 3), in the good frames (G,)."""
    by_head, by_all, seconds = [], [], []
    for view, turn in zip(views, turns, strict=True):
        frames = good[view.seen[good]]
        joints, target = to_palm_size(view.joints[frames]), to_palm_size(points[frames] @ turn.T)
        by_head.append(epe(joints, target))
        by_all.append(pa_mpjpe(joints, target))
        seconds.append(frames // FRAMES_ALIKE)
    groups = np.concatenate(seconds)
    yield tell.spread("joints to triangulated, wrist heads aligned", "mm", np.concatenate(by_head), groups)
    yield tell.spread("joints to triangulated, PA", "mm", np.concatenate(by_all), groups)
