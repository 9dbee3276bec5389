"""Captured hands in a mirror: the left one drives a rig's right hand, and the right one the left. No bpy here."""

from dataclasses import replace
from typing import Final

import numpy as np

from ..rotations import FloatArray
from .hand_motion import HandMotion
from .source import Source

ACROSS: Final = np.diag([-1.0, 1.0, 1.0])
"""A reflection of a hand's rest axes. Any would do, as `rotations` and `to_world` both contain it."""

OTHER: Final = {"left": "right", "right": "left"}


def mirrored(source: Source) -> Source:
    """The source's mirror image in its camera's picture, with left and right swapped. The camera stays."""
    right, at = source.camera[:3, 0], source.camera[:3, 3]
    reflection = np.eye(3) - 2 * np.outer(right, right) / (right @ right)
    return replace(source, motion=mirrored_motion(source.motion, reflection, at))


def mirrored_motion(motion: HandMotion, reflection: FloatArray, at: FloatArray) -> HandMotion:
    """A motion reflected in the plane through the point `at` (3,). reflection (3, 3), world axes."""
    return HandMotion(
        side=OTHER[motion.side],
        rotations=ACROSS @ motion.rotations @ ACROSS,
        wrist=(motion.wrist - at) @ reflection + at,
        to_world=reflection @ motion.to_world @ ACROSS,
        joints=motion.joints @ ACROSS,
        tips=motion.tips @ ACROSS,
    )
