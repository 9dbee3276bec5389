"""Comparing F-curves, and copying them to another Action."""

import hashlib
from collections.abc import Iterable
from typing import Any, Final

import bpy
import numpy as np

from ...compat import NewAction

POINT_SIZES: Final = {
    "co": 2,
    "handle_left": 2,
    "handle_right": 2,
    "handle_left_type": 1,
    "handle_right_type": 1,
    "interpolation": 1,
    "easing": 1,
    "type": 1,
    "amplitude": 1,
    "back": 1,
    "period": 1,
}
"""The properties of a key, with how many numbers each has."""
WHOLE: Final = frozenset({"handle_left_type", "handle_right_type", "interpolation", "easing", "type"})
CURVE_SETTINGS: Final = ("extrapolation", "auto_smoothing", "color_mode", "color", "mute", "lock")
CurveKey = tuple[str, int]


def key_of(curve: bpy.types.FCurve) -> CurveKey:
    """The property that a curve animates: its data path and array index."""
    return curve.data_path, curve.array_index


def points_of(curve: bpy.types.FCurve) -> dict[str, np.ndarray]:
    """All keys of a curve, by property."""
    found = {}
    for name, size in POINT_SIZES.items():
        found[name] = np.empty(size * len(curve.keyframe_points), np.int32 if name in WHOLE else np.float32)
        curve.keyframe_points.foreach_get(name, found[name])
    return found


def modifier_settings(modifier: bpy.types.FModifier) -> dict[str, object]:
    """The settings of a modifier that can be set again."""
    found = {}
    for each in modifier.bl_rna.properties:
        if not each.is_readonly and each.type not in {"POINTER", "COLLECTION"} and each.identifier != "active":
            value = getattr(modifier, each.identifier)
            found[each.identifier] = tuple(value) if getattr(each, "is_array", False) else value
    return found


def signature(curves: Iterable[bpy.types.FCurve]) -> str:
    """A digest of these curves, which shows whether anybody has edited them."""
    digest = hashlib.sha256()
    for curve in sorted(curves, key=key_of):
        digest.update(repr((*key_of(curve), curve.extrapolation, curve.mute)).encode())
        for values in points_of(curve).values():
            digest.update(values.data)
        for modifier in curve.modifiers:
            digest.update(repr((modifier.type, modifier_settings(modifier))).encode())
    return digest.hexdigest()


def copy_curve(curve: bpy.types.FCurve, new: NewAction) -> None:
    """Copy a curve to another Action, in place of its curve for the same property."""
    new.remove({key_of(curve)})
    copied = new.new_fcurve(curve.data_path, curve.array_index, curve.group.name if curve.group else "")
    for name in CURVE_SETTINGS:
        setattr(copied, name, getattr(curve, name))
    copied.keyframe_points.add(len(curve.keyframe_points))
    for name, values in points_of(curve).items():
        copied.keyframe_points.foreach_set(name, values)
    for modifier in curve.modifiers:
        made: Any = copied.modifiers.new(modifier.type)
        for name, value in modifier_settings(modifier).items():
            setattr(made, name, value)
        for point in getattr(modifier, "control_points", ()):
            added = made.control_points.add(point.frame)
            added.min, added.max = point.min, point.max
    copied.update()
