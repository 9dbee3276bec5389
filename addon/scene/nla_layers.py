"""NLA layers of a captured hand: its captured motion, and manual corrections above it.

Without corrections the captured motion is the rig's active Action. With them it is the only strip of an NLA track. The
active Action then holds the corrections, which combine with the track below; keys set in the 3D View go there.
"""

from collections.abc import Callable
from typing import Final

import bpy

from .. import compat
from ..narrowing import present
from . import keys

BASE_TRACK = "DaHyF Hands"
COMBINE: Final = "COMBINE"


def is_captured(action: bpy.types.Action | None) -> bool:
    """Whether an Action holds captured motion, which has an F-curve of `keys.LEADS`."""
    return action is not None and confidence_curve(action) is not None


def confidence_curve(action: bpy.types.Action) -> bpy.types.FCurve | None:
    """The F-curve of the confidence or, where the source has none, of what stands for it; or None."""
    paths = [f'["{name}"]' for name in keys.LEADS]
    return next((fcurve for fcurve in compat.fcurves_of(action) if fcurve.data_path in paths), None)


def base_action(rig: bpy.types.Object) -> bpy.types.Action | None:
    """The Action with the captured motion of a rig, whether it has corrections or not."""
    active = rig.animation_data.action if rig.animation_data else None
    if is_captured(active):
        return active
    strip = base_strip(rig)
    return strip.action if strip else None


def base_strip(rig: bpy.types.Object) -> bpy.types.NlaStrip | None:
    """The strip with the captured motion below corrections; None if that is the active Action."""
    animation = rig.animation_data
    if animation is None or is_captured(animation.action):
        return None
    strips = (strip for track in animation.nla_tracks for strip in track.strips)
    return next((strip for strip in strips if is_captured(strip.action)), None)


def add_corrections(rig: bpy.types.Object) -> bpy.types.Action:
    """Move the active Action to an NLA track, and add an empty one for corrections. Returns the new Action."""
    animation = present(rig.animation_data)
    base = present(animation.action)
    track = animation.nla_tracks.new()
    track.name = BASE_TRACK
    strip = track.strips.new(base.name, int(base.frame_range[0]), base)
    strip.blend_type, strip.extrapolation = animation.action_blend_type, animation.action_extrapolation
    play(strip, compat.AssignedAction.of(animation))
    corrections = compat.NewAction(rig, f"{rig.name} corrections").assign()
    animation.action_blend_type = COMBINE
    animation.action_extrapolation = "HOLD"
    return corrections


def replace_base(rig: bpy.types.Object, write: Callable[[], bpy.types.Action]) -> bpy.types.Action:
    """Replace the captured motion of a rig. Its corrections and all other animation stay.

    write: gives the rig a new active Action, and returns it.
    """
    animation = rig.animation_data_create()
    animation.use_tweak_mode = False
    strip, active = base_strip(rig), compat.AssignedAction.of(animation)
    action = write()
    if strip is not None:
        play(strip, compat.AssignedAction.of(animation))
        active.assign_to(animation)
    return action


def play(strip: bpy.types.NlaStrip, assigned: compat.AssignedAction) -> None:
    """Make a strip play an Action at the frames of its keys."""
    assigned.assign_to(strip)
    start, end = present(assigned.action).frame_range[:]
    end = max(end, start + 1)
    strip.action_frame_start, strip.action_frame_end = start, end
    strip.frame_start_raw, strip.frame_end_raw = start, end
    strip.scale = 1.0
