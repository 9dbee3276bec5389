"""Who hangs from whom in a rig, and how far it reaches. No bpy here.

Lengths go from head to head: tails lie anywhere in rigs that come from other programs.
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
"""Of a limb's reach: a branch that reaches as far makes the bone that both hang from part of the trunk."""


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
        """Whether one bone is below another, however far."""
        return any(each.name == ancestor.name for each in self.ancestors(bone))

    @cached_property
    def reaches(self) -> dict[str, float]:
        """By bone, the longest way from its head along the heads of the bones below it."""
        reaches: dict[str, float] = {}
        outwards = list(self.children[None])
        for bone in outwards:
            outwards += self.children[bone.name]
        for bone in reversed(outwards):
            below = [distance(bone, child) + reaches[child.name] for child in self.children[bone.name]]
            reaches[bone.name] = max(below, default=0.0)
        return reaches

    def limb(self, end: RestBone) -> Chain:
        """The bones from this one inwards to where the limb leaves the trunk; the last is the trunk's, or a root."""
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
        """The bones from this one outwards if they do not branch and are not more than `most`."""
        chain = [bone]
        while len(following := self.children[chain[-1].name]) == 1:
            chain.append(following[0])
        return tuple(chain) if not following and len(chain) <= most else None


def distance(first: RestBone, second: RestBone) -> float:
    """From head to head."""
    return float(np.linalg.norm(second.head - first.head))


def length(chain: Chain) -> float:
    """The way along the heads of a chain's bones."""
    return sum(distance(*pair) for pair in pairwise(chain))


def finger_length(chain: Chain) -> float:
    """How long a finger is, of whose last bone the head alone is known: as if it were as long as the others."""
    return length(chain) * len(chain) / max(len(chain) - 1, 1)


def unit_or_none(vector: FloatArray) -> FloatArray | None:
    """A vector of length one in this direction, None where there is none."""
    size = float(np.linalg.norm(vector))
    return vector / size if size > 1e-9 else None
