"""Finding the bones of a hand's arm: by names, else by hierarchy and lengths. No bpy here."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from ..rest import RestBone
from .human_limits import RestArm, rest_arm
from .solve import TargetHand, common_knuckles, palm_axes

Bones = Mapping[str, RestBone]

FOREARM_NAMES: Final = re.compile("forearm|lowerarm|elbow|lwrarm|ひじ|肘|前腕")
UPPER_ARM_NAMES: Final = re.compile("upperarm|uparm|shldr|humerus|arm(?!ature)|腕")
TWIST_NAMES: Final = re.compile("twist|roll|捩")

APART: Final = 0.05
"""Least distance between the heads of two bones that are separate joints, in lengths of the palm."""
LIKE_LENGTHS: Final = (0.7, 1.45)
"""Range of the ratio of upper arm to forearm length, where names tell nothing."""
FARTHEST_BONES: Final = 8
"""Joints above a hand among which its arm is searched, where names tell nothing."""


@dataclass(frozen=True)
class Limb:
    """The arm of one hand. upper and forearm: its bones, the topmost first. twists: the forearm's twist bones, each
    with the fraction of the way to the wrist at which it begins.
    """

    arm: RestArm
    upper: tuple[str, ...]
    forearm: tuple[str, ...]
    twists: Mapping[str, float]

    @property
    def bones(self) -> tuple[str, ...]:
        """All of its bones, parents before children."""
        return (*self.upper, *self.forearm, *self.twists)


def find_limb(bones: Bones, target: TargetHand, others: tuple[TargetHand, ...]) -> Limb | None:
    """The arm above a hand; None without an elbow or a shoulder.

    others: the rig's other hand, if it has one. Common ancestors of both hands are not part of an arm.
    """
    palm, size = palm_of(target)
    body = {name for other in others for name in ancestors(bones, other.hand.name)}
    chain = [name for name in joints_above(bones, target.hand.name, APART * size) if name not in body]
    found = named_arm(bones, chain) or shaped_arm(bones, chain, target.hand.head, size)
    if found is None:
        return None
    upper, forearm = found
    arm = rest_arm(bones[upper[0]].head, bones[forearm[0]].head, target.hand.head, palm)
    return Limb(arm, upper, forearm, dict(twist_bones(bones, arm, forearm)))


def palm_of(target: TargetHand) -> tuple[np.ndarray, float]:
    """(3, 3) columns to the thumb's side, along the hand, out of the palm; and the palm's length."""
    knuckles = [target.fingers[finger][min(target.fingers[finger])].head for finger in common_knuckles(target)]
    axes = palm_axes(target.hand.head, np.array(knuckles))
    axes[:, 2] *= 1 if target.side == "right" else -1
    return axes, float(np.linalg.norm(np.mean(knuckles, axis=0) - target.hand.head))


def joints_above(bones: Bones, hand: str, apart: float) -> list[str]:
    """The bones above a hand that are separate joints, the nearest first. Helpers at the same place are left out."""
    chain, before = [], bones[hand]
    for name in ancestors(bones, hand):
        if np.linalg.norm(bones[name].head - before.head) > apart:
            chain.append(name)
            before = bones[name]
    return chain


def ancestors(bones: Bones, name: str) -> Iterator[str]:
    """The parent, its parent, and so on."""
    above = bones[name].parent
    while above is not None:
        yield above
        above = bones[above].parent


def plain(name: str) -> str:
    """A bone's name without its namespace, in lower case, letters only."""
    return re.sub(r"[\W\d_]", "", name.rpartition(":")[2].lower())


def named_arm(bones: Bones, chain: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Upper arm and forearm, where a bone is named as the forearm; else None."""
    elbows = [index for index, name in enumerate(chain) if FOREARM_NAMES.search(plain(name))]
    if not elbows or elbows[-1] + 1 >= len(chain):
        return None
    last = elbows[-1]
    end = last + 1
    while end + 1 < len(chain) and UPPER_ARM_NAMES.search(plain(chain[end])) and is_upper_arm(chain[end + 1]):
        end += 1
    return tuple(chain[end:last:-1]), tuple(chain[last::-1])


def is_upper_arm(name: str) -> bool:
    """Whether a name is that of an upper arm."""
    return bool(UPPER_ARM_NAMES.search(plain(name)))


def shaped_arm(
    bones: Bones, chain: list[str], wrist: np.ndarray, size: float
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Upper arm and forearm by lengths only: the longest two neighbours of similar length."""
    best, longest = None, 0.0
    for elbow, shoulder in combinations(range(min(len(chain), FARTHEST_BONES)), 2):
        forearm = float(np.linalg.norm(wrist - bones[chain[elbow]].head))
        upper = float(np.linalg.norm(bones[chain[elbow]].head - bones[chain[shoulder]].head))
        if forearm > size and LIKE_LENGTHS[0] < upper / forearm < LIKE_LENGTHS[1] and upper + forearm > longest:
            best, longest = (tuple(chain[shoulder:elbow:-1]), tuple(chain[elbow::-1])), upper + forearm
    return best


def twist_bones(bones: Bones, arm: RestArm, forearm: tuple[str, ...]) -> Iterator[tuple[str, float]]:
    """The twist bones of a forearm, found by name and position, each with where on it it begins, 0 to 1."""
    for bone in bones.values():
        if bone.parent in forearm and bone.name not in forearm and TWIST_NAMES.search(plain(bone.name)):
            off = bone.head - arm.elbow
            share = float(off @ arm.forearm) / arm.lengths[1]
            if -APART < share < 1 and np.linalg.norm(off - (off @ arm.forearm) * arm.forearm) < APART * arm.lengths[1]:
                yield bone.name, max(share, 0.0)
