"""Assignment of rows to columns at the least cost. SciPy's solver is imported when it is first needed."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import FloatArray


def assigned(costs: FloatArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of (N, M) finite costs that belong together: min(N, M) pairs of the least sum, by row.

    One row or column needs no solver, whose import is slow.
    """
    if min(costs.shape) > 1:
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(costs)
        return rows, columns
    if not costs.size:
        return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp)
    row, column = np.unravel_index(np.argmin(costs), costs.shape)
    return np.array([row]), np.array([column])
