"""Keys on an animator's rig: a new Action each time, over whatever moves the rig already."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import bpy

from .. import compat
from ..compat import NewAction
from ..scene.keys import add_channels
from .plan import Plan, plan_retarget
from .presets import Preset
from .source import Source
from .wrist import Wrist

LONGEST_NAME: Final = 60
"""Bytes of an Action's name; Blender's limit is 63."""


@dataclass(frozen=True)
class Retargeted:
    """What was made: the Action, how many hands and frames are in it, and sentences on what to know about it."""

    action: bpy.types.Action
    hands: int
    frames: int
    warnings: tuple[str, ...]


def retarget(
    context: bpy.types.Context,
    armature: bpy.types.Object,
    sources: Sequence[Source],
    preset: Preset,
    wrist: Wrist = Wrist.ROTATION,
) -> Retargeted:
    """Key a rig's hands so that they do what the sources do. Raises RetargetError, and then nothing has changed.

    See `plan_retarget` for what is keyed, and `write` for what becomes of the rig's own Action.
    """
    return write(plan_retarget(context, armature, sources, preset, wrist))


def write(plan: Plan) -> Retargeted:
    """Give the rig a new Action with the plan's keys.

    The rig's own Action goes on playing from an NLA track below, unless the new one replaces all its channels; then it
    stays in the file.
    """
    armature = plan.armature
    new = new_action(plan)
    animation = armature.animation_data_create()
    if animation.use_tweak_mode:
        animation.use_tweak_mode = False
    if any(curve.data_path not in plan.paths for curve in compat.own_fcurves(armature)):
        compat.push_down(armature)
    return Retargeted(new.assign(), plan.hands, plan.frames, plan.warnings)


def new_action(plan: Plan) -> NewAction:
    """An Action with the plan's keys, which nothing plays yet; it does not stay where keys cannot be made."""
    new = NewAction(plan.armature, plan.name.encode()[:LONGEST_NAME].decode(errors="ignore"))
    try:
        for times, channels in plan.parts:
            add_channels(new, times, channels)
    except BaseException:
        bpy.data.actions.remove(new.action)
        raise
    return new


def set_aside(armature: bpy.types.Object) -> None:
    """Take the rig's own Action off it and keep it in the file, so that another capture can follow it."""
    armature.animation_data.action.use_fake_user = True
    armature.animation_data.action = None
