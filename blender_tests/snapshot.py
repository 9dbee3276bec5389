"""The state of a file as plain values, so that two states can be compared completely."""

from typing import Any

import bpy

from addon import compat

SCENE = ("frame_start", "frame_end", "frame_current", "frame_subframe", "camera", "use_preview_range")
RENDER = ("fps", "fps_base", "resolution_x", "resolution_y", "resolution_percentage", "frame_map_old", "frame_map_new")
POSE = ("location", "scale", "rotation_mode", "rotation_quaternion", "rotation_euler", "rotation_axis_angle")


def snapshot(scene: bpy.types.Scene) -> dict[str, Any]:
    """Scene settings, all objects' places, poses and animation, all Actions with their keys, and all data-blocks."""
    return {
        "scene": {name: plain(getattr(scene, name)) for name in SCENE},
        "render": {name: plain(getattr(scene.render, name)) for name in RENDER},
        "objects": {each.name: of_object(each) for each in bpy.data.objects},
        "actions": {each.name: of_action(each) for each in bpy.data.actions},
        "blocks": sorted((block.id_type, block.name_full, block.use_fake_user) for block in bpy.data.user_map()),
    }


def of_object(owner: bpy.types.Object) -> dict[str, Any]:
    return {
        "place": plain(owner.matrix_basis),
        "properties": properties(owner),
        "animation": of_animation(owner.animation_data) if owner.animation_data else None,
        "bones": {bone.name: of_bone(bone) for bone in owner.pose.bones} if owner.pose else {},
    }


def of_bone(bone: bpy.types.PoseBone) -> dict[str, Any]:
    return {name: plain(getattr(bone, name)) for name in POSE} | {"properties": properties(bone)}


def properties(owner: bpy.types.bpy_struct) -> dict[str, Any]:
    """Custom properties. Empty groups are left out, since reading them creates them."""
    return {name: value for name, each in owner.items() if (value := plain(each)) != {}}


def of_animation(animation: bpy.types.AnimData) -> dict[str, Any]:
    return {
        **settings(animation),
        "tracks": [
            settings(track) | {"strips": [of_strip(strip) for strip in track.strips]} for track in animation.nla_tracks
        ],
        "drivers": [of_curve(driver) for driver in animation.drivers],
    }


def of_strip(strip: bpy.types.NlaStrip) -> dict[str, Any]:
    return settings(strip) | {"curves": [of_curve(curve) for curve in strip.fcurves]}


def of_action(action: bpy.types.Action) -> dict[str, Any]:
    return {
        "settings": settings(action),
        "properties": properties(action),
        "curves": [of_curve(curve) for curve in compat.fcurves_of(action)],
    }


def of_curve(curve: bpy.types.FCurve) -> dict[str, Any]:
    points = [(*point.co, point.interpolation, point.type) for point in curve.keyframe_points]
    return settings(curve) | {"points": points, "modifiers": [settings(modifier) for modifier in curve.modifiers]}


def settings(owner: bpy.types.bpy_struct) -> dict[str, Any]:
    """All properties that hold plain values, or name a data-block; not what the window shows of it."""
    found = {}
    for each in owner.bl_rna.properties:
        if each.type != "COLLECTION" and not each.identifier.startswith(("rna_type", "select", "show_", "session")):
            value = getattr(owner, each.identifier)
            if each.type != "POINTER" or isinstance(value, bpy.types.ID) or value is None:
                found[each.identifier] = plain(value)
    return found


def plain(value: Any) -> Any:
    """A value that compares."""
    if isinstance(value, bpy.types.ID):
        return value.name_full
    if isinstance(value, bpy.types.bpy_struct):
        return repr(value)
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if hasattr(value, "__len__") and not isinstance(value, str):
        return [plain(each) for each in value]
    return value


def differences(before: Any, after: Any, place: str = "") -> list[str]:
    """Where two snapshots differ, and how."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [*before, *(key for key in after if key not in before)]
        found = (differences(before.get(key), after.get(key), f"{place}/{key}") for key in keys)
        return [line for lines in found for line in lines]
    return [] if before == after else [f"{place}: {before} -> {after}"]
