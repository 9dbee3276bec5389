"""Reading F-curves in any version of Blender."""

import bpy


def fcurves_of(owner: bpy.types.ID) -> list[bpy.types.FCurve]:
    """The F-curves that move a data-block now; empty where it has none."""
    animation = owner.animation_data
    if animation is None or animation.action is None:
        return []
    if bpy.app.version < (4, 4, 0):
        return list(animation.action.fcurves)
    (layer,) = animation.action.layers
    (strip,) = layer.strips
    return list(strip.channelbag(animation.action_slot).fcurves)
