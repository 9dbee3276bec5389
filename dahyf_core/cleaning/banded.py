"""Linear equations between neighbours of neighbours."""

import numpy as np

from dahyf_core.cleaning.hand import FloatArray


def solve_pentadiagonal(main: FloatArray, first: FloatArray, second: FloatArray, right: FloatArray) -> FloatArray:
    """X (N, K) of A X = right (N, K), by elimination.

    A: (N, N), symmetric and positive definite, all zeros but for its diagonals main (N,), first (N - 1,) and second
    (N - 2,) off it.
    """
    rows = len(main)
    pivots, near, far = (np.pad(diagonal, (0, rows + 2 - len(diagonal))).tolist() for diagonal in (main, first, second))
    factors = np.zeros((rows, 2))
    solution = np.pad(right, ((0, 2), (0, 0)))
    for row in range(rows):
        factors[row] = by_near, by_far = near[row] / pivots[row], far[row] / pivots[row]
        pivots[row + 1] -= by_near * near[row]
        near[row + 1] -= by_near * far[row]
        pivots[row + 2] -= by_far * far[row]
        solution[row + 1 : row + 3] -= factors[row, :, None] * solution[row]
        solution[row] /= pivots[row]
    for row in reversed(range(rows)):
        solution[row] -= factors[row] @ solution[row + 1 : row + 3]
    return solution[:-2]
