"""The range of motion of a human arm, and limiting a hand to it. No bpy here.

The numbers are of healthy adults: American Academy of Orthopaedic Surgeons, *Joint Motion: Method of Measuring and
Recording* (1965), and Boone and Azen, *Normal range of motion of joints in male subjects*, J. Bone Joint Surg. Am. 61
(1979), 756-759. The wrist bends within an ellipse: Crisco et al., J. Bone Joint Surg. Am. 93 (2011), 169-177.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..rotations import FloatArray, swing, turns_about, unit

FLEXION: Final = np.radians(80)
EXTENSION: Final = np.radians(70)
RADIAL_DEVIATION: Final = np.radians(20)
ULNAR_DEVIATION: Final = np.radians(35)
FOREARM_TWIST: Final = np.radians(80)
"""Pronation and supination, from the pose in which the thumb points where the elbow bends to."""
ELBOW_FLEXION: Final = np.radians(145)

LEAST_BEND: Final = np.radians(5)
MOST_ASIDE: Final = np.cos(np.radians(60))
"""The plane of the elbow comes from the rest pose if the elbow is bent at least so far there, and not too far from the
thumb's direction. Otherwise the elbow bends to the thumb."""


@dataclass(frozen=True)
class RestArm:
    """An arm at rest, in the axes of its armature.

    shoulder, elbow, wrist (3,): the joints. hinge (3,): unit vector; a positive rotation about it bends the elbow.
    palm (3, 3): columns to the thumb's side, along the hand, and out of the palm.
    """

    shoulder: FloatArray
    elbow: FloatArray
    wrist: FloatArray
    hinge: FloatArray
    palm: FloatArray

    @property
    def upper(self) -> FloatArray:
        """(3,) the unit vector from shoulder to elbow."""
        return unit(self.elbow - self.shoulder)

    @property
    def forearm(self) -> FloatArray:
        """(3,) the unit vector from elbow to wrist."""
        return unit(self.wrist - self.elbow)

    @property
    def lengths(self) -> tuple[float, float]:
        """The lengths of upper arm and forearm."""
        return float(np.linalg.norm(self.elbow - self.shoulder)), float(np.linalg.norm(self.wrist - self.elbow))

    @property
    def flexion(self) -> float:
        """The elbow's angle at rest, 0 when straight."""
        return float(np.arccos(np.clip(self.upper @ self.forearm, -1, 1)))

    @property
    def twist(self) -> float:
        """The forearm's twist at rest."""
        return float(forearm_twist(self, self.forearm, np.cross(self.hinge, self.forearm), np.eye(3)))


def rest_arm(shoulder: FloatArray, elbow: FloatArray, wrist: FloatArray, palm: FloatArray) -> RestArm:
    """An arm with these joints (3,) and this palm (3, 3); see RestArm."""
    upper, forearm = unit(elbow - shoulder), unit(wrist - elbow)
    to_thumb = np.cross(forearm, palm[:, 0])
    to_thumb = unit(to_thumb - (to_thumb @ upper) * upper)
    bend = np.cross(upper, forearm)
    size = np.linalg.norm(bend)
    if size < np.sin(LEAST_BEND) or bend @ to_thumb < MOST_ASIDE * size:
        return RestArm(shoulder, elbow, wrist, to_thumb, palm)
    return RestArm(shoulder, elbow, wrist, unit(bend), palm)


def wrist_bend(arm: RestArm, forearm: FloatArray, hand: FloatArray) -> FloatArray:
    """(..., 2) flexion (extension below 0) and radial deviation (ulnar below 0) of a wrist, in radians.

    forearm (..., 3): its direction. hand (..., 3, 3): rotation of the hand from its rest pose.
    """
    thumb, along, palmar = np.moveaxis(hand @ arm.palm, -1, 0)
    cosine = dot(forearm, along)
    off = forearm - cosine[..., None] * along
    sine = np.maximum(np.linalg.norm(off, axis=-1), 1e-9)
    scale = -np.arctan2(sine, cosine) / sine
    return np.stack([scale * dot(off, palmar), scale * dot(off, thumb)], axis=-1)


def forearm_twist(arm: RestArm, forearm: FloatArray, bends_to: FloatArray, hand: FloatArray) -> FloatArray:
    """(...) the forearm's twist in radians: the angle from where the elbow bends to, to the thumb of the unbent hand.

    forearm and bends_to (..., 3): perpendicular directions. hand (..., 3, 3): see `wrist_bend`.
    """
    thumb, along, _ = np.moveaxis(hand @ arm.palm, -1, 0)
    thumb = np.einsum("...ij,...j->...i", swing(along, forearm), thumb)
    return np.arctan2(dot(forearm, np.cross(bends_to, thumb)), dot(bends_to, thumb))


def bend_shares(bends: FloatArray) -> FloatArray:
    """(..., 2) bends of a wrist as shares of a human's range in that direction."""
    flexion = np.where(bends[..., 0] > 0, FLEXION, EXTENSION)
    deviation = np.where(bends[..., 1] > 0, RADIAL_DEVIATION, ULNAR_DEVIATION)
    return bends / np.stack([flexion, deviation], axis=-1)


def kept_human(arm: RestArm, forearm: FloatArray, bends_to: FloatArray, hand: FloatArray) -> FloatArray:
    """(N, 3, 3) hand rotations limited to a human's range of wrist and forearm. Rotations within it are unchanged."""
    bends = wrist_bend(arm, forearm, hand)
    share = np.linalg.norm(bend_shares(bends), axis=-1)
    along = hand @ arm.palm[:, 1]
    angle = np.linalg.norm(bends, axis=-1)
    axis = np.cross(along, forearm)
    axis /= np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-12)
    back = np.where(share > 1, angle * (1 - 1 / np.maximum(share, 1)), 0)
    twist = forearm_twist(arm, forearm, bends_to, hand)
    untwist = np.clip(twist, -FOREARM_TWIST, FOREARM_TWIST) - twist
    return turns_about(forearm, untwist) @ turns_about(axis, back) @ hand


def dot(first: FloatArray, second: FloatArray) -> FloatArray:
    """(...) the scalar products of vectors (..., 3)."""
    return np.asarray((first * second).sum(axis=-1))
