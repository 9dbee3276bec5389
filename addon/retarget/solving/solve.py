"""How retargeting solves fingers and wrist. No bpy here.

**The same pose, not the same angles.** Two hands show the same pose when their finger segments have the same directions
relative to the palm. So the target's finger directions are made equal to the source's. The target's rest pose (T, A,
relaxed fingers), bone roll, bone lengths and object scale do not matter.

1. *Palm.* Both hands get axes from the same points at rest: along, from the wrist to the knuckles; across, from the
   little finger's knuckle to the index finger's. `A` rotates the source's palm to the target's.
2. *Common reference pose.* The target with its palm at rest and every finger segment in the direction of the source's
   segment at rest. `Q` rotates a target bone from its own rest pose to it: the shortest rotation, bone by bone
   outwards, after its parent's. So the reference pose twists no bone about its length.
3. *Pose.* From the common reference pose, a target bone rotates like its source bone: `A S A^-1 Q`, with `S` the source
   bone's rotation relative to its palm. Both direction (swing) and twist follow.
4. *Segments.* A target bone represents the source bones from its own joint to the target's next joint. If there are
   several (two-segment fingers), it points along their chord, by a last shortest rotation from the chord rotated by
   `S`. Metacarpals inside the palm have no source and keep the rig's pose.
5. *Keys.* For a bone with rest orientation `B`, a rotation T below a parent rotated by P is keyed as `B^T (P^-1 T) B`.

The wrist in the world: the target's palm rotates like the source's, `X R A^-1`, with `R` the source wrist's rotation
and `X` from the source's axes to the target's. Finger directions then agree in the world too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...shared.rig_joints import FINGERS
from ..motion.hand_motion import HandMotion
from ..rest import RestBone
from ..rotations import swing, unit

FloatArray = NDArray[np.floating]

SEGMENT_COUNT: Final = 3
FEWEST_KNUCKLES: Final = 2
ALONG_ITS_LENGTH: Final = np.cos(np.radians(30))
"""Least cosine between a bone's own axis and its segment at which the bone counts as lying along the finger."""


@dataclass(frozen=True)
class TargetHand:
    """One hand of the target: its hand bone, and for each finger its bones by segment, 0 nearest the palm."""

    side: str
    hand: RestBone
    fingers: Mapping[str, Mapping[int, RestBone]]


def common_knuckles(target: TargetHand) -> tuple[str, ...]:
    """The fingers whose first joints span the palm: without the thumb if there are enough others."""
    there = tuple(finger for finger in FINGERS if target.fingers.get(finger))
    others = tuple(finger for finger in there if finger != "thumb")
    return others if len(others) >= FEWEST_KNUCKLES else there


def palm_axes(wrist: FloatArray, knuckles: FloatArray) -> FloatArray:
    """(3, 3) columns across, along, out of the palm. wrist (3,); two or more knuckles (K, 3), thumb side first."""
    along = unit((knuckles[0] + knuckles[-1]) / 2 - wrist)
    across = knuckles[0] - knuckles[-1]
    across = unit(across - (across @ along) * along)
    return np.stack([across, along, np.cross(across, along)], axis=1)


def palm_to_palm(motion: HandMotion, target: TargetHand) -> FloatArray:
    """(3, 3) `A`: rotation from the source's palm at rest to the target's palm at rest."""
    fingers = common_knuckles(target)
    source = palm_axes(motion.joints[0], np.array([motion.finger_points(finger)[0] for finger in fingers]))
    knuckles = [target.fingers[finger][min(target.fingers[finger])].head for finger in fingers]
    return palm_axes(target.hand.head, np.array(knuckles)) @ source.T


def hand_size_ratio(motion: HandMotion, target: TargetHand) -> float:
    """The ratio of the target's palm length to the source's, both in their own units."""
    fingers = common_knuckles(target)
    source = np.array([motion.finger_points(finger)[0] for finger in fingers]) - motion.joints[0]
    reached = np.array([target.fingers[finger][min(target.fingers[finger])].head for finger in fingers])
    lengths = np.linalg.norm(reached - target.hand.head, axis=-1)
    return float(lengths.mean() / np.linalg.norm(source, axis=-1).mean())


def rest_directions(bones: Sequence[RestBone]) -> FloatArray:
    """(B, 3) directions of one finger's bones at rest: to the next joint; the last bone along its own length.

    An end bone gives the direction of the last bone. In rigs from other programs, bones may lie across the finger. The
    last bone then has the same direction in its own axes as the bone before it.
    """
    directions = [unit(after.head - bone.head) for bone, after in pairwise(bones)]
    last = bones[-1]
    own = unit((last.tail if last.tip is None else last.tip) - last.head)
    if directions and last.tip is None:
        before = bones[-2]
        if directions[-1] @ unit(before.tail - before.head) < ALONG_ITS_LENGTH:
            own = last.orientation @ before.orientation.T @ directions[-1]
    return np.array([*directions, own])


def finger_turns(motion: HandMotion, target: TargetHand, finger: str) -> dict[str, FloatArray]:
    """For each bone of a target finger (N, 3, 3), its rotation relative to the palm, in armature space."""
    segments = sorted(target.fingers[finger])
    bones = [target.fingers[finger][segment] for segment in segments]
    palm = palm_to_palm(motion, target)
    points, rotations = motion.finger_points(finger), motion.finger_rotations(finger)
    phalanges = np.diff(points, axis=0)
    posed = np.einsum("nsij,sj->nsi", rotations, phalanges)
    reference = np.eye(3)
    turns: dict[str, FloatArray] = {}
    ends = [*segments[1:], SEGMENT_COUNT]
    for bone, direction, start, end in zip(bones, rest_directions(bones), segments, ends, strict=True):
        chord_at_rest = unit(phalanges[start:end].sum(axis=0))
        chord = unit(posed[:, start:end].sum(axis=1))
        reference = swing(reference @ direction, palm @ chord_at_rest) @ reference
        turn = rotations[:, start]
        turn = swing(turn @ chord_at_rest, chord) @ turn
        turns[bone.name] = palm @ turn @ palm.T @ reference
    return turns


def finger_keys(
    motion: HandMotion, target: TargetHand, helpers: Mapping[str, FloatArray] = MappingProxyType({})
) -> dict[str, FloatArray]:
    """For each finger bone (N, 3, 3), its keys: the rotation relative to its parent, in its own axes.

    The parent of a finger's first bone is the palm, even with metacarpals and helpers between. helpers (N, 3, 3) by
    finger bone: rotation of the bones between it and the hand's previous bone, relative to that, in armature space.
    """
    keys: dict[str, FloatArray] = {}
    for finger, bones in target.fingers.items():
        if not bones:
            continue
        parent: FloatArray = np.eye(3)
        turns = finger_turns(motion, target, finger)
        for _, bone in sorted(bones.items()):
            if bone.name in helpers:
                parent = parent @ helpers[bone.name]
            local = np.swapaxes(parent, -1, -2) @ turns[bone.name]
            keys[bone.name] = bone.orientation.T @ local @ bone.orientation
            parent = turns[bone.name]
    return keys


def wrist_turns(motion: HandMotion, target: TargetHand, to_target: FloatArray) -> FloatArray:
    """(N, 3, 3) rotation of the target's hand from its rest pose, in armature space.

    to_target (3, 3): a rotation from the source's rest axes to the armature's axes.
    """
    return to_target @ motion.rotations[:, 0] @ palm_to_palm(motion, target).T
