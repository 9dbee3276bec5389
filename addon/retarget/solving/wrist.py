"""Keys of the hand's controls and of the arm, so that the hand moves in the world like the captured one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import bpy
import numpy as np

from ...errors import RetargetError
from ...narrowing import armature_of, pose_of
from ...scene.keys import Channel, KeyTimes, enum_numbers
from ...shared.rig_joints import HAND_IK, hand_joint
from ..mapping.presets import IkSwitch, Preset
from ..motion.source import Source
from ..overrides import held_bones
from ..playback import Matrices, Played, moving_bones
from ..rotations import FloatArray, degrees_between
from .arm import ArmPose, Task, easiest_start, reachable_start, solved, still
from .arm_keys import (
    Chest,
    Moved,
    Rows,
    arm_poses,
    chest_of,
    pole_places,
    present_arm,
    shown_bone,
    with_ancestors,
    without_scale,
)
from .limb import Bones, Limb, find_limb
from .solve import TargetHand, hand_size_ratio, wrist_turns

HandPair = tuple[Source, TargetHand]
Part = tuple[KeyTimes, list[Channel]]

TOLD_DEGREES: Final = 1.0
TOLD_METRES: Final = 0.005
"""Least deviation of a hand from the captured one that is warned about."""


START_FRAMES: Final = 60
"""Most frames used to find the start of a hand's path."""
STILL: Final = 1e-6
"""Largest difference in an arm's pose at which the arm counts as not animated."""


class Wrist(StrEnum):
    """What the rig's hand takes from the captured wrist."""

    NONE = "NONE"
    ROTATION = "ROTATION"
    POSITION = "POSITION"


class Arm(StrEnum):
    """Whether the arm follows the hand. AUTO: where nothing animates it."""

    AUTO = "AUTO"
    FOLLOW = "FOLLOW"
    STAY = "STAY"


@dataclass(frozen=True)
class WristChoice:
    """The chosen settings. human: limit the wrist to a human's range (see `human_limits`)."""

    wrist: Wrist = Wrist.ROTATION
    arm: Arm = Arm.AUTO
    human: bool = True


DEFAULT_CHOICE: Final = WristChoice()


@dataclass(frozen=True)
class WristPlan:
    """The keys of wrists and arms. turns (N, 3, 3) and places (N, 3) by side: the resulting rotations and positions of
    the hands in armature space, positions only where the arm moves. warnings: sentences on what the hands miss.
    """

    parts: list[Part] = field(default_factory=list)
    turns: dict[str, FloatArray] = field(default_factory=dict)
    places: dict[str, FloatArray] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Handling:
    """The controls of one hand in a rig. fk, ik: those of the hand. pole: the elbow's pole target for `ik`.

    limb: the bones of the arm above `fk`. shown: the bones that deform upper arm and hand. moves: whether the arm gets
    keys.
    """

    source: Source
    target: TargetHand
    fk: str
    ik: str | None
    pole: str | None
    limb: Limb | None
    shown: tuple[str, str]
    moves: bool

    @property
    def side(self) -> str:
        """`left` or `right`."""
        return self.target.side

    @property
    def controls(self) -> list[str]:
        """The bones that rotate the hand; the last one also carries its location."""
        return [name for name in (self.fk, self.ik) if name]

    @property
    def all_bones(self) -> Iterator[str]:
        """All bones that are read or keyed for this hand."""
        yield from self.controls
        yield from self.shown
        if self.limb is not None:
            yield from self.limb.bones
        if self.pole:
            yield self.pole


def handlings(
    armature: bpy.types.Object,
    bones: Bones,
    hands: Sequence[HandPair],
    preset: Preset,
    choice: WristChoice,
    warnings: list[str],
) -> list[Handling]:
    """How a rig moves its hands; none where wrists are left alone. Adds to the warnings. Raises RetargetError."""
    if choice.wrist is Wrist.NONE:
        return []
    targets = tuple(target for _, target in hands)
    return [handling(armature, bones, source, target, targets, preset, choice, warnings) for source, target in hands]


def wrist_bones(armature: bpy.types.Object, found: Sequence[Handling]) -> set[str]:
    """The bones that `plan_wrists` must know on every frame."""
    return with_ancestors(armature, (name for each in found for name in each.all_bones))


def plan_wrists(
    armature: bpy.types.Object,
    bones: Bones,
    found: Sequence[Handling],
    played: Played,
    preset: Preset,
    choice: WristChoice,
    metres: float,
    warnings: list[str],
) -> WristPlan:
    """The keys of the hands' controls, and of their arms. Raises RetargetError.

    If a rig has an FK and an IK control, both are keyed, so the hand is right whichever the arm follows.
    metres: a unit of the scene. warnings: the list that the plan goes on with.
    """
    plan = WristPlan(warnings=warnings)
    for each in found:
        rows = played.at(each.source.times.frames)
        if each.limb is None:
            free_hand(armature, bones, each, played, rows, choice, plan)
        else:
            handle_arm(armature, bones, each, each.limb, played, rows, choice, metres, plan)
        switches = list(switch_channels(armature, preset, each, choice))
        if switches:
            plan.parts.append((first_key(each.source.times), switches))
    return plan


def handling(
    armature: bpy.types.Object,
    bones: Bones,
    source: Source,
    target: TargetHand,
    targets: Sequence[TargetHand],
    preset: Preset,
    choice: WristChoice,
    warnings: list[str],
) -> Handling:
    """The controls of a hand, and whether its arm gets keys. Raises RetargetError."""
    side = target.side
    fk, ik = target.hand.name, preset.bones.get(hand_joint(side, HAND_IK))
    pole = preset.poles.get(side)
    limb = find_limb(bones, target, tuple(other for other in targets if other is not target))
    shown = (shown_bone(armature, bones, limb.upper[0] if limb else fk), shown_bone(armature, bones, fk))
    moves = limb is not None and arm_moves(armature, side, limb, ik, pole.bone if pole else None, choice, warnings)
    found = Handling(source, target, fk, ik, pole.bone if pole and ik else None, limb, shown, moves)
    if choice.wrist is Wrist.POSITION and (ik or limb is None):
        check_movable(armature, found.controls[-1])
    return found


def arm_moves(
    armature: bpy.types.Object,
    side: str,
    limb: Limb,
    ik: str | None,
    pole: str | None,
    choice: WristChoice,
    warnings: list[str],
) -> bool:
    """Whether an arm gets keys: nothing else may turn it, and it follows by choice or because it is not animated."""
    held = next(held_bones(armature, (*limb.upper, *limb.forearm)), None)
    if held is not None and choice.arm is not Arm.STAY and ik is None:
        name, holder = held
        warnings.append(
            f"The {side} arm of the rig {armature.name} gets no keys, as {name} is turned by {holder}: "
            "mute that to let the arm follow the hand."
        )
        return False
    if choice.wrist is Wrist.POSITION:
        return True
    controls = {*limb.bones, *(name for name in (ik, pole) if name)}
    return choice.arm is Arm.FOLLOW or (choice.arm is Arm.AUTO and not controls & moving_bones(armature))


def check_movable(armature: bpy.types.Object, carrier: str) -> None:
    """Raise RetargetError where Blender would ignore a bone's location."""
    if armature_of(armature).bones[carrier].use_connect:
        raise RetargetError(
            f"The bone {carrier} of the rig {armature.name} is connected to its parent and cannot be moved.",
            "Choose rotation only, or disconnect the bone in Edit Mode.",
        )


def free_hand(
    armature: bpy.types.Object,
    bones: Bones,
    found: Handling,
    played: Played,
    rows: Rows,
    choice: WristChoice,
    plan: WristPlan,
) -> None:
    """Key a hand without an arm: its rotation, and its position by itself."""
    turns = wanted_turns(found, played, rows)
    poses = {}
    for name in found.controls:
        poses[name] = np.array(played.bones[name][rows])
        poses[name][:, :3, :3] = turns @ bones[name].orientation
    carrier = found.controls[-1]
    if choice.wrist is Wrist.POSITION:
        path = wanted_path(found, played, rows)
        start = in_world(played.world[rows[:1]], poses[carrier][:1, :3, 3])
        poses[carrier][:, :3, 3] = in_rig(played.world[rows], start + path)
    moved = Moved(armature, played, rows, poses)
    channels = [moved.rotation(name) for name in found.controls]
    if choice.wrist is Wrist.POSITION:
        channels.append(moved.location(carrier))
    plan.parts.append((found.source.times, channels))
    plan.turns[found.side] = turns


def handle_arm(
    armature: bpy.types.Object,
    bones: Bones,
    found: Handling,
    limb: Limb,
    played: Played,
    rows: Rows,
    choice: WristChoice,
    metres: float,
    plan: WristPlan,
) -> None:
    """Key a hand at the end of an arm, and the arm if it moves."""
    chest = chest_of(armature, limb, played, rows)
    present = present_arm(bones, limb, chest, found.shown, played, rows)
    wanted = chest.turn.swapaxes(-1, -2) @ wanted_turns(found, played, rows)
    place = None
    if found.moves and choice.wrist is Wrist.POSITION:
        place = wanted_places(found, limb, chest, present, wanted, played, rows)
    motion = solved(limb.arm, present, wanted, place) if found.moves else still(limb.arm, present, wanted)
    hand = motion.hand if choice.human else wanted
    turns = chest.turn @ hand
    poses = arm_poses(bones, limb, chest, present, motion, found.ik is None) if found.moves else {}
    places = chest.outside(motion.wrist) if found.moves else None
    for name in found.controls:
        poses[name] = np.array(played.bones[name][rows])
        poses[name][:, :3, :3] = turns @ bones[name].orientation
        if places is not None:
            poses[name][:, :3, 3] = places + turns @ (bones[name].head - limb.arm.wrist)
    if found.moves and found.pole:
        distance = float(np.linalg.norm(bones[found.pole].head - limb.arm.elbow))
        poses[found.pole] = np.array(played.bones[found.pole][rows])
        poses[found.pole][:, :3, 3] = pole_places(limb, chest, present, motion, distance)
    plan.parts.append((found.source.times, list(arm_channels(armature, found, Moved(armature, played, rows, poses)))))
    plan.turns[found.side] = turns
    if places is not None:
        plan.places[found.side] = places
    plan.warnings.extend(kept_warnings(found, wanted, hand))
    if place is not None:
        placing = Placing(played.world[rows], chest)
        missed = placing.outside(place) - placing.outside(motion.wrist)
        plan.warnings.extend(reach_warnings(found, np.linalg.norm(missed, axis=-1) * metres))


def wanted_turns(found: Handling, played: Played, rows: Rows) -> FloatArray:
    """(N, 3, 3) the hand's rotation from its rest pose as captured, in armature space."""
    to_rig = without_scale(played.world[rows][:, :3, :3]).swapaxes(-1, -2)
    return wrist_turns(found.source.motion, found.target, to_rig @ found.source.motion.to_world)


def wanted_path(found: Handling, played: Played, rows: Rows) -> FloatArray:
    """(N, 3) the hand's path in world space from its start: as captured, scaled by the ratio of the palms."""
    motion = found.source.motion
    size = np.cbrt(abs(np.linalg.det(played.world[rows[0], :3, :3])))
    return hand_size_ratio(motion, found.target) * size * (motion.wrist - motion.wrist[0])


def wanted_places(
    found: Handling,
    limb: Limb,
    chest: Chest,
    present: ArmPose,
    wanted: FloatArray,
    played: Played,
    rows: Rows,
) -> FloatArray:
    """(N, 3) target positions of the wrist, with the chest at rest.

    An animated arm starts where it is. A free arm starts where it bends least.
    """
    world, path = played.world[rows], wanted_path(found, played, rows)
    place = Placing(world, chest)
    task = Task(limb.arm, present, wanted)
    if np.ptp(present.upper, axis=0).max() < STILL and np.ptp(present.flexion) < STILL:
        some = np.unique(np.linspace(0, len(path) - 1, START_FRAMES).round().astype(int))
        placed = place.at(some)
        start = easiest_start(task.at(some), path[some], placed.inside, placed.outside)
        start = reachable_start(task, start, path, place.inside, place.outside)
    else:
        start = in_world(world, played.bones[found.shown[1]][rows][:, :3, 3])[0]
    return place.inside(start + path)


@dataclass(frozen=True)
class Placing:
    """The rig in world space and the chest of an arm, on N frames. world (N, 4, 4): the rig's matrices."""

    world: Matrices
    chest: Chest

    def at(self, rows: Rows) -> "Placing":
        """The placing on some of its frames."""
        return Placing(self.world[rows], Chest(self.chest.turn[rows], self.chest.move[rows]))

    def inside(self, points: FloatArray) -> FloatArray:
        """Points (N, 3) from world space to armature space with the chest at rest."""
        return self.chest.inside(in_rig(self.world, points))

    def outside(self, points: FloatArray) -> FloatArray:
        """The reverse of `inside`."""
        return in_world(self.world, self.chest.outside(points))


def in_world(world: Matrices, points: FloatArray) -> FloatArray:
    """Points (N, 3) from armature space to world space. world (N, 4, 4)."""
    return np.einsum("nij,nj->ni", world[:, :3, :3], points) + world[:, :3, 3]


def in_rig(world: Matrices, points: FloatArray) -> FloatArray:
    """The reverse of `in_world`."""
    return np.einsum("nij,nj->ni", np.linalg.inv(world[:, :3, :3]), points - world[:, :3, 3])


def arm_channels(armature: bpy.types.Object, found: Handling, moved: Moved) -> Iterator[Channel]:
    """The keys of all moved bones: rotations, and locations of the bones that carry hand and elbow."""
    for name in moved.poses:
        if name != found.pole:
            yield moved.rotation(name)
    if found.moves:
        yield from (moved.location(name) for name in (found.ik, found.pole) if name)


def kept_warnings(found: Handling, wanted: FloatArray, hand: FloatArray) -> Iterator[str]:
    """A warning where a wrist was limited to a human's range."""
    off = degrees_between(wanted, hand)
    frames = int((off > TOLD_DEGREES).sum())
    if frames:
        remedy = "Switch Human Wrist off" if found.moves else "Let the arm follow the hand, or switch Human Wrist off"
        yield (
            f"The {found.side} wrist would bend or twist further than a human's on {frames} of {len(off)} frames: "
            f"it was limited, and is up to {off.max():.0f} degrees from the captured hand. {remedy} for exact rotation."
        )


def reach_warnings(found: Handling, missed: FloatArray) -> Iterator[str]:
    """A warning where an arm is too short. missed (N,): metres."""
    frames = int((missed > TOLD_METRES).sum())
    if frames:
        yield (
            f"The {found.side} hand is beyond its arm's reach on {frames} of {len(missed)} frames: "
            f"it misses its target by up to {100 * missed.max():.1f} cm. Move the character, or choose rotation only."
        )


def switch_channels(
    armature: bpy.types.Object, preset: Preset, found: Handling, choice: WristChoice
) -> Iterator[Channel]:
    """Keys of the preset's switches, which make the arm follow the hand's IK control and its pole target."""
    if found.ik is None:
        return
    switches: list[IkSwitch] = []
    if choice.wrist is Wrist.POSITION and found.side in preset.ik_switches:
        switches.append(preset.ik_switches[found.side])
    if found.moves and found.pole and (switch := preset.poles[found.side].switch):
        switches.append(switch)
    for switch in switches:
        bone = pose_of(armature).bones.get(switch.bone)
        if bone is None or switch.property not in bone:
            raise RetargetError(
                f"The rig {armature.name} has no property {switch.property} on the bone {switch.bone}, "
                f"with which the preset {preset.name} makes the arm follow the hand.",
                "Choose rotation only, or another preset.",
            )
        path = bone.path_from_id() + f'["{bpy.utils.escape_identifier(switch.property)}"]'
        yield Channel(path, bone.name, np.array([[switch.value]]))


def first_key(times: KeyTimes) -> KeyTimes:
    """Only the first key, with constant interpolation."""
    return KeyTimes(times.frames[:1], enum_numbers("interpolation", "CONSTANT"), enum_numbers("type", "KEYFRAME"))
