"""An arm that goes where its hand needs it. No bpy here.

The hand's turn is given, the place of its wrist may be. Four numbers a frame are free: the turn of the upper arm and
the bend of the elbow. The forearm's twist and the wrist's bend follow from them. The motion is chosen that costs least
over all frames together: it stays near the pose that the arm has anyway, keeps wrist, forearm and elbow well within
what humans do (see `human`), and moves evenly. So the hand stays exact, and the arm does not jump.

A search over coarse poses (Viterbi's algorithm) finds the way, Gauss-Newton steps refine it.
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
"""From which share of a joint's range on it costs how much more to go further."""
STRAIGHTEST: Final = (0.05, 0.95)
"""The least and the greatest share of the elbow's range that cost nothing."""

STRAIGHT: Final = 0.02
"""The sine of a bend from which on an elbow tells the plane of its arm."""

SEARCH_FRAMES: Final = 120
"""The most frames that the coarse search looks at."""

STEPS: Final = 20
ENOUGH: Final = 1e-6
"""The share of all costs that a step must save for another one to follow."""
REACH: Final = 0.9995
"""Of an arm's length: how far its hand gets at most, as a straight elbow snaps."""


@dataclass(frozen=True)
class ArmPose:
    """An arm on N frames, in the axes of its armature with the chest at rest.

    shoulder (N, 3). upper (N, 3, 3): how the upper arm is turned from its rest pose, such that the elbow's hinge is
    square to the arm's plane. flexion (N,): how far the elbow is bent beyond its rest pose, in radians.
    """

    shoulder: FloatArray
    upper: FloatArray
    flexion: FloatArray

    def forearm(self, arm: RestArm) -> FloatArray:
        """(N, 3, 3) how the forearm is turned from its rest pose, without a twist of its own."""
        return self.upper @ turns_about(arm.hinge, self.flexion)


@dataclass(frozen=True)
class ArmMotion:
    """A solved arm on N frames, as ArmPose has it.

    upper, forearm, hand (N, 3, 3): turns from the rest pose, the forearm's without its twist. twist (N,): of the
    forearm about its length, at the wrist, against the rest pose, in radians. elbow, wrist (N, 3): places.
    """

    upper: FloatArray
    forearm: FloatArray
    twist: FloatArray
    hand: FloatArray
    elbow: FloatArray
    wrist: FloatArray


def present_pose(arm: RestArm, upper: FloatArray, shoulder: FloatArray, wrist: FloatArray) -> ArmPose:
    """The pose of an arm whose upper arm is turned by upper (N, 3, 3), and whose joints are at these places (N, 3)."""
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
    """What an arm has to do on N frames: from its present pose, for a hand that turns like this (N, 3, 3).

    wrist (N, 3): where the wrist should be, within reach; None if it may be anywhere. weight: what missing it costs.
    """

    arm: RestArm
    present: ArmPose
    hand: FloatArray
    wrist: FloatArray | None = None
    weight: float = PLACE_WEIGHT

    def at(self, rows: NDArray[np.intp]) -> "Task":
        """The same on some of the frames."""
        present = ArmPose(self.present.shoulder[rows], self.present.upper[rows], self.present.flexion[rows])
        wrist = None if self.wrist is None else self.wrist[rows]
        return replace(self, present=present, hand=self.hand[rows], wrist=wrist)


def solved(arm: RestArm, present: ArmPose, hand: FloatArray, wrist: FloatArray | None) -> ArmMotion:
    """The arm's motion for a hand that turns like this (N, 3, 3), and whose wrist is at these places (N, 3) or free.

    A place beyond the arm's reach is brought back towards the shoulder.
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
    """(N, ..., 3, 3) how upper arm and forearm are turned from their rest pose, by values (N, ..., 4)."""
    extra = (slice(None), *[None] * (values.ndim - 2))
    upper = matrices_from_axis_angle(values[..., :3]) @ task.present.upper[extra]
    return upper, upper @ turns_about(task.arm.hinge, task.present.flexion[extra] + values[..., 3])


def reach(arm: RestArm, upper: FloatArray, forearm: FloatArray) -> FloatArray:
    """(..., 3) from the shoulder to the wrist, by the turns (..., 3, 3) of upper arm and forearm."""
    first, second = arm.lengths
    return first * (upper @ arm.upper) + second * (forearm @ arm.forearm)


def easiest_start(task: Task, path: FloatArray, inside: Place, outside: Place) -> FloatArray:
    """(3,) from where a wrist goes a path (N, 3) with least bending: it is one more unknown of the sum of all costs.

    task: without a place of the wrist. path: in the world. inside, outside: points (N, 3) of the world to those of the
    arm, and back.
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
    """(N, 4) and (3,) the step of a motion and of where the wrist's path starts; see `newton_step`.

    moves (N, 3, 3): how the wrist's places go with the start.
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
    """(3,) a start near another one from which the arm reaches all of a path, if there is one; see `easiest_start`."""
    for _ in range(REACHING_TURNS):
        reached = within_reach(task.arm, task.present.shoulder, inside(start + path))
        back = outside(reached) - start - path
        start = start + back.max(axis=0) + back.min(axis=0)
    return start


def in_plane(arm: RestArm, hinge: FloatArray, upper: FloatArray, forearm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Turns (N, 3, 3) of upper arm and forearm that point these ways (N, 3), the elbow's hinge square to both.

    hinge (N, 3): where it points about; it stays so where the arm is straight.
    """
    level = hinge - dot(hinge, upper)[:, None] * upper
    hinge = unit(np.cross(upper, forearm) + STRAIGHT * unit(level))
    turn = frames(upper, unit(hinge - dot(hinge, upper)[:, None] * upper)) @ frames(arm.upper, arm.hinge).T
    bend = np.arccos(np.clip(dot(upper, forearm), -1, 1)) - arm.flexion
    bent = turn @ turns_about(np.tile(arm.hinge, (len(bend), 1)), bend)
    return turn, swing(bent @ arm.forearm, forearm) @ bent


def still(arm: RestArm, present: ArmPose, hand: FloatArray) -> ArmMotion:
    """The motion of an arm that keeps its pose, whatever the hand does."""
    elbow: FloatArray = present.shoulder + arm.lengths[0] * (present.upper @ arm.upper)
    return motion_of(arm, present.upper, present.forearm(arm), elbow, hand)


def motion_of(arm: RestArm, upper: FloatArray, forearm: FloatArray, elbow: FloatArray, hand: FloatArray) -> ArmMotion:
    """What follows from the turns of the arm's parts (N, 3, 3): the hand is kept within what a human's does."""
    along = forearm @ arm.forearm
    bends_to = forearm @ np.cross(arm.hinge, arm.forearm)
    hand = kept_human(arm, along, bends_to, hand)
    twist = np.unwrap(forearm_twist(arm, along, bends_to, hand)) - arm.twist
    twist = twist - 2 * np.pi * np.round(np.median(twist) / (2 * np.pi))
    return ArmMotion(upper, forearm, twist, hand, elbow, elbow + arm.lengths[1] * along)


def within_reach(arm: RestArm, shoulder: FloatArray, wrist: FloatArray) -> FloatArray:
    """Places (N, 3) of a wrist, those that the arm cannot reach moved to the nearest that it can."""
    first, second = arm.lengths
    nearest = np.sqrt(first**2 + second**2 + 2 * first * second * np.cos(ELBOW_FLEXION))
    off = wrist - shoulder
    distance = np.linalg.norm(off, axis=-1, keepdims=True)
    return shoulder + off / np.maximum(distance, 1e-9) * np.clip(distance, nearest, REACH * (first + second))


def nearest_elbow(arm: RestArm, shoulder: FloatArray, elbow: FloatArray, wrist: FloatArray) -> FloatArray:
    """(N, 3) where the elbow is nearest to `elbow` of all that the lengths of upper arm and forearm allow."""
    first, second = arm.lengths
    axis, distance = unit(wrist - shoulder), np.linalg.norm(wrist - shoulder, axis=-1)
    along = (first**2 - second**2 + distance**2) / (2 * distance)
    aside = np.sqrt(np.maximum(first**2 - along**2, 0))
    off = elbow - shoulder
    off = off - dot(off, axis)[:, None] * axis
    off = off / np.maximum(np.linalg.norm(off, axis=-1, keepdims=True), 1e-12)
    return shoulder + along[:, None] * axis + aside[:, None] * off


def costs(task: Task, values: FloatArray) -> FloatArray:
    """(..., R) what a pose costs on one frame: the sum of their squares. values (N, ..., 4): see the module."""
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
    """How far values are beyond a limit; 0 for those within."""
    return np.maximum(values - limit, 0)


def searched(task: Task) -> FloatArray:
    """(N, 4) a coarse motion of least cost, by Viterbi's algorithm on some frames, straight in between."""
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
    """(N, K, 4) poses all around the present one."""
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
    """(N, K, 4) the poses in which the wrist is where it should be: the elbow all around."""
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
    """(..., 3, 3) columns: unit vectors (..., 3) at a right angle, and the one square to both."""
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def refined(task: Task, values: FloatArray) -> FloatArray:
    """(N, 4) the motion of least cost near another, by Gauss-Newton steps over all frames at once."""
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
    """What a motion (N, 4) costs: its poses, and the steps between them."""
    steps = STEADY_WEIGHT * np.diff(values, axis=0)
    return float((costs(task, values) ** 2).sum() + (steps**2).sum())


def newton_step(task: Task, values: FloatArray, damping: float) -> FloatArray:
    """(N, 4) the step to the least of the costs, each taken as linear near `values`."""
    square, right, _, _ = normal_equations(task, values, damping)
    return chain_solution(square, -(STEADY_WEIGHT**2), right[..., None])[..., 0]


def normal_equations(
    task: Task, values: FloatArray, damping: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """What a step solves: blocks (N, 4, 4) on the diagonal, right side (N, 4); slopes (N, 4, R) and costs (N, R)."""
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
    """(N, D, K) what solves blocks (N, D, D) on the diagonal with `beside` times the identity next to them.

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
