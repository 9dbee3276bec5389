"""Every difference between Blender versions 4.2 to 5.x that matters to the add-on. All version checks are here."""

from collections.abc import Container, Mapping
from typing import Any, Final, cast

import bpy

from .narrowing import present, rna_property

_HAS_SLOTS: Final = bpy.app.version >= (4, 4, 0)
_NEW_MATERIALS_LACK_NODES: Final = bpy.app.version < (5, 0, 0)
_HAS_SYSTEM_PROPERTIES: Final = bpy.app.version >= (5, 0, 0)
IS_PYTHON_MODULE: Final = not bpy.app.binary_path
"""Whether Blender is a Python module (bpy), not a program."""

FREQUENCY: Final = "FREQUENCY" if "FREQUENCY" in rna_property(bpy.types.Property, "subtype").enum_items else "NONE"
"""The subtype of properties in hertz; older versions have none."""

BLEND_PATH: Final = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
"""Options of a property whose path may begin with `//`, the folder of the .blend file."""

MOVIES_ARE_TURNED: Final = bpy.app.version >= (4, 4, 0)
"""Whether Blender shows a video the way its rotation metadata asks for."""


BEYOND_KEYS: Final = 10_000
"""Frames that an Action in a strip plays before and after its keys; a strip's times are exact to 0.001 frames there."""


class NewAction:
    """An Action that takes new F-curves for an object, and becomes the object's own by `assign`."""

    def __init__(self, owner: bpy.types.Object, name: str, base: "AssignedAction | None" = None) -> None:
        """Empty, or a copy of what `base` plays: the F-curves of its slot, without those of other objects."""
        self._owner = owner
        if base is None or base.action is None:
            self.action = bpy.data.actions.new(name)
        else:
            self.action = base.action.copy()
            self.action.name, self.action.use_fake_user = name, False
            if self.action.asset_data is not None:
                self.action.asset_clear()
        self._channels: Any = self.action
        if _HAS_SLOTS:
            for slot in list(self.action.slots):
                if base is None or slot.identifier != base.slot_identifier:
                    self.action.slots.remove(slot)
            slot = self.action.slots[0] if self.action.slots else self.action.slots.new(owner.id_type, owner.name)
            layer = self.action.layers[0] if self.action.layers else self.action.layers.new("Layer")
            strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
            self._channels = keyframe_strip(strip).channelbag(slot, ensure=True)

    @property
    def fcurves(self) -> list[bpy.types.FCurve]:
        """All F-curves that it has by now."""
        return list(self._channels.fcurves)

    def remove(self, keys: Container[tuple[str, int]]) -> None:
        """Take out the F-curves of these data paths and array indices."""
        for fcurve in self.fcurves:
            if (fcurve.data_path, fcurve.array_index) in keys:
                self._channels.fcurves.remove(fcurve)

    def assign(self, keep_last: bool = True) -> bpy.types.Action:
        """Make the Action the object's own, and return it. keep_last: its previous Action stays in the file."""
        animation = self._owner.animation_data_create()
        if keep_last and animation.action is not None and animation.action.library is None:
            animation.action.use_fake_user = True
        animation.action = self.action
        if _HAS_SLOTS:
            animation.action_slot = self.action.slots[0]
        return self.action

    def new_fcurve(self, data_path: str, index: int, group: str) -> bpy.types.FCurve:
        """A new F-curve without keys, in the group of that name."""
        fcurve: bpy.types.FCurve = self._channels.fcurves.new(data_path, index=index)
        groups = self._channels.groups
        if group:
            fcurve.group = groups.get(group) or groups.new(group)
        return fcurve


def fcurves_of(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """All F-curves of an Action, of all slots."""
    if not _HAS_SLOTS:
        return list(action.fcurves)
    strips = [strip for layer in action.layers for strip in layer.strips]
    channelbags = [channelbag for strip in strips for channelbag in keyframe_strip(strip).channelbags]
    return [fcurve for channelbag in channelbags for fcurve in channelbag.fcurves]


def keyframe_strip(strip: "bpy.types.ActionStrip") -> "bpy.types.ActionKeyframeStrip":
    """An Action's strip as a keyframe strip, the only kind that exists. Both types are new in Blender 4.4."""
    return cast("bpy.types.ActionKeyframeStrip", strip)


class AssignedAction:
    """The Action and slot that an object's animation or a strip plays. slot_identifier: empty without a slot."""

    def __init__(self, action: bpy.types.Action | None, slot_identifier: str) -> None:
        self.action, self.slot_identifier = action, slot_identifier

    @classmethod
    def of(cls, player: bpy.types.AnimData | bpy.types.NlaStrip) -> "AssignedAction":
        """What an object's animation or a strip plays now."""
        slot = player.action_slot if _HAS_SLOTS else None
        return cls(player.action, slot.identifier if slot is not None else "")

    def assign_to(self, player: bpy.types.AnimData | bpy.types.NlaStrip) -> None:
        """Make an object's animation or a strip play it."""
        player.action = self.action
        if _HAS_SLOTS and self.action is not None:
            player.action_slot = self.action.slots.get(self.slot_identifier) if self.slot_identifier else None


def own_fcurves(owner: bpy.types.Object | bpy.types.MovieClip) -> list[bpy.types.FCurve]:
    """The F-curves of an object's own Action; empty where it has none."""
    return played_fcurves(owner.animation_data) if owner.animation_data else []


def playing_fcurves(owner: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The F-curves of an object's own Action and of those in its NLA tracks, muted ones too."""
    animation = owner.animation_data
    if animation is None:
        return []
    strips = [strip for track in animation.nla_tracks for strip in track.strips]
    players: list[bpy.types.AnimData | bpy.types.NlaStrip] = [animation, *strips]
    return [curve for player in players for curve in played_fcurves(player)]


def played_fcurves(player: bpy.types.AnimData | bpy.types.NlaStrip) -> list[bpy.types.FCurve]:
    """The F-curves that an object's animation or a strip plays: those of its Action, in its slot of it."""
    if player.action is None:
        return []
    if not _HAS_SLOTS:
        return list(player.action.fcurves)
    if player.action_slot is None:
        return []
    strips = [strip for layer in player.action.layers for strip in layer.strips]
    bags = [keyframe_strip(strip).channelbag(player.action_slot) for strip in strips]
    return [fcurve for bag in bags if bag is not None for fcurve in bag.fcurves]


def push_down(owner: bpy.types.Object) -> bpy.types.NlaTrack:
    """Move an object's own Action to a new NLA track above the others, where it plays on. Returns the track.

    An active Action also plays beyond its keys, by extrapolation and cycles, but a strip only holds the values at its
    ends. So the strip is made BEYOND_KEYS frames longer at both ends, unless the Action does not play beyond its keys.
    """
    animation = present(owner.animation_data)
    action = present(animation.action)
    start, end = action.frame_range[:]
    if animation.action_extrapolation != "NOTHING":
        start, end = start - BEYOND_KEYS, end + BEYOND_KEYS
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(start), action)
    if _HAS_SLOTS:
        strip.action_slot = animation.action_slot
    strip.action_frame_start, strip.action_frame_end = start, max(end, start + 1)
    strip.frame_start_raw, strip.frame_end_raw = start, max(end, start + 1)
    strip.scale = 1.0
    strip.blend_type = animation.action_blend_type
    strip.extrapolation = animation.action_extrapolation
    if animation.action_influence < 1:
        strip.use_animated_influence = True
        strip.fcurves.find("influence").keyframe_points[0].co.y = animation.action_influence
    animation.action = None
    return track


def shader_nodes(material: bpy.types.Material) -> bpy.types.Nodes:
    """The nodes of a new material, the Principled BSDF among them."""
    if _NEW_MATERIALS_LACK_NODES:
        material.use_nodes = True
    return present(material.node_tree).nodes


def stored_properties(owner: bpy.types.bpy_struct) -> Mapping[str, Any]:
    """The properties that add-ons store in a data-block or bone, whether these add-ons are enabled or not."""
    known: Any = owner
    return (known.bl_system_properties_get() or {}) if _HAS_SYSTEM_PROPERTIES else known
