"""Finds the rational frame rate of a list of time stamps."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from dahyf_core.shared.limits import RATE, RATE_TERM

DEFAULT_RATE = Fraction(24)
"""Frames per second of footage that has no rate of its own."""

_STANDARD = tuple(
    Fraction(rate) for rate in ("24", "24000/1001", "25", "30", "30000/1001", "48", "50", "60", "60000/1001", "120")
)
_MEANT_DENOMINATORS = (1, 1001)
_HIGHEST_NOMINAL = 240
_ROUNDING = 1.01
"""Largest error in ticks of time stamps that are rounded to ticks and counted from the first."""


def frame_rate(times: NDArray[np.float64], tick: float, stated: list[Fraction]) -> tuple[Fraction, bool]:
    """The rate, and whether it is constant: every frame k at k / rate, up to rounding to the container's tick.

    times: (F,) seconds from the first frame, F at least 1. tick: seconds. stated: the container's rates, the most
    trusted first. Some of them are FFmpeg's measurements on rounded time stamps. So candidates are tried in this order:
    plausible stated rates, standard rates by nearness, the other stated rates. The first that fits all time stamps is
    the constant rate. If none fits, the nominal rate is the first sane stated rate, or else the mean rate.
    """
    stated = [rate for rate in stated if RATE[0] <= rate <= RATE[1]]
    meant = [rate for rate in stated if rate.denominator in _MEANT_DENOMINATORS]
    standard = sorted(_STANDARD, key=lambda rate: abs(rate - stated[0])) if stated else _STANDARD
    for rate in (*meant, *standard, *stated):
        if _fits(times, rate, tick):
            return rate, True
    for rate in stated:
        if rate <= _HIGHEST_NOMINAL:
            return rate, False
    mean = min(max((len(times) - 1) / float(times[-1]), RATE[0]), RATE[1])
    return Fraction(mean).limit_denominator(RATE_TERM if mean < 1 else 1001), False


def _fits(times: NDArray[np.float64], rate: Fraction, tick: float) -> bool:
    ideal = np.arange(len(times)) * (rate.denominator / rate.numerator)
    return bool(np.abs(times - ideal).max() <= _ROUNDING * tick)
