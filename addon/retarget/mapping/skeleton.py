"""The bone hierarchy of a rig, and its lengths. No bpy here.

Lengths are measured from head to head, since tails can be anywhere in rigs from other programs.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np

from ..rest import RestBone
from ..rotations import FloatArray

Chain = tuple[RestBone, ...]

AS_FAR: Final = 0.9
"""Fraction of a limb's reach from which on another branch makes their common parent part of the trunk."""


class Skeleton:
    """The bones of a rig at rest, by name, with their children."""

    def __init__(self, bones: Mapping[str, RestBone]) -> None:
        self.bones = bones
        self.children: dict[str | None, list[RestBone]] = defaultdict(list)
        for bone in bones.values():
            self.children[bone.parent].append(bone)

    def ancestors(self, bone: RestBone) -> Iterator[RestBone]:
        """The parent, its parent, and so on."""
        while bone.parent is not None:
            bone = self.bones[bone.parent]
            yield bone

    def hangs_from(self, bone: RestBone, ancestor: RestBone) -> bool:
        """Whether one bone is a descendant of another."""
        return any(each.name == ancestor.name for each in self.ancestors(bone))

    @cached_property
    def reaches(self) -> dict[str, float]:
        """By bone, its reach: the longest path from its head along the heads of its descendants."""
        reaches: dict[str, float] = {}
        outwards = list(self.children[None])
        for bone in outwards:
            outwards += self.children[bone.name]
        for bone in reversed(outwards):
            below = [distance(bone, child) + reaches[child.name] for child in self.children[bone.name]]
            reaches[bone.name] = max(below, default=0.0)
        return reaches

    def limb(self, end: RestBone) -> Chain:
        """The bones from this one inwards to the trunk. The last one belongs to the trunk, or is a root."""
        found = [end]
        for ancestor in self.ancestors(end):
            inner = found[-1]
            own = distance(ancestor, inner) + self.reaches[inner.name]
            branches = (child for child in self.children[ancestor.name] if child.name != inner.name)
            found.append(ancestor)
            if any(distance(ancestor, child) + self.reaches[child.name] >= AS_FAR * own for child in branches):
                break
        return tuple(found)

    def single_chain(self, bone: RestBone, most: int) -> Chain | None:
        """The bones from this one outwards, if they do not branch and are at most `most`; else None."""
        chain = [bone]
        while len(following := self.children[chain[-1].name]) == 1:
            chain.append(following[0])
        return tuple(chain) if not following and len(chain) <= most else None


def distance(first: RestBone, second: RestBone) -> float:
    """The distance between two heads."""
    return float(np.linalg.norm(second.head - first.head))


def length(chain: Chain) -> float:
    """The length of the path along the heads of a chain's bones."""
    return sum(distance(*pair) for pair in pairwise(chain))


def finger_length(chain: Chain) -> float:
    """The length of a finger. The last bone's length is unknown and taken as the average of the others."""
    return length(chain) * len(chain) / max(len(chain) - 1, 1)


def unit_or_none(vector: FloatArray) -> FloatArray | None:
    """The unit vector of a direction; None for a vector of no length."""
    size = float(np.linalg.norm(vector))
    return vector / size if size > 1e-9 else None
