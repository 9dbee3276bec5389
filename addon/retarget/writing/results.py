"""Results of retargeting on a rig. Each is marked, so that it can be found, replaced or removed later.

A result is the rig's own Action with a record in its custom properties, stored in the .blend file. The rig's previous
Action continues: its curves are copied into the result if that plays the same, else it plays from an NLA track below.
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
from ..property_values import Value, put_values
from .curves import copy_curve, key_of, signature

RECORD: Final = "dahyf_retarget"
BEFORE: Final = "dahyf_before"
SETTINGS: Final = ("use_nla", "action_blend_type", "action_influence", "action_extrapolation")
PLAIN: Final = {"action_blend_type": "REPLACE", "action_influence": 1.0, "action_extrapolation": "HOLD"}
"""Settings with which a result plays over NLA tracks, so that nothing below it shows through."""


class Outcome(StrEnum):
    """What happens to a rig's previous Action."""

    COPIED = "COPIED"
    """Its curves are copied into the result, except those that are keyed."""
    PUSHED = "PUSHED"
    """It is pushed down to an NLA track, and plays from there."""
    OFF = "OFF"
    """It did not play, as an NLA track is solo, or there was no Action."""


@dataclass(frozen=True)
class Record:
    """The state of a rig before a result, and of the result when it was written.

    paths: keyed data paths, each with its hand, "left" or "right". signature: of all curves. slot and fake_user: of the
    previous Action. settings: of the animation data. tracks: mute and solo of NLA tracks, if they were changed.
    active_track: its name, or "". pushed: the NLA track with the previous Action, or "". pose: values by data path.
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
        """The data paths that are keyed for hands of these sides."""
        return frozenset(path for path, side in self.paths.items() if side in sides)

    def write_to(self, action: bpy.types.Action, before: bpy.types.Action | None) -> None:
        """Mark an Action as a result."""
        action[RECORD] = json.dumps(asdict(self))
        if before is not None:
            action[BEFORE] = before


@dataclass(frozen=True)
class Result:
    """An Action that retargeting wrote, its record, and the previous Action."""

    action: bpy.types.Action
    record: Record
    before: AssignedAction

    @property
    def edited(self) -> bool:
        """Whether anybody has edited the result since it was written."""
        return signature(compat.fcurves_of(self.action)) != self.record.signature


def as_result(action: bpy.types.Action | None) -> Result | None:
    """An Action as a result; None if it is not one."""
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
    """What must happen to a rig's Action so that it continues to play as before."""
    animation = armature.animation_data
    if animation is None or animation.action is None:
        return Outcome.OFF
    if not animation.use_nla or not animation.nla_tracks:
        return Outcome.COPIED
    if any(track.is_solo for track in animation.nla_tracks):
        return Outcome.OFF
    if not any(not (track.mute or strip.mute) for track in animation.nla_tracks for strip in track.strips):
        return Outcome.COPIED  # blending does not matter with nothing below
    plain = animation.action_blend_type == "REPLACE" and animation.action_influence == 1
    return Outcome.COPIED if plain and animation.action_extrapolation != "NOTHING" else Outcome.PUSHED


def base_action(armature: bpy.types.Object, name: str, sides: Container[str]) -> NewAction:
    """A new Action with the animation below a result for hands of these sides. Nothing plays it yet.

    If the rig has a result, that is the animation without its keys for those hands. It includes what the user has keyed
    on other bones since.
    """
    result = lasting_result(armature)
    if result is not None:
        return without_keys(armature, name, result, sides)
    animation = armature.animation_data
    copied = outcome_of(armature) is Outcome.COPIED
    return NewAction(armature, name, AssignedAction.of(present(animation)) if copied else None)


def lasting_result(armature: bpy.types.Object) -> Result | None:
    """The result on a rig. During a preview: the result that it hides, or the preview itself if it hides none."""
    result = result_of(armature)
    if result is not None and result.record.preview:
        return as_result(result.before.action) or result
    return result


def without_keys(armature: bpy.types.Object, name: str, result: Result, sides: Container[str]) -> NewAction:
    """A new Action like a result, but with the previous curves in place of its keys for hands of these sides."""
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
    """Show in the block what a rig does without a result for hands of these sides."""
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
    """Restore a rig to before a result. Returns whether the result stays in the file.

    It stays if it was edited. keep: it stays in any case.
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
    """Restore mute and solo of NLA tracks."""
    for name, (mute, solo) in states.items():
        track = animation.nla_tracks.get(name)
        if track is not None:
            track.mute = mute
            if track.is_solo != solo:
                track.is_solo = solo
