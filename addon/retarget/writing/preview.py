"""Previewing retargeting in a temporary Action. Ending the preview restores the rig."""

from dataclasses import replace

import bpy

from ...narrowing import present
from .plan import Plan
from .results import result_of, take_back
from .write import write


def previewing(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The rig that shows a preview, if one does."""
    rigs = (found for found in scene.objects if found.type == "ARMATURE")
    return next((rig for rig in rigs if (result := result_of(rig)) is not None and result.record.preview), None)


def begin(context: bpy.types.Context, plan: Plan) -> None:
    """Show on a rig what a plan would write."""
    write(replace(plan, name=f"{plan.armature.name} preview"), preview=True)
    show(context)


def end(context: bpy.types.Context, armature: bpy.types.Object) -> None:
    """Restore the rig's animation and pose from before the preview. A preview that was edited stays in the file."""
    result = result_of(armature)
    if result is not None and result.record.preview:
        take_back(armature, result)
        show(context)


def show(context: bpy.types.Context) -> None:
    """Evaluate the scene's current frame again."""
    scene = present(context.scene)
    scene.frame_set(scene.frame_current, subframe=scene.frame_subframe)
