"""Reading and restoring the values of animated properties."""

import json
from collections.abc import Iterable, Mapping

import bpy

from .. import compat

Value = float | list[float]


def keyed_values(owner: bpy.types.Object) -> dict[str, Value]:
    """The present values of all properties that an object's animation can change, by data path."""
    return values_of(owner, {curve.data_path for curve in compat.playing_fcurves(owner)})


def values_of(owner: bpy.types.Object, paths: Iterable[str]) -> dict[str, Value]:
    """The present values of properties by data path. Paths that the object lacks are left out."""
    found: dict[str, Value] = {}
    for path in sorted(paths):
        try:
            value = owner.path_resolve(path)
        except ValueError:  # an F-curve of something that is gone
            continue
        found[path] = list(value) if hasattr(value, "__len__") and not isinstance(value, str) else value
    return found


def put_values(owner: bpy.types.Object, values: Mapping[str, Value]) -> None:
    """Set properties to these values, where they differ."""
    now = values_of(owner, values)
    for path, value in values.items():
        if path in now and now[path] != value:
            put_value(owner, path, value)


def put_value(owner: bpy.types.Object, path: str, value: Value) -> None:
    """Set a property. Custom properties have paths in brackets."""
    if path.endswith("]"):
        holder, _, key = path.rpartition("[")
        (owner.path_resolve(holder) if holder else owner)[json.loads(key[:-1])] = value
    else:
        holder, dot, name = path.rpartition(".")
        setattr(owner.path_resolve(holder) if dot else owner, name, value)
