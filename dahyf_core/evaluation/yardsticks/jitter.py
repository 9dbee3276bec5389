"""Measures jitter on clips of one hand, before and after cleaning.

The cleaning filters are zero-phase, so cleaned motion does not lag. The same filters clean MediaPipe's motion.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.evaluation.yardsticks.inputs import Inputs
from dahyf_core.evaluation.yardsticks.rows import Row, Teller
from dahyf_core.evaluation.yardsticks.stereo import FRAMES_ALIKE
from dahyf_core.evaluation.yardsticks.systems import Motion, System
from dahyf_core.geometry import angle_between
from dahyf_core.metrics import acceleration, to_palm_size

NAME = "jitter"
FLIP_DEGREES = 60.0
"""A larger turn of the wrist from one frame to the next is a flip, degrees."""


def measure(systems: Sequence[System], inputs: Inputs) -> Iterator[Row]:
    """Acceleration of joints relative to the wrist, in mm for a palm of PALM_MM, in the camera's axes, and flips."""
    for clip, lens in inputs.clips():
        for system in systems:
            followed = system.follow(clip, lens)
            yield from describe(Teller(NAME, system.name), clip, followed.raw, followed.cleaned)


def describe(tell: Teller, clip: Path, raw: Motion, cleaned: Motion) -> Iterator[Row]:
    seconds = np.arange(len(raw.joints)) // FRAMES_ALIKE
    yield tell.share(f"{clip.stem}: frames with a hand", raw.seen, seconds)
    for name, motion in (("raw", raw), ("cleaned", cleaned)):
        shaking = acceleration(to_palm_size(motion.joints)).mean(axis=1)
        yield tell.spread(f"{clip.stem}: acceleration, {name}", "mm/frame^2", shaking, seconds[1:-1])
        steps = wrist_steps(motion)
        flips = float((steps > FLIP_DEGREES).sum())
        yield tell.number(f"{clip.stem}: flips, {name}", "count", flips, int(np.isfinite(steps).sum()))


def wrist_steps(motion: Motion) -> Array:
    """Turns of the wrist (T - 1,) from frame to frame, degrees, NaN where the hand is missing."""
    both = motion.seen[1:] & motion.seen[:-1]
    result = np.full(len(both), np.nan)
    result[both] = np.degrees(angle_between(motion.wrist[:-1][both], motion.wrist[1:][both]))
    return result
