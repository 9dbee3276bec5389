"""Curves of any length with few points, that look the same."""

import numpy as np
from numpy.typing import NDArray


def thin(values: NDArray[np.floating], bins: int) -> NDArray[np.intp]:
    """Indices, increasing, of at most 3 * bins of the values (T,): the least, the greatest and one NaN of each bin.

    What is drawn through them keeps the peaks and the gaps of the whole curve. All indices where T is small enough.
    """
    indices = np.arange(len(values))
    if len(values) <= 3 * bins:
        return indices
    return np.concatenate([_extremes(part, values[part]) for part in np.array_split(indices, bins)])


def _extremes(indices: NDArray[np.intp], values: NDArray[np.floating]) -> NDArray[np.intp]:
    absent = np.isnan(values)
    chosen = indices[absent][:1].tolist()
    if not absent.all():
        chosen += [indices[np.nanargmin(values)], indices[np.nanargmax(values)]]
    return np.unique(chosen)
