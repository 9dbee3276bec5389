"""The 1 euro filter (Casiez, Roussel and Vogel, CHI 2012) for arrays: still hands stand still, fast ones hardly lag.

This is our own code because packages filter one number at a time. Here the cutoff of a vector depends on its norm.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

DERIVATIVE_HZ = 1.0


class OneEuro:
    """A low-pass filter of vectors (..., D) whose cutoff grows with their speed.

    still_hz: cutoff at rest. gain: Hz by which it grows for each unit a second of the vector's speed.
    """

    def __init__(self, still_hz: float, gain: float) -> None:
        self._still_hz, self._gain = still_hz, gain
        self._time = -np.inf
        self._value: Array | None = None
        self._speed: Array | float = 0.0

    def __call__(self, values: ArrayLike, time: float) -> Array:
        """The filtered vectors at `time`, seconds, which rises; the first come back as they are."""
        values = np.asarray(values, np.float64)
        elapsed = time - self._time
        self._time = time
        if self._value is None or elapsed <= 0:
            self._value = values
            return values
        self._speed = self._speed + share(DERIVATIVE_HZ, elapsed) * ((values - self._value) / elapsed - self._speed)
        speed = np.linalg.norm(self._speed, axis=-1, keepdims=True)
        self._value = self._value + share(self._still_hz + self._gain * speed, elapsed) * (values - self._value)
        return self._value


def share(cutoff: ArrayLike, elapsed: float) -> Array:
    """Weight of a new value in an exponential filter with this cutoff (Hz)."""
    return np.asarray(1 / (1 + 1 / (2 * np.pi * np.asarray(cutoff) * elapsed)))
