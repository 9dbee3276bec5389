"""Writing keys on an animator's rig: each time a new Action, in which the rig's other animation continues."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import bpy

from ... import compat
from ...compat import AssignedAction, NewAction
from ...errors import RetargetError
from ...scene.keys import FINGERPRINT, add_channels
from ..mapping.presets import Preset
from ..motion.source import Source
from ..playback import unchanged
from ..property_values import put_values, values_of
from ..solving.wrist import DEFAULT_CHOICE, WristChoice
from .curves import key_of, signature
from .deviations import deviations
from .plan import Plan, plan_retarget
from .results import (
    PLAIN,
    SETTINGS,
    Outcome,
    Record,
    Result,
    as_result,
    base_action,
    drop,
    outcome_of,
    result_of,
    take_back,
    track_states,
)

LONGEST_NAME: Final = 60
"""Bytes of an Action's name; Blender's limit is 63."""


@dataclass(frozen=True)
class Retargeted:
    """The result: its Action, the numbers of hands and frames, and warnings as sentences."""

    action: bpy.types.Action
    hands: int
    frames: int
    warnings: tuple[str, ...]


def summary(done: Retargeted) -> str:
    """A sentence on the result, for the status bar."""
    hands = "1 hand" if done.hands == 1 else f"{done.hands} hands"
    frames = "1 frame" if done.frames == 1 else f"{done.frames} frames"
    return f'Keyed {hands}, {frames}, in the Action "{done.action.name}"'


def retarget(
    context: bpy.types.Context,
    armature: bpy.types.Object,
    sources: Sequence[Source],
    preset: Preset,
    choice: WristChoice = DEFAULT_CHOICE,
) -> Retargeted:
    """Key a rig's hands so that they move like the sources. Raises RetargetError, and then changes nothing.

    See `plan_retarget` for what is keyed, and `write` for what happens to the rig's own Action.
    """
    return write(plan_retarget(context, armature, sources, preset, choice))


def write(plan: Plan, preview: bool = False) -> Retargeted:
    """Give the rig a new Action with the plan's keys. It replaces a result that the rig has.

    The rig's own Action stays in the file, unchanged, and continues on everything else: see `Outcome`. A result that
    was edited by hand stays in the file too. preview: the next result replaces this Action, and an existing result is
    restored when the preview ends.
    """
    armature = plan.armature
    new = new_action(plan)
    result = result_of(armature)
    if result is not None and result.record.preview:
        take_back(armature, result)
        result = result_of(armature)
    if result is not None and not preview:
        warnings = replace_result(plan, new, result)
    else:
        warnings = write_over(plan, new, preview)
    new.action.name = action_name(plan.name)
    if not preview:
        keyed = {(armature, path) for path in plan.side_of_path}
        with unchanged(plan.scene, keyed):
            warnings = [*warnings, *deviations(plan.scene, armature, plan.goals)]
    return Retargeted(new.action, len(plan.sides), plan.frames, (*plan.warnings, *warnings))


def new_action(plan: Plan) -> NewAction:
    """An Action with the plan's keys, which nothing plays yet. It is removed if an error is raised."""
    new = base_action(plan.armature, action_name(plan.name), plan.sides)
    try:
        new.action.pop(FINGERPRINT, None)
        new.remove({key_of(curve) for curve in new.fcurves if curve.data_path in plan.side_of_path})
        for times, channels in plan.parts:
            add_channels(new, times, channels)
    except BaseException:
        bpy.data.actions.remove(new.action)
        raise
    return new


def action_name(name: str) -> str:
    """A name cut to LONGEST_NAME bytes."""
    return name.encode()[:LONGEST_NAME].decode(errors="ignore")


def replace_result(plan: Plan, new: NewAction, result: Result) -> list[str]:
    """Replace a result by a new Action. All else stays. Returns warnings."""
    armature = plan.armature
    pose = values_of(armature, plan.side_of_path) | result.record.pose
    carried = {path: side for path, side in result.record.paths.items() if side not in plan.sides}
    paths = {**carried, **plan.side_of_path}
    record = replace(result.record, paths=paths, signature=signature(new.fcurves), pose=pose)
    record.write_to(new.action, result.before.action)
    edited = result.edited
    new.assign(keep_last=False)
    put_values(armature, {path: pose[path] for path in result.record.paths if path in pose and path not in paths})
    drop(result.action, keep=edited or result.action.use_fake_user)
    if edited:
        return [f"The Action {result.action.name} was edited after it was written, and stays in the file."]
    return []


def write_over(plan: Plan, new: NewAction, preview: bool) -> list[str]:
    """Give a rig a new Action, and record its state before. Returns warnings."""
    armature = plan.armature
    pose, had_animation = values_of(armature, plan.side_of_path), armature.animation_data is not None
    outcome, below = outcome_of(armature), result_of(armature)
    animation = armature.animation_data_create()
    before, tracks = AssignedAction.of(animation), track_states(animation)
    record = Record(
        paths=dict(plan.side_of_path),
        signature=signature(new.fcurves),
        outcome=outcome if below is None else below.record.outcome,
        had_animation=had_animation,
        slot=before.slot_identifier,
        fake_user=before.action is not None and before.action.use_fake_user,
        settings={name: getattr(animation, name) for name in SETTINGS},
        tracks={},
        active_track=animation.nla_tracks.active.name if animation.nla_tracks.active else "",
        pushed="",
        pose=pose,
        preview=preview,
    )
    warnings = []
    if below is None and outcome is Outcome.PUSHED:
        record = replace(record, pushed=compat.push_down(armature).name)
    if below is None and outcome is Outcome.OFF:
        solo = end_solo(animation)
        if solo:
            record = replace(record, tracks=tracks)
            warnings.append(
                f"Solo of the NLA track {solo} of the rig {armature.name} was switched off, as it would hide the new "
                "keys. The track still plays, and the other tracks are muted."
            )
    if below is None and outcome is not Outcome.COPIED:
        for name, value in PLAIN.items():
            setattr(animation, name, value)
    new.assign()
    record.write_to(new.action, before.action)
    return warnings


def end_solo(animation: bpy.types.AnimData) -> str:
    """End solo of an NLA track: mute the other tracks instead. Returns its name, or "" if none is solo."""
    solo = next((track for track in animation.nla_tracks if track.is_solo and animation.use_nla), None)
    if solo is None:
        return ""
    solo.is_solo = False
    for track in animation.nla_tracks:
        track.mute = track != solo
    return str(solo.name)


def remove(armature: bpy.types.Object) -> str | None:
    """Restore a rig to before it was retargeted. Returns the result's name if it stays, as it was edited.

    A preview is removed too. Raises RetargetError where the rig has no result.
    """
    result = result_of(armature)
    if result is not None and result.record.preview:
        take_back(armature, result)
        result = result_of(armature)
    if result is None:
        raise RetargetError(
            f"The rig {armature.name} has no keys of Retarget{elsewhere(armature)}.", "Choose another rig."
        )
    return result.action.name if take_back(armature, result) else None


def has_result(armature: bpy.types.Object) -> bool:
    """Whether a rig's own Action is a result."""
    return result_of(armature) is not None


def elsewhere(armature: bpy.types.Object) -> str:
    """The end of a sentence: the NLA track of a result that is no longer the rig's own Action."""
    tracks = armature.animation_data.nla_tracks if armature.animation_data else ()
    found = [track.name for track in tracks for strip in track.strips if as_result(strip.action)]
    return f" in its own Action, but in the NLA track {found[0]}, which you can delete" if found else ""


def set_aside(armature: bpy.types.Object) -> None:
    """Restore a rig, but keep its result in the file, so that another capture can be retargeted."""
    result = result_of(armature)
    if result is not None:
        take_back(armature, result, keep=True)
