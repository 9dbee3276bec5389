"""Hands of any source as poses and shapes of a hand model, in the camera frame."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.fitting import FitResult, FitSettings, FitTargets, fit
from dahyf_core.geometry import (
    FROM_CAMERA,
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    minimise_reprojection,
    nearest_rotation,
    shortest_rotation,
)
from dahyf_core.hand_model import HandModel
from dahyf_core.imports.motion import Axes, BonesHand, Hand, ManoHand, PointsHand

MANO_WRIST = np.array([0.0957, 0.0064, 0.0062])
"""Head of the right wrist of MANO's mean hand, m, for want of MANO's files. docs/import.md says whence."""
SAME_REST = 0.001
"""Root mean square distance, m, of two rest poses that are the same."""
RIDGE = 1e-4
"""Weight of the shape's prior against squared metres of bones."""
ROUNDS = 5
SHAPE_FRAMES = 200
"""Frames, spread over a clip, in which the shape of a hand is found."""
FEWEST = 10
"""Of 21 points, with which a hand is fitted."""
PALM_BONES = np.array([0, 1, 4, 7, 10, 13])
EXACT = 0.0015
"""Noise of points, m, under which the priors of poses hardly count."""
FAITHFUL = 0.01


@dataclass(frozen=True, eq=False)
class PosedMotion:
    """A hand over T frames, NaN where it is not seen. pose: (T, 16, 3). shape: (T, 10). translation: (T, 3) m.

    is_placed: the translation is the file's, not made up. notes: sentences on what was done.
    """

    pose: Array
    shape: Array
    translation: Array
    is_placed: bool
    notes: tuple[str, ...] = ()


def to_camera(axes: Axes) -> Array:
    """(3, 3) the rotation from a file's axes to x right, y down, z forward."""
    return np.eye(3) if axes == "camera" else FROM_CAMERA[axes].T


def pose_hand(hand: Hand, model: HandModel, axes: Axes, camera: Intrinsics | None, flat: bool | None) -> PosedMotion:
    """The hand as a pose of the model of its side. flat: the user's word on flat_hand_mean. Raises ValueError."""
    turn = to_camera(axes)
    if isinstance(hand, ManoHand):
        return _of_mano(hand, model, turn, flat)
    if isinstance(hand, BonesHand):
        return _of_bones(hand, model, turn)
    return _of_points(hand, model, turn, camera)


def _of_mano(hand: ManoHand, model: HandModel, turn: Array, flat: bool | None) -> PosedMotion:
    notes = []
    is_flat = hand.flat_hand_mean if hand.flat_hand_mean is not None else flat
    if is_flat is None:
        raise ValueError("it does not say whether its zero pose is the flat hand; give --[no-]flat-hand-mean")
    pose = hand.pose.copy()
    if not is_flat:
        if model.name != "mano":
            raise ValueError(
                "its poses are relative to MANO's mean pose, which is in your MANO file; give --hand-model"
            )
        pose[:, 1:] += model.mean_pose.reshape(15, 3)
        notes.append("MANO's mean pose was added to the finger rotations.")
    seen = np.isfinite(pose[:, 0, 0])
    pose[:, 0] = np.where(seen[:, None], axis_angle_from_matrix(turn @ matrix_from_axis_angle(pose[:, 0])), np.nan)
    shape = np.where(seen[:, None], np.zeros(10), np.nan)
    sign = 1.0 if hand.side == "right" else -1.0
    heads: Array = np.tile(MANO_WRIST * (sign, 1.0, 1.0), (len(pose), 1))
    if model.name == "mano":
        shape = shape if hand.shape is None else hand.shape * np.where(seen, 1.0, np.nan)[:, None]
        heads = model.joints[0] + np.nan_to_num(shape) @ model.joint_directions[0].T
    elif hand.points is not None:
        shape[seen] = _shape_of_lengths(hand.points[seen], model)
        notes.append("The hand's shape was fitted to the lengths of its bones, because the hand model is not MANO.")
    elif hand.shape is not None:
        notes.append("The shape was left out, because it is MANO's; give your MANO file with --hand-model to keep it.")
    if hand.points is not None and model.name != "mano":
        heads = hand.points[:, 0]
    elif model.name != "mano" and hand.translation is not None:
        notes.append(
            "The wrist lies where MANO's mean hand has it, up to a centimetre off; --hand-model makes it exact."
        )
    wrist = heads if hand.translation is None else heads + hand.translation
    own = model.joints[0] + np.nan_to_num(shape) @ model.joint_directions[0].T
    if hand.translation is None:
        notes.append("The file has no place of the wrist, so the wrist stays at the origin.")
        wrist = np.zeros_like(wrist)
    translation = np.where(seen[:, None], wrist @ turn.T - own, np.nan)
    return PosedMotion(pose, shape, translation, hand.translation is not None, tuple(notes))


def _shape_of_lengths(points: Array, model: HandModel) -> Array:
    """(10,) whose bones are as long as those between points (N, 21, 3) on average: ridge regression, in rounds."""
    knuckles = (5, 9, 17, 13, 1)  # in the order of MANO's fingers
    pairs = [pair for first in knuckles for pair in ((0, first), (first, first + 1), (first + 1, first + 2))]
    lengths = np.array([np.linalg.norm(points[:, a] - points[:, b], axis=-1).mean() for a, b in pairs])
    bones, parents = np.arange(1, 16), model.parents[1:]
    shape = np.zeros(10)
    for _ in range(ROUNDS):
        rest = model.rest(shape).joints
        steps = rest[bones] - rest[parents]
        units = steps / np.linalg.norm(steps, axis=1, keepdims=True)
        slopes = np.einsum("bi,bis->bs", units, model.joint_directions[bones] - model.joint_directions[parents])
        wanted = lengths - np.linalg.norm(steps, axis=1) + slopes @ shape
        shape = np.linalg.solve(slopes.T @ slopes + RIDGE**2 * np.eye(10), slopes.T @ wanted)
    return shape


def _of_bones(hand: BonesHand, model: HandModel, turn: Array) -> PosedMotion:
    rest = (hand.rest - hand.rest[0]) @ turn.T
    aligned: Array = np.tile(np.eye(3), (16, 1, 1))
    shape: Array = _shape_of_rest(rest, aligned, model)
    notes = ["Rotations are the file's, whose rest pose is MANO's."]
    if _distance(rest, shape, model) > SAME_REST:
        shape = np.zeros(10)
        for _ in range(ROUNDS):
            aligned = _alignment(rest, shape, model)
            shape = _shape_of_rest(rest, aligned, model)
        notes = ["Rotations are the file's; bones of its rest pose were aligned with those of the hand model."]
    worlds = turn @ hand.worlds @ turn.T @ aligned
    parents = worlds[:, model.parents[1:]]
    local = np.concatenate([worlds[:, :1], np.swapaxes(parents, -1, -2) @ worlds[:, 1:]], axis=1)
    frames = len(local)
    translation = hand.wrist @ turn.T - model.rest(shape).joints[0]
    return PosedMotion(axis_angle_from_matrix(local), np.tile(shape, (frames, 1)), translation, True, tuple(notes))


def _distance(rest: Array, shape: Array, model: HandModel) -> float:
    own = model.rest(shape).joints
    return float(np.sqrt(((own - own[0] - rest) ** 2).sum(axis=1).mean()))


def _shape_of_rest(rest: Array, aligned: Array, model: HandModel) -> Array:
    """(10,) whose bones at rest, turned by `aligned` (16, 3, 3), are nearest to those of a rest pose (16, 3)."""
    bones, parents = np.arange(1, 16), model.parents[1:]
    wanted = np.einsum("bji,bj->bi", aligned[parents], rest[bones] - rest[parents])
    wanted = wanted - (model.joints[bones] - model.joints[parents])
    slopes = (model.joint_directions[bones] - model.joint_directions[parents]).reshape(45, 10)
    shape: Array = np.linalg.solve(slopes.T @ slopes + RIDGE**2 * np.eye(10), slopes.T @ wanted.reshape(45))
    return shape


def _alignment(rest: Array, shape: Array, model: HandModel) -> Array:
    """(16, 3, 3) rotations of the model's bones at rest to those of another rest pose (16, 3)."""
    own = model.rest(shape).joints
    own = own - own[0]
    palm = nearest_rotation(rest[PALM_BONES].T @ own[PALM_BONES])
    result = np.tile(palm, (16, 1, 1))
    for first in range(1, 16, 3):
        for bone in (first, first + 1):
            before = result[bone]
            step = shortest_rotation(before @ (own[bone + 1] - own[bone]), rest[bone + 1] - rest[bone])
            result[bone : first + 3] = matrix_from_axis_angle(step) @ before
    return result


def _of_points(hand: PointsHand, model: HandModel, turn: Array, camera: Intrinsics | None) -> PosedMotion:
    source = hand.points if hand.points is not None else hand.pixels
    assert source is not None
    seen: NDArray[np.bool_] = np.isfinite(source[..., 0]).sum(axis=1) >= FEWEST
    points = None if hand.points is None else hand.points[seen] @ turn.T
    pixels = None if hand.pixels is None or camera is None else hand.pixels[seen]
    if points is not None and pixels is not None and camera is not None and not hand.is_placed:
        points = points + minimise_reprojection(points, camera.normalise(pixels))[:, None]
    result = _fitted(hand, model, points, pixels, camera)
    translation: Array = result.translation
    is_placed = hand.is_placed or pixels is not None
    notes = ["The hand model was fitted to the points."]
    if not is_placed:
        notes.append("The points have no place in space, so the wrist stays at the origin.")
        translation = -(model.joints[0] + result.shape @ model.joint_directions[0].T)
    rows = [_spread(values, seen) for values in (result.pose, result.shape, translation)]
    return PosedMotion(rows[0], rows[1], rows[2], is_placed, tuple(notes))


def _fitted(
    hand: PointsHand, model: HandModel, points: Array | None, pixels: Array | None, camera: Intrinsics | None
) -> FitResult:
    """The model fitted to points (N, 21, 3) in the camera frame and to pixels (N, 21, 2), with one shape for all.

    The shape is found in some of the frames, so that long clips need little memory. Pixels alone keep the mean hand.
    """
    is_exact = hand.sigma <= EXACT
    weight = FAITHFUL if is_exact else 1.0
    settings = FitSettings(
        keypoints=hand.keypoints,
        shape="fixed",
        pose_prior=weight,
        shape_prior=weight,
        iterations=60 if is_exact else 30,
        tolerance=1e-6 if is_exact else 1e-4,
    )

    def targets(rows: slice | NDArray[np.intp]) -> FitTargets:
        return FitTargets(
            None if pixels is None else camera,
            None if pixels is None else pixels[rows],
            None if points is None else points[rows],
            sigma_3d=hand.sigma,
            placement="camera",
        )

    if points is None:
        return fit(model, targets(slice(None)), settings)
    some = np.unique(np.linspace(0, len(points) - 1, SHAPE_FRAMES).astype(int))
    shape = fit(model, targets(some), replace(settings, shape="shared")).shape[0]
    return fit(model, targets(slice(None)), settings, shape)


def _spread(values: Array, seen: NDArray[np.bool_]) -> Array:
    result = np.full((len(seen), *values.shape[1:]), np.nan)
    result[seen] = values
    return result


def replaced_camera(hand: PosedMotion, model: HandModel, before: Intrinsics, after: Intrinsics) -> PosedMotion:
    """The hand where another camera sees it at the same pixels."""
    seen = np.isfinite(hand.translation[:, 0])
    posed = model.skeleton(hand.pose[seen], hand.shape[seen], np.zeros((int(seen.sum()), 3)))
    points = model.keypoints(posed, "own")
    rays = after.normalise(before.project(points + hand.translation[seen, None]))
    translation = _spread(minimise_reprojection(points, rays), seen)
    return PosedMotion(hand.pose, hand.shape, translation, hand.is_placed, hand.notes)
