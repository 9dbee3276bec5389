"""The principle of retargeting. No bpy here.

**One pose, not one set of angles.** Two hands show the same pose when their finger segments point the same ways as seen
from the palm. So the target's finger directions are made equal to the source's; how the target's rest pose differs
(T, A, relaxed fingers), how its bones roll, how long they are and how its object is scaled, has no say.

1. *Palm.* Both hands get a frame from the same points at rest: along, from the wrist to the knuckles; across, from the
   little finger's knuckle to the index finger's. `A` turns the source's palm into the target's.
2. *Common reference pose.* The target, palm at rest, with every finger segment pointing where the source's points at
   rest. `Q` takes a target bone from its own rest there: the shortest turn, bone by bone outwards, each after its
   parent's. So the reference pose twists no bone about its length.
3. *Pose.* From the common reference on, a target bone turns as its source bone does: `A S A^-1 Q`, with `S` the source
   bone's turn against its palm. Direction (swing) and twist about it both follow.
4. *Segments.* A target bone stands for the source bones from its own joint to the next joint that the target has. When
   it stands for several (two-segment fingers), it points along their chord: a last shortest turn from where `S` took
   the chord. Metacarpals inside the palm have no source and stay where the rig has them.
5. *Keys.* In a bone whose rest orientation is `B`, a turn T below a parent that turned by P is `B^T (P^-1 T) B`.

The wrist in the world: the target's palm is turned like the source's, `X R A^-1`, with `R` the source wrist's turn and
`X` from the source's axes to the target's. Finger directions then agree in the world, too.
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
"""Cosine between a bone's own axis and its segment, from which on the bone is taken to lie along the finger."""


@dataclass(frozen=True)
class TargetHand:
    """One hand of the target: the bone at the wrist, and for each finger its bones by segment, 0 nearest the palm."""

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
    """(3, 3) `A`: directions of the source hand at rest to those of the target at rest."""
    fingers = common_knuckles(target)
    source = palm_axes(motion.joints[0], np.array([motion.finger_points(finger)[0] for finger in fingers]))
    knuckles = [target.fingers[finger][min(target.fingers[finger])].head for finger in fingers]
    return palm_axes(target.hand.head, np.array(knuckles)) @ source.T


def hand_size_ratio(motion: HandMotion, target: TargetHand) -> float:
    """How much longer the target's palm is than the source's, both in their own units."""
    fingers = common_knuckles(target)
    source = np.array([motion.finger_points(finger)[0] for finger in fingers]) - motion.joints[0]
    reached = np.array([target.fingers[finger][min(target.fingers[finger])].head for finger in fingers])
    lengths = np.linalg.norm(reached - target.hand.head, axis=-1)
    return float(lengths.mean() / np.linalg.norm(source, axis=-1).mean())


def rest_directions(bones: Sequence[RestBone]) -> FloatArray:
    """(B, 3) where the bones of one finger point at rest: to the next joint; the last one along its own length.

    An end bone says where the last one points. Else, in rigs from other programs whose bones may lie across the
    finger, it points, in its own axes, as the one before it does.
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
    """For each bone of a target finger (N, 3, 3), how it turns against the palm, in the axes of the target's rig."""
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
    """For each finger bone (N, 3, 3), what it is keyed to: its turn below its parent, in its own axes.

    The parent of a finger's first bone is the palm, whatever metacarpals and helpers lie between. helpers (N, 3, 3) by
    finger bone: how those between it and the bone before it in the hand are turned against that, in the rig's axes.
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
    """(N, 3, 3) how the target's hand turns from its rest pose, in the axes of its armature.

    to_target (3, 3): a rotation from the source's rest axes to the armature's axes.
    """
    return to_target @ motion.rotations[:, 0] @ palm_to_palm(motion, target).T
