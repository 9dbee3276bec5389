"""What a rig really does with its new keys, held against what they are for: what else moves a bone shows here."""

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
"""Frames, of all that have keys."""
TOLD_DEGREES: Final = 2.0
TOLD_METRES: Final = 0.005
"""From which on a bone that is elsewhere is spoken of."""


@dataclass(frozen=True)
class Goal:
    """What one hand should do on N frames (N,).

    control: the bone that is keyed. bone: the one that shows it. turns (N, 3, 3): from the rest pose, in the rig's
    axes, and places (N, 3) of its head; None where they are as before. fingers: by the bone that shows it (N, 3, 3),
    how it turns against the hand, in the rig's axes at rest.
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
        """Which of the frames are looked at."""
        count = len(self.frames)
        return np.unique(np.linspace(0, count - 1, min(count, LOOKED_AT)).round().astype(int))

    @property
    def names(self) -> set[str]:
        """The bones that are looked at."""
        return {self.bone, *self.fingers}


def misses(scene: bpy.types.Scene, armature: bpy.types.Object, goals: tuple[Goal, ...]) -> Iterator[str]:
    """Sentences on hands that do not get where their keys should take them, and by how much."""
    if not goals:
        return
    frames = np.unique(np.concatenate([goal.frames[goal.rows] for goal in goals]))
    played = play_through(scene, armature, set().union(*(goal.names for goal in goals)), frames)
    for goal in goals:
        yield from hand_misses(scene, armature, goal, played)


def hand_misses(scene: bpy.types.Scene, armature: bpy.types.Object, goal: Goal, played: Played) -> Iterator[str]:
    """A sentence on a hand that is elsewhere, or else on fingers that point elsewhere."""
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
        centimetres = f" and {100 * away.max():.1f} cm" if away.max() > TOLD_METRES else ""
        yield (
            f"The {goal.side} hand of the rig {armature.name} is up to {off.max():.0f} degrees{centimetres} from where "
            f"its keys should take it (frame {goal.frames[some[worst]]:g}): {goal.bone} does not follow "
            f"{goal.control}{because(armature, goal.bone)}."
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
    """(N, 3, 3) how a bone is turned from its rest pose, by where it stands (N, 4, 4)."""
    rest = np.array(armature_of(armature).bones[name].matrix_local.to_3x3())
    return without_scale(poses[:, :3, :3]) @ rest.T


def degrees_apart(armature: bpy.types.Object, name: str, first: FloatArray, second: FloatArray) -> FloatArray:
    """(N,) the angles between where a bone points by two turns (N, 3, 3) from its rest pose; twist has no say."""
    along = np.array(armature_of(armature).bones[name].matrix_local.to_3x3().col[1])
    one, other = first @ along, second @ along
    return np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other), axis=-1), (one * other).sum(axis=-1)))


def because(armature: bpy.types.Object, name: str) -> str:
    """What holds a bone, or one that it hangs from: the end of a sentence, with what to do."""
    bone = armature_of(armature).bones[name]
    held = next(held_bones(armature, (name, *(each.name for each in bone.parent_recursive))), None)
    if held is None:
        return ". Correct the mapping, or look for what else animates the bone"
    return f", as {held[0]} is turned by {held[1]}. Mute or switch that, or correct the mapping"
