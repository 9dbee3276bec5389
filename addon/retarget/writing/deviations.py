"""Checking a rig with its new keys: bones that deviate from their goals, because something else moves them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np

from ...narrowing import armature_of
from ..overrides import held_bones
from ..playback import Played, play_through
from ..rotations import FloatArray, degrees_between
from ..solving.arm_keys import Rows, without_scale

LOOKED_AT: Final = 8
"""Most frames that are checked, of all with keys."""
TOLD_DEGREES: Final = 2.0
TOLD_METRES: Final = 0.005
"""Least deviation of a bone that is warned about."""


@dataclass(frozen=True)
class Goal:
    """The goal of one hand's keys on N frames (N,).

    control: the keyed bone. bone: the bone that deforms the hand. turns (N, 3, 3): its rotations from the rest pose in
    armature space, and places (N, 3) of its head; None if not keyed. fingers (N, 3, 3): by deforming bone, its rotation
    relative to the hand, in armature space at rest.
    """

    side: str
    control: str
    bone: str
    frames: FloatArray
    turns: FloatArray | None
    places: FloatArray | None
    fingers: Mapping[str, FloatArray]

    @property
    def rows(self) -> Rows:
        """The rows of the frames that are checked."""
        count = len(self.frames)
        return np.unique(np.linspace(0, count - 1, min(count, LOOKED_AT)).round().astype(int))

    @property
    def names(self) -> set[str]:
        """The bones that are checked."""
        return {self.bone, *self.fingers}


def deviations(scene: bpy.types.Scene, armature: bpy.types.Object, goals: tuple[Goal, ...]) -> Iterator[str]:
    """Warnings about hands that deviate from the goals of their keys, and by how much."""
    if not goals:
        return
    frames = np.unique(np.concatenate([goal.frames[goal.rows] for goal in goals]))
    played = play_through(scene, armature, set().union(*(goal.names for goal in goals)), frames)
    for goal in goals:
        yield from hand_deviations(scene, armature, goal, played)


def hand_deviations(scene: bpy.types.Scene, armature: bpy.types.Object, goal: Goal, played: Played) -> Iterator[str]:
    """A warning about a hand that deviates, or else about fingers that deviate."""
    some, rows = goal.rows, played.at(goal.frames[goal.rows])
    turned = {name: turns_of(armature, name, played.bones[name][rows]) for name in goal.names}
    hand = turned[goal.bone]
    off = np.zeros(len(some)) if goal.turns is None else degrees_between(hand, goal.turns[some])
    away = np.zeros(len(some))
    if goal.places is not None:
        scale = np.cbrt(np.abs(np.linalg.det(played.world[rows][:, :3, :3]))) * scene.unit_settings.scale_length
        away = scale * np.linalg.norm(played.bones[goal.bone][rows][:, :3, 3] - goal.places[some], axis=-1)
    if off.max() > TOLD_DEGREES or away.max() > TOLD_METRES:
        worst = int(np.argmax(off / TOLD_DEGREES + away / TOLD_METRES))
        told = [f"{off.max():.0f} degrees"] if off.max() > TOLD_DEGREES else []
        told += [f"{100 * away.max():.1f} cm"] if away.max() > TOLD_METRES else []
        whom = "its keys" if goal.control == goal.bone else goal.control
        yield (
            f"The {goal.side} hand of the rig {armature.name} is up to {' and '.join(told)} from where its keys should "
            f"take it (frame {goal.frames[some[worst]]:g}): {goal.bone} does not follow {whom}"
            f"{because(armature, goal.bone)}."
        )
        return
    bent = {
        name: float(degrees_apart(armature, name, hand.swapaxes(-1, -2) @ turned[name], turns[some]).max())
        for name, turns in goal.fingers.items()
    }
    name = max(bent, key=lambda each: bent[each], default="")
    if name and bent[name] > TOLD_DEGREES:
        yield (
            f"Fingers of the {goal.side} hand of the rig {armature.name} are up to {bent[name]:.0f} degrees from what "
            f"was captured: {name} does not go where its keys should take it{because(armature, name)}."
        )


def turns_of(armature: bpy.types.Object, name: str, poses: FloatArray) -> FloatArray:
    """(N, 3, 3) a bone's rotation from its rest pose, for its matrices (N, 4, 4) in armature space."""
    rest = np.array(armature_of(armature).bones[name].matrix_local.to_3x3())
    return without_scale(poses[:, :3, :3]) @ rest.T


def degrees_apart(armature: bpy.types.Object, name: str, first: FloatArray, second: FloatArray) -> FloatArray:
    """(N,) the angles in degrees between a bone's directions by two rotations (N, 3, 3), without twist."""
    along = np.array(armature_of(armature).bones[name].matrix_local.to_3x3().col[1])
    one, other = first @ along, second @ along
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other), axis=-1), (one * other).sum(axis=-1)))


def because(armature: bpy.types.Object, name: str) -> str:
    """The end of a sentence: what overrides a bone or an ancestor of it, and the remedy."""
    bone = armature_of(armature).bones[name]
    held = next(held_bones(armature, (name, *(each.name for each in bone.parent_recursive))), None)
    if held is None:
        return ". Correct the mapping, or find what else animates the bone"
    return f", as {held[0]} is turned by {held[1]}. Mute or switch it, or correct the mapping"
