"""What retargeting has written on a rig, marked so that it is found again: to be replaced, or to be taken back.

A result is the rig's own Action with a record in its custom properties, which the .blend file keeps. What the rig's
Action did before goes on: its curves are copied into the result where that plays the same, else it plays from an NLA
track below.
"""

import json
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

import bpy

from ... import compat
from ...compat import AssignedAction, NewAction
from ...narrowing import holds, present
from ..playback import unchanged
from ..values import Value, put_values
from .curves import copy_curve, key_of, signature

RECORD: Final = "dahyf_retarget"
BEFORE: Final = "dahyf_before"
SETTINGS: Final = ("use_nla", "action_blend_type", "action_influence", "action_extrapolation")
PLAIN: Final = {"action_blend_type": "REPLACE", "action_influence": 1.0, "action_extrapolation": "HOLD"}
"""How a result plays over NLA tracks, so that nothing below it shows through."""


class Outcome(StrEnum):
    """What becomes of the Action that a rig has."""

    COPIED = "COPIED"
    """Its curves are in the result as well, but for those that are keyed."""
    PUSHED = "PUSHED"
    """It plays on from an NLA track."""
    OFF = "OFF"
    """It did not play, as an NLA track is solo, or there is none."""


@dataclass(frozen=True)
class Record:
    """How a rig was before a result, and what the result was when it was written.

    paths: what retargeting keyed, and for which hand, "left" or "right". signature: of all curves. slot and fake_user:
    of the Action before. settings: of the animation. tracks: mute and solo of the NLA tracks, where they were changed.
    active_track: its name, or "". pushed: the NLA track that plays the Action before, or "". pose: values by data path.
    """

    paths: dict[str, str]
    signature: str
    outcome: Outcome
    had_animation: bool
    slot: str
    fake_user: bool
    settings: dict[str, Any]
    tracks: dict[str, tuple[bool, bool]]
    active_track: str
    pushed: str
    pose: dict[str, Value]
    preview: bool

    def paths_of(self, sides: Container[str]) -> frozenset[str]:
        """What is keyed for hands of these sides."""
        return frozenset(path for path, side in self.paths.items() if side in sides)

    def write_to(self, action: bpy.types.Action, before: bpy.types.Action | None) -> None:
        """Mark an Action as a result."""
        action[RECORD] = json.dumps(asdict(self))
        if before is not None:
            action[BEFORE] = before


@dataclass(frozen=True)
class Result:
    """An Action that retargeting wrote, its record, and the Action before it."""

    action: bpy.types.Action
    record: Record
    before: AssignedAction

    @property
    def edited(self) -> bool:
        """Whether anybody has changed the result since."""
        return signature(compat.fcurves_of(self.action)) != self.record.signature


def as_result(action: bpy.types.Action | None) -> Result | None:
    """An Action as a result; None where it is none."""
    if action is None or not holds(action, RECORD):
        return None
    try:
        kept = json.loads(action[RECORD])
        record = Record(**kept | {"outcome": Outcome(kept["outcome"])})
    except (TypeError, ValueError, KeyError):  # edited by hand
        return None
    before = action.get(BEFORE)
    return Result(action, record, AssignedAction(before, record.slot))


def result_of(armature: bpy.types.Object) -> Result | None:
    """The result that is a rig's own Action now, or None."""
    return as_result(armature.animation_data.action) if armature.animation_data else None


def outcome_of(armature: bpy.types.Object) -> Outcome:
    """What is to become of the Action that a rig has, for it to go on playing as it does."""
    animation = armature.animation_data
    if animation is None or animation.action is None:
        return Outcome.OFF
    if not animation.use_nla or not animation.nla_tracks:
        return Outcome.COPIED
    if any(track.is_solo for track in animation.nla_tracks):
        return Outcome.OFF
    if not any(not (track.mute or strip.mute) for track in animation.nla_tracks for strip in track.strips):
        return Outcome.COPIED  # blending has no say where nothing is below
    plain = animation.action_blend_type == "REPLACE" and animation.action_influence == 1
    return Outcome.COPIED if plain and animation.action_extrapolation != "NOTHING" else Outcome.PUSHED


def base_action(armature: bpy.types.Object, name: str, sides: Container[str]) -> NewAction:
    """A new Action with what a result for hands of these sides is written over, and nothing plays yet.

    With a result on the rig: what would be there without its keys for those hands. All that the user has keyed on other
    bones since is in it.
    """
    result = lasting_result(armature)
    if result is not None:
        return without_keys(armature, name, result, sides)
    animation = armature.animation_data
    copied = outcome_of(armature) is Outcome.COPIED
    return NewAction(armature, name, AssignedAction.of(present(animation)) if copied else None)


def lasting_result(armature: bpy.types.Object) -> Result | None:
    """The result on a rig; with a preview, the one that it hides, or itself where it hides none."""
    result = result_of(armature)
    if result is not None and result.record.preview:
        return as_result(result.before.action) or result
    return result


def without_keys(armature: bpy.types.Object, name: str, result: Result, sides: Container[str]) -> NewAction:
    """A new Action like a result, but with the curves before it on all that it keys for hands of these sides."""
    record = result.record
    replaced = record.paths_of(sides)
    new = NewAction(armature, name, result.before if record.outcome is Outcome.COPIED else None)
    others = {key_of(curve): curve for curve in compat.fcurves_of(result.action) if curve.data_path not in replaced}
    known = {key_of(curve): signature([curve]) for curve in new.fcurves}
    new.remove({key for key in known if key[0] not in replaced and key not in others})
    for key, curve in others.items():
        if known.get(key) != signature([curve]):
            copy_curve(curve, new)
    return new


@contextmanager
def base_shown(scene: bpy.types.Scene, armature: bpy.types.Object, sides: Container[str]) -> Iterator[None]:
    """Let a rig meanwhile do what it would do without a result for hands of these sides."""
    result = lasting_result(armature)
    if result is None:
        yield
        return
    replaced = result.record.paths_of(sides)
    shown = AssignedAction.of(present(armature.animation_data))
    with unchanged(scene):
        base = base_action(armature, "base", sides)
        try:
            base.assign(keep_last=False)
            put_values(armature, {path: value for path, value in result.record.pose.items() if path in replaced})
            scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
            yield
        finally:
            shown.assign_to(present(armature.animation_data))
            bpy.data.actions.remove(base.action)


def take_back(armature: bpy.types.Object, result: Result, keep: bool = False) -> bool:
    """Bring back what a rig did before a result; whether the result stays in the file.

    It stays where it was edited. keep: let it stay in any case.
    """
    keep = keep or result.edited or result.action.use_fake_user
    action, record, animation = result.action, result.record, present(armature.animation_data)
    animation.action = None
    if record.pushed in animation.nla_tracks:
        animation.nla_tracks.remove(animation.nla_tracks[record.pushed])
    put_tracks(animation, record.tracks)
    if record.active_track in animation.nla_tracks:
        animation.nla_tracks.active = animation.nla_tracks[record.active_track]
    for name, value in record.settings.items():
        setattr(animation, name, value)
    result.before.assign_to(animation)
    if result.before.action is not None and result.before.action.library is None:
        result.before.action.use_fake_user = record.fake_user
    put_values(armature, record.pose)
    if not record.had_animation and not (animation.action or animation.nla_tracks or animation.drivers):
        armature.animation_data_clear()
    drop(action, keep)
    return keep


def drop(action: bpy.types.Action, keep: bool) -> None:
    """Remove an Action that nothing else uses, or keep it in the file."""
    action.use_fake_user = keep
    if not action.users:
        bpy.data.actions.remove(action)


def track_states(animation: bpy.types.AnimData) -> dict[str, tuple[bool, bool]]:
    """Mute and solo of all NLA tracks, by name."""
    return {track.name: (track.mute, track.is_solo) for track in animation.nla_tracks}


def put_tracks(animation: bpy.types.AnimData, states: dict[str, tuple[bool, bool]]) -> None:
    """Give NLA tracks their mute and solo back."""
    for name, (mute, solo) in states.items():
        track = animation.nla_tracks.get(name)
        if track is not None:
            track.mute = mute
            if track.is_solo != solo:
                track.is_solo = solo
