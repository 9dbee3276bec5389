"""A rig shows what retargeting would do, in an Action that goes away again and leaves everything as it was."""

import json
from collections.abc import Sequence

import bpy

from .. import compat, retarget
from . import Preset, Source, Wrist
from .values import put_values, values_of


class DAHYF_HANDS_PG_preview(bpy.types.PropertyGroup):
    """What a rig shows, and what it did before."""

    action: bpy.props.PointerProperty(name="Preview", description="Action of the preview", type=bpy.types.Action)
    before: bpy.props.PointerProperty(name="Before", description="Action before the preview", type=bpy.types.Action)
    slot: bpy.props.StringProperty(name="Slot", description="Slot of the Action before the preview")
    track: bpy.props.StringProperty(name="Track", description="NLA track that plays the Action during the preview")
    pose: bpy.props.StringProperty(name="Pose", description="Values before the preview, as JSON")
    running: bpy.props.BoolProperty(name="Running", description="Whether the rig shows a preview")


def previewing(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The rig that shows a preview, if one does."""
    return next((found for found in scene.objects if found.dahyf_hands_preview.running), None)


def begin(
    context: bpy.types.Context, armature: bpy.types.Object, sources: Sequence[Source], preset: Preset, wrist: Wrist
) -> None:
    """Let a rig, which shows no preview, show one. Raises RetargetError, and then nothing has changed."""
    animation = armature.animation_data_create()
    before, tracks = compat.AssignedAction(animation), len(animation.nla_tracks)
    fake_user = before.action.use_fake_user if before.action else False
    action = retarget.retarget(context, armature, sources, preset, wrist).action
    action.name = f"{armature.name} preview"
    state = armature.dahyf_hands_preview
    state.running, state.action, state.before, state.slot = True, action, before.action, before.slot_identifier
    if before.action:
        before.action.use_fake_user = fake_user
    state.track = animation.nla_tracks[-1].name if len(animation.nla_tracks) > tracks else ""
    state.pose = json.dumps(values_of(armature, {curve.data_path for curve in compat.own_fcurves(armature)}))
    show(context)


def end(context: bpy.types.Context, armature: bpy.types.Object) -> None:
    """Bring back what the rig did and how it stood before the preview."""
    state, animation = armature.dahyf_hands_preview, armature.animation_data
    if animation.use_tweak_mode:
        animation.use_tweak_mode = False
    track = animation.nla_tracks.get(state.track) if state.track else None
    animation.action = None
    if track is not None:
        compat.pull_up(armature, track)
    elif state.before is not None:
        compat.assign_slot(animation, state.before, state.slot)
    if state.action is not None:
        bpy.data.actions.remove(state.action)
    put_values(armature, json.loads(state.pose or "{}"))
    for name in state.bl_rna.properties.keys():  # noqa: SIM118 - a collection of Blender's, not a dict
        if name not in {"rna_type", "name"}:
            state.property_unset(name)
    show(context)


def show(context: bpy.types.Context) -> None:
    """Evaluate the scene's frame anew."""
    scene = context.scene
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)


CLASSES = (DAHYF_HANDS_PG_preview,)


def register() -> None:
    """Attach the state to objects."""
    bpy.types.Object.dahyf_hands_preview = bpy.props.PointerProperty(type=DAHYF_HANDS_PG_preview)


def unregister() -> None:
    """Detach it."""
    del bpy.types.Object.dahyf_hands_preview
