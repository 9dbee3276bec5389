"""Solving an arm for its hand. No bpy here.

The hand's rotation is given, and possibly the wrist's position. Four numbers per frame are free: the rotation of the
upper arm (3) and the flexion of the elbow (1). Forearm twist and wrist bend follow from them. The solved motion has the
least cost over all frames together: it stays near the arm's present pose, keeps wrist, forearm and elbow well within a
human's range (see `human_limits`), and moves smoothly. So the hand stays exact, and the arm does not jump.

A search over coarse poses (Viterbi's algorithm) finds an initial motion, and Gauss-Newton steps refine it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..rotations import FloatArray, axis_angle_from_matrices, matrices_from_axis_angle, swing, turns_about, unit
from .human_limits import ELBOW_FLEXION, FOREARM_TWIST, RestArm, bend_shares, dot, forearm_twist, kept_human, wrist_bend

Place = Callable[[FloatArray], FloatArray]

UPPER_WEIGHT: Final = 0.8
ELBOW_WEIGHT: Final = 0.35
WRIST_WEIGHT: Final = 1.0
TWIST_WEIGHT: Final = 0.3
LIMIT_WEIGHT: Final = 12.0
STEADY_WEIGHT: Final = 1.5
PLACE_WEIGHT: Final = 200.0
REACHING_TURNS: Final = 20
RANGE_WEIGHTS: Final = ((12.0, 0.8), (80.0, 0.97))
"""Weights of extra costs, each with the share of a joint's range from which on it applies."""
STRAIGHTEST: Final = (0.05, 0.95)
"""The shares of the elbow's range between which its flexion costs nothing."""

STRAIGHT: Final = 0.02
"""Sine of the elbow's bend below which the arm's plane comes mostly from the hinge."""

SEARCH_FRAMES: Final = 120
"""Most frames of the coarse search."""

STEPS: Final = 20
ENOUGH: Final = 1e-6
"""Relative decrease of the cost below which the refinement stops."""
REACH: Final = 0.9995
"""Farthest reach as a fraction of the arm's length. A fully straight elbow would snap."""


@dataclass(frozen=True)
class ArmPose:
    """An arm on N frames, in the axes of its armature with the chest at rest.

    shoulder (N, 3). upper (N, 3, 3): rotation of the upper arm from its rest pose, with the elbow's hinge perpendicular
    to the arm's plane. flexion (N,): angle of the elbow minus its angle at rest, in radians.
    """

    shoulder: FloatArray
    upper: FloatArray
    flexion: FloatArray

    def forearm(self, arm: RestArm) -> FloatArray:
        """(N, 3, 3) rotation of the forearm from its rest pose, without its own twist."""
        return self.upper @ turns_about(arm.hinge, self.flexion)


@dataclass(frozen=True)
class ArmMotion:
    """A solved arm on N frames, in the axes of ArmPose.

    upper, forearm, hand (N, 3, 3): rotations from the rest pose, the forearm's without its twist. twist (N,): twist of
    the forearm at the wrist, relative to the rest pose, in radians. elbow, wrist (N, 3): positions.
    """

    upper: FloatArray
    forearm: FloatArray
    twist: FloatArray
    hand: FloatArray
    elbow: FloatArray
    wrist: FloatArray


def present_pose(arm: RestArm, upper: FloatArray, shoulder: FloatArray, wrist: FloatArray) -> ArmPose:
    """The pose of an arm with this rotation of its upper arm (N, 3, 3) and these joint positions (N, 3)."""
    along = upper @ arm.upper
    forearm = unit(wrist - shoulder - arm.lengths[0] * along)
    flexion = np.arccos(np.clip(dot(along, forearm), -1, 1))
    hinge = upper @ arm.hinge
    plane = np.cross(along, forearm)
    turn = np.arctan2(dot(along, np.cross(hinge, plane)), dot(hinge, plane))
    bent = np.clip((np.linalg.norm(plane, axis=-1) - 0.05) / 0.1, 0, 1)
    return ArmPose(shoulder, turns_about(along, turn * bent) @ upper, flexion - arm.flexion)


@dataclass(frozen=True)
class Task:
    """The problem to solve for an arm on N frames.

    present: its present pose. hand (N, 3, 3): rotation of the hand from its rest pose. wrist (N, 3): target position of
    the wrist, within reach; None if free. weight: cost of missing that position.
    """

    arm: RestArm
    present: ArmPose
    hand: FloatArray
    wrist: FloatArray | None = None
    weight: float = PLACE_WEIGHT

    def at(self, rows: NDArray[np.intp]) -> "Task":
        """The task on some of its frames."""
        present = ArmPose(self.present.shoulder[rows], self.present.upper[rows], self.present.flexion[rows])
        wrist = None if self.wrist is None else self.wrist[rows]
        return replace(self, present=present, hand=self.hand[rows], wrist=wrist)


def solved(arm: RestArm, present: ArmPose, hand: FloatArray, wrist: FloatArray | None) -> ArmMotion:
    """The arm's motion for these hand rotations (N, 3, 3) and wrist positions (N, 3), or None for a free wrist.

    A position out of reach is moved towards the shoulder.
    """
    target = None if wrist is None else within_reach(arm, present.shoulder, wrist)
    task = Task(arm, present, hand, target)
    values = refined(task, searched(task))
    upper, forearm = turned(task, values)
    elbow: FloatArray = present.shoulder + arm.lengths[0] * (upper @ arm.upper)
    if target is not None:
        elbow = nearest_elbow(arm, present.shoulder, elbow, target)
        upper, forearm = in_plane(arm, upper @ arm.hinge, unit(elbow - present.shoulder), unit(target - elbow))
    return motion_of(arm, upper, forearm, elbow, hand)


def turned(task: Task, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N, ..., 3, 3) rotations of upper arm and forearm from their rest pose, for values (N, ..., 4)."""
    extra = (slice(None), *[None] * (values.ndim - 2))
    upper = matrices_from_axis_angle(values[..., :3]) @ task.present.upper[extra]
    return upper, upper @ turns_about(task.arm.hinge, task.present.flexion[extra] + values[..., 3])


def reach(arm: RestArm, upper: FloatArray, forearm: FloatArray) -> FloatArray:
    """(..., 3) the vector from shoulder to wrist, for rotations (..., 3, 3) of upper arm and forearm."""
    first, second = arm.lengths
    return first * (upper @ arm.upper) + second * (forearm @ arm.forearm)


def easiest_start(task: Task, path: FloatArray, inside: Place, outside: Place) -> FloatArray:
    """(3,) the start of a wrist's path (N, 3) at which the arm bends least: one more unknown of the total cost.

    task: without wrist positions. path: in world space, relative to its start. inside, outside: functions from points
    (N, 3) in world space to the arm's axes, and back.
    """
    values = refined(task, searched(task))
    upper, forearm = turned(task, values)
    start = (outside(task.present.shoulder + reach(task.arm, upper, forearm)) - path).mean(axis=0)
    moves = np.stack([inside(path + axis) - inside(path) for axis in np.eye(3)], axis=-1)
    task = replace(task, wrist=inside(start + path))
    now, damping = total_cost(task, values), 1e-3
    for _ in range(STEPS):
        step, further = step_with_start(task, values, damping, moves)
        tried = replace(task, wrist=inside(start + further + path))
        after = total_cost(tried, values + step)
        if after < now:
            task, values, start = tried, values + step, start + further
            if now - after < ENOUGH * now:
                break
            now, damping = after, max(damping / 5, 1e-6)
        else:
            damping *= 10
    return np.asarray(start)


def step_with_start(task: Task, values: FloatArray, damping: float, moves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(N, 4) and (3,) the step of a motion and of the start of the wrist's path; see `newton_step`.

    moves (N, 3, 3): derivative of the wrist's positions with respect to the start.
    """
    square, right, slopes, found = normal_equations(task, values, damping)
    pull = -task.weight / sum(task.arm.lengths) * moves
    shared = slopes[..., -3:] @ pull
    both = chain_solution(square, -(STEADY_WEIGHT**2), np.concatenate([right[..., None], shared], axis=-1))
    alone, along = both[..., 0], both[..., 1:]
    ours = np.einsum("nij,nik->jk", pull, pull) - np.einsum("nij,nik->jk", shared, along)
    rest = -np.einsum("nij,ni->j", pull, found[:, -3:]) - np.einsum("nij,ni->j", shared, alone)
    further = np.linalg.solve(ours + damping * np.eye(3), rest)
    return alone - along @ further, further


def reachable_start(task: Task, start: FloatArray, path: FloatArray, inside: Place, outside: Place) -> FloatArray:
    """(3,) a start near `start` from which the arm reaches the whole path, if one exists; see `easiest_start`."""
    for _ in range(REACHING_TURNS):
        reached = within_reach(task.arm, task.present.shoulder, inside(start + path))
        back = outside(reached) - start - path
        start = start + back.max(axis=0) + back.min(axis=0)
    return start


def in_plane(arm: RestArm, hinge: FloatArray, upper: FloatArray, forearm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rotations (N, 3, 3) of upper arm and forearm in these directions (N, 3), with the hinge perpendicular to both.

    hinge (N, 3): its approximate direction, which is kept where the arm is straight.
    """
    level = hinge - dot(hinge, upper)[:, None] * upper
    hinge = unit(np.cross(upper, forearm) + STRAIGHT * unit(level))
    turn = frames(upper, unit(hinge - dot(hinge, upper)[:, None] * upper)) @ frames(arm.upper, arm.hinge).T
    bend = np.arccos(np.clip(dot(upper, forearm), -1, 1)) - arm.flexion
    bent = turn @ turns_about(np.tile(arm.hinge, (len(bend), 1)), bend)
    return turn, swing(bent @ arm.forearm, forearm) @ bent


def still(arm: RestArm, present: ArmPose, hand: FloatArray) -> ArmMotion:
    """The motion of an arm that keeps its pose. Only the hand moves."""
    elbow: FloatArray = present.shoulder + arm.lengths[0] * (present.upper @ arm.upper)
    return motion_of(arm, present.upper, present.forearm(arm), elbow, hand)


def motion_of(arm: RestArm, upper: FloatArray, forearm: FloatArray, elbow: FloatArray, hand: FloatArray) -> ArmMotion:
    """The motion for rotations (N, 3, 3) of the arm's parts, with the hand limited to a human's range."""
    along = forearm @ arm.forearm
    bends_to = forearm @ np.cross(arm.hinge, arm.forearm)
    hand = kept_human(arm, along, bends_to, hand)
    twist = np.unwrap(forearm_twist(arm, along, bends_to, hand)) - arm.twist
    twist = twist - 2 * np.pi * np.round(np.median(twist) / (2 * np.pi))
    return ArmMotion(upper, forearm, twist, hand, elbow, elbow + arm.lengths[1] * along)


def within_reach(arm: RestArm, shoulder: FloatArray, wrist: FloatArray) -> FloatArray:
    """Wrist positions (N, 3), moved to the nearest reachable one where the arm cannot reach them."""
    first, second = arm.lengths
    nearest = np.sqrt(first**2 + second**2 + 2 * first * second * np.cos(ELBOW_FLEXION))
    off = wrist - shoulder
    distance = np.linalg.norm(off, axis=-1, keepdims=True)
    return shoulder + off / np.maximum(distance, 1e-9) * np.clip(distance, nearest, REACH * (first + second))


def nearest_elbow(arm: RestArm, shoulder: FloatArray, elbow: FloatArray, wrist: FloatArray) -> FloatArray:
    """(N, 3) the elbow positions nearest to `elbow` that the lengths of upper arm and forearm allow."""
    first, second = arm.lengths
    axis, distance = unit(wrist - shoulder), np.linalg.norm(wrist - shoulder, axis=-1)
    along = (first**2 - second**2 + distance**2) / (2 * distance)
    aside = np.sqrt(np.maximum(first**2 - along**2, 0))
    off = elbow - shoulder
    off = off - dot(off, axis)[:, None] * axis
    off = off / np.maximum(np.linalg.norm(off, axis=-1, keepdims=True), 1e-12)
    return shoulder + along[:, None] * axis + aside[:, None] * off


def costs(task: Task, values: FloatArray) -> FloatArray:
    """(..., R) the residuals of a pose on one frame, whose squares sum to its cost. values (N, ..., 4)."""
    arm, present, hand, wrist = task.arm, task.present, task.hand, task.wrist
    extra = (slice(None), *[None] * (values.ndim - 2))
    upper, forearm = turned(task, values)
    flexion = present.flexion[extra] + values[..., 3]
    along, hand = forearm @ arm.forearm, hand[extra]
    bends_to = forearm @ np.cross(arm.hinge, arm.forearm)
    bends = wrist_bend(arm, along, hand)
    share = np.linalg.norm(bend_shares(bends), axis=-1)
    twist = forearm_twist(arm, along, bends_to, hand)
    elbow = (flexion + arm.flexion) / ELBOW_FLEXION
    found = [
        UPPER_WEIGHT * values[..., :3],
        ELBOW_WEIGHT * values[..., 3:],
        WRIST_WEIGHT * bends,
        TWIST_WEIGHT * twist[..., None],
        *(
            weight * beyond(each, limit)[..., None]
            for weight, limit in RANGE_WEIGHTS
            for each in (share, np.abs(twist) / FOREARM_TWIST)
        ),
        *(LIMIT_WEIGHT * beyond(each, 0)[..., None] for each in (elbow - STRAIGHTEST[1], STRAIGHTEST[0] - elbow)),
    ]
    if wrist is not None:
        place = present.shoulder[extra] + reach(arm, upper, forearm)
        found.append(task.weight / sum(arm.lengths) * (place - wrist[extra]))
    return np.concatenate(found, axis=-1)


def beyond(values: FloatArray, limit: float) -> FloatArray:
    """The amounts by which values exceed a limit; 0 within it."""
    return np.maximum(values - limit, 0)


def searched(task: Task) -> FloatArray:
    """(N, 4) a coarse motion of least cost: Viterbi's algorithm on some frames, linear interpolation between them."""
    count = len(task.hand)
    rows = np.unique(np.linspace(0, count - 1, min(count, SEARCH_FRAMES)).round().astype(int))
    some = task.at(rows)
    if some.wrist is None:
        poses = spread_poses(some.arm, some.present)
    else:
        poses = swivelled_poses(some.arm, some.present, some.wrist)
    each = (costs(some, poses) ** 2).sum(axis=-1)
    best, came_from = each[0], []
    steadiness = STEADY_WEIGHT**2 * len(rows) / count
    for before, after, cost in zip(poses[:-1], poses[1:], each[1:], strict=True):
        way = best[:, None] + steadiness * ((before[:, None] - after[None]) ** 2).sum(axis=-1)
        came_from.append(way.argmin(axis=0))
        best = cost + way.min(axis=0)
    picked = [int(best.argmin())]
    for origin in reversed(came_from):
        picked.append(int(origin[picked[-1]]))
    found = poses[np.arange(len(rows)), picked[::-1]]
    return np.stack([np.interp(np.arange(count), rows, column) for column in found.T], axis=1)


def spread_poses(arm: RestArm, present: ArmPose) -> FloatArray:
    """(N, K, 4) candidate poses around the present one."""
    along = arm.upper
    axes = np.stack([along, arm.hinge, np.cross(along, arm.hinge)])
    turns = np.radians(np.stack(np.meshgrid((-80, -40, 0, 40, 80), (-50, 0, 50), (-50, 0, 50)), -1).reshape(-1, 3))
    turned = np.einsum("nij,kj->nki", present.upper, turns @ axes)
    flexions = np.radians((5, 35, 65, 95, 125)) - arm.flexion
    bends = flexions[None] - present.flexion[:, None]
    shape = (len(bends), len(turns), len(flexions))
    poses = np.empty((*shape, 4))
    poses[..., :3] = turned[:, :, None]
    poses[..., 3] = bends[:, None]
    return poses.reshape(shape[0], -1, 4)


def swivelled_poses(arm: RestArm, present: ArmPose, wrist: FloatArray) -> FloatArray:
    """(N, K, 4) candidate poses with the wrist at its target, and the elbow swivelled around."""
    axis = unit(wrist - present.shoulder)
    aside = unit(np.cross(axis, np.eye(3)[np.argmin(np.abs(axis), axis=-1)]))
    around = turns_about(axis[:, None], np.radians(np.arange(0, 360, 10))[None])
    poses = np.empty((len(axis), around.shape[1], 4))
    for index in range(around.shape[1]):
        off = np.einsum("nij,nj->ni", around[:, index], aside)
        elbow = nearest_elbow(arm, present.shoulder, present.shoulder + off, wrist)
        along, forearm = unit(elbow - present.shoulder), unit(wrist - elbow)
        hinge = unit(np.cross(off, axis))
        upper = frames(along, hinge) @ frames(arm.upper, arm.hinge).swapaxes(-1, -2)
        poses[:, index, :3] = axis_angle_from_matrices(upper @ present.upper.swapaxes(-1, -2))
        flexion = np.arccos(np.clip(dot(along, forearm), -1, 1)) - arm.flexion
        poses[:, index, 3] = flexion - present.flexion
    return poses


def frames(first: FloatArray, second: FloatArray) -> FloatArray:
    """(..., 3, 3) with columns: two perpendicular unit vectors (..., 3), and their cross product."""
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def refined(task: Task, values: FloatArray) -> FloatArray:
    """(N, 4) the motion of least cost near `values`, by Gauss-Newton steps over all frames at once."""
    now, damping = total_cost(task, values), 1e-3
    for _ in range(STEPS):
        step = newton_step(task, values, damping)
        after = total_cost(task, values + step)
        if after < now:
            values = values + step
            if now - after < ENOUGH * now:
                break
            now, damping = after, max(damping / 5, 1e-6)
        else:
            damping *= 10
    return values


def total_cost(task: Task, values: FloatArray) -> float:
    """The total cost of a motion (N, 4): its poses, and the changes between frames."""
    steps = STEADY_WEIGHT * np.diff(values, axis=0)
    return float((costs(task, values) ** 2).sum() + (steps**2).sum())


def newton_step(task: Task, values: FloatArray, damping: float) -> FloatArray:
    """(N, 4) the Gauss-Newton step, with residuals linearized at `values`."""
    square, right, _, _ = normal_equations(task, values, damping)
    return chain_solution(square, -(STEADY_WEIGHT**2), right[..., None])[..., 0]


def normal_equations(
    task: Task, values: FloatArray, damping: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The normal equations: diagonal blocks (N, 4, 4), right side (N, 4), Jacobian (N, 4, R) and residuals (N, R)."""
    small = 1e-6
    found = costs(task, values[:, None] + small * np.concatenate([np.zeros((1, 4)), np.eye(4)]))
    slopes, found = (found[:, 1:] - found[:, :1]) / small, found[:, 0]
    neighbours = np.zeros(len(values))
    neighbours[1:] += 1
    neighbours[:-1] += 1
    steady = STEADY_WEIGHT**2
    square = slopes @ slopes.swapaxes(-1, -2) + (damping + steady * neighbours)[:, None, None] * np.eye(4)
    right = -(slopes @ found[..., None])[..., 0]
    differences = steady * np.diff(values, axis=0)
    right[:-1] += differences
    right[1:] -= differences
    return square, right, slopes, found


def chain_solution(diagonal: FloatArray, beside: float, right: FloatArray) -> FloatArray:
    """(N, D, K) the solution of a block-tridiagonal system: diagonal (N, D, D), `beside` * identity next to it.

    right (N, D, K): K right sides.
    """
    inverses, done = np.empty_like(diagonal), np.array(right)
    inverses[0] = np.linalg.inv(diagonal[0])
    for row in range(1, len(right)):
        factor = beside * inverses[row - 1]
        inverses[row] = np.linalg.inv(diagonal[row] - beside * factor)
        done[row] -= factor @ done[row - 1]
    result = np.empty_like(right)
    result[-1] = inverses[-1] @ done[-1]
    for row in range(len(right) - 2, -1, -1):
        result[row] = inverses[row] @ (done[row] - beside * result[row + 1])
    return result
