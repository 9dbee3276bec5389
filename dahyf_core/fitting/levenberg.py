"""Levenberg-Marquardt for many small problems at once.

This is our own code because scipy's `least_squares` solves one problem per call. Here thousands of hands with 58
unknowns each are solved in batches, by normal equations with a known block structure.
"""

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.fitting.problem import Problem
from dahyf_core.fitting.unknowns import OWN, Unknowns

FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-7, 1e4
EASED, TIGHTENED = 0.2, 5.0
"""Factors of the damping after a step that lowered the cost, and after one that did not."""
FLOOR = 1e-9
"""Smallest curvature. It keeps unknowns without effect in place."""


def minimise(problem: Problem, start: Unknowns) -> tuple[Unknowns, Array]:
    """Lower each hand's cost from its start. Returns the final unknowns and their costs (N,).

    A hand leaves the iteration when it has converged (FitSettings.tolerance), which saves time.
    """
    settings = problem.settings
    unknowns, cost = start, problem.cost(start)
    damping = np.full(len(problem), FIRST_DAMPING)
    active = np.arange(len(problem))
    for _ in range(settings.iterations):
        here, now = problem[active], unknowns[active]
        matrix, gradient = here.linearise(now)
        moved = now.moved(_solve_damped(matrix, gradient, damping[active]))
        new_cost = here.cost(moved)
        better = new_cost < cost[active]
        done = better & (cost[active] - new_cost < settings.tolerance * cost[active])
        unknowns = unknowns.replaced(active[better], moved[better])
        cost[active[better]] = new_cost[better]
        factor = np.where(better, EASED, TIGHTENED)
        damping[active] = np.clip(damping[active] * factor, LEAST_DAMPING, MOST_DAMPING)
        active = active[~done & (damping[active] < MOST_DAMPING)]
        if not len(active):
            break
    return unknowns, cost


def minimise_shared(problem: Problem, start: Unknowns) -> tuple[Unknowns, Array]:
    """Like `minimise`, for hands with a common shape, which is the same in all rows of `start` and of the result."""
    settings = problem.settings
    unknowns, cost = start, problem.cost(start)
    damping = FIRST_DAMPING
    for _ in range(settings.iterations):
        matrix, gradient = problem.linearise(unknowns)
        moved = unknowns.moved(_solve_shared(matrix, gradient, damping))
        new_cost = problem.cost(moved)
        gain = 1.0 - new_cost.sum() / cost.sum()
        if gain > 0:
            unknowns, cost = moved, new_cost
        damping = float(np.clip(damping * (EASED if gain > 0 else TIGHTENED), LEAST_DAMPING, MOST_DAMPING))
        if 0 < gain < settings.tolerance or damping >= MOST_DAMPING:
            break
    return unknowns, cost


def _solve_damped(matrix: Array, gradient: Array, damping: Array | float) -> Array:
    """Steps (N, size)."""
    return np.linalg.solve(_damped(matrix, damping), -gradient[..., None])[..., 0]


def _solve_shared(matrix: Array, gradient: Array, damping: float) -> Array:
    """Steps (N, size) whose last columns, the shape, are the same for all: the hands' own unknowns are eliminated."""
    matrix = _damped(matrix, damping)
    right = np.concatenate([gradient[:, :OWN, None], matrix[:, :OWN, OWN:]], axis=-1)
    eliminated = np.linalg.solve(matrix[:, :OWN, :OWN], right)
    reduced = matrix[:, OWN:, OWN:] - matrix[:, OWN:, :OWN] @ eliminated[..., 1:]
    remaining = gradient[:, OWN:] - (matrix[:, OWN:, :OWN] @ eliminated[..., :1])[..., 0]
    shape = np.linalg.solve(reduced.sum(axis=0), -remaining.sum(axis=0))
    own = -eliminated[..., 0] - eliminated[..., 1:] @ shape
    return np.concatenate([own, np.broadcast_to(shape, (len(own), len(shape)))], axis=-1)


def _damped(matrix: Array, damping: Array | float) -> Array:
    """Marquardt's rule: the diagonal grown by a factor."""
    damped = matrix.copy()
    diagonal = np.arange(matrix.shape[-1])
    damping = np.asarray(damping)[..., None]
    damped[:, diagonal, diagonal] += damping * damped[:, diagonal, diagonal] + FLOOR
    return damped
