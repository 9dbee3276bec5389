"""Every difference between Blender versions that the add-on meets, from 4.2 to 5.x. Version checks live here alone."""

from collections.abc import Mapping
from typing import Any, Final

import bpy

_HAS_SLOTS: Final = bpy.app.version >= (4, 4, 0)
_NEW_MATERIALS_LACK_NODES: Final = bpy.app.version < (5, 0, 0)
_HAS_SYSTEM_PROPERTIES: Final = bpy.app.version >= (5, 0, 0)
IS_PYTHON_MODULE: Final = not bpy.app.binary_path
"""Whether Python runs Blender, not Blender Python."""

MOVIES_ARE_TURNED: Final = bpy.app.version >= (4, 4, 0)
"""Whether Blender shows a video the way its rotation metadata asks for."""


class NewAction:
    """An empty Action that takes new F-curves for an object, and becomes the object's own by `assign`."""

    def __init__(self, owner: bpy.types.Object, name: str) -> None:
        self.action = bpy.data.actions.new(name)
        self._owner = owner
        self._channels = self.action
        if _HAS_SLOTS:
            slot = self.action.slots.new(owner.id_type, owner.name)
            strip = self.action.layers.new("Layer").strips.new(type="KEYFRAME")
            self._channels = strip.channelbag(slot, ensure=True)

    def assign(self) -> bpy.types.Action:
        """Let the object play the Action, which is returned. One that it had before stays in the file, unchanged."""
        animation = self._owner.animation_data_create()
        if animation.action is not None:
            animation.action.use_fake_user = True
        animation.action = self.action
        if _HAS_SLOTS:
            animation.action_slot = self.action.slots[0]
        return self.action

    def new_fcurve(self, data_path: str, index: int, group: str) -> bpy.types.FCurve:
        """A new F-curve without keys, in the group of that name."""
        fcurve = self._channels.fcurves.new(data_path, index=index)
        groups = self._channels.groups
        fcurve.group = groups.get(group) or groups.new(group)
        return fcurve


def fcurves_of(action: bpy.types.Action) -> list[bpy.types.FCurve]:
    """All F-curves of an Action, of whatever slot."""
    if not _HAS_SLOTS:
        return list(action.fcurves)
    strips = [strip for layer in action.layers for strip in layer.strips]
    return [fcurve for strip in strips for channelbag in strip.channelbags for fcurve in channelbag.fcurves]


class AssignedAction:
    """The Action, and slot of it, that an object's animation or a strip plays."""

    def __init__(self, player: bpy.types.AnimData | bpy.types.NlaStrip) -> None:
        self.action = player.action
        self._slot = player.action_slot if _HAS_SLOTS else None

    @property
    def slot_identifier(self) -> str:
        """What the slot is called in the file; empty where there are none."""
        return self._slot.identifier if self._slot is not None else ""

    def assign_to(self, player: bpy.types.AnimData | bpy.types.NlaStrip) -> None:
        """Let another one play it, or the same again."""
        player.action = self.action
        if self._slot is not None:
            player.action_slot = self._slot


def assign_slot(animation: bpy.types.AnimData, action: bpy.types.Action, slot_identifier: str) -> None:
    """Let an object's animation play an Action, by the slot of that identifier where there are slots."""
    animation.action = action
    if _HAS_SLOTS and slot_identifier:
        animation.action_slot = action.slots.get(slot_identifier)


def own_fcurves(owner: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The F-curves of an object's own Action; empty where it has none."""
    return played_fcurves(owner.animation_data) if owner.animation_data else []


def playing_fcurves(owner: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The F-curves of an object's own Action and of those in its NLA tracks, muted ones too."""
    animation = owner.animation_data
    if animation is None:
        return []
    strips = [strip for track in animation.nla_tracks for strip in track.strips]
    return [curve for player in (animation, *strips) for curve in played_fcurves(player)]


def played_fcurves(player: bpy.types.AnimData | bpy.types.NlaStrip) -> list[bpy.types.FCurve]:
    """The F-curves that an object's animation or a strip plays: those of its Action, in its slot of it."""
    if player.action is None:
        return []
    if not _HAS_SLOTS:
        return list(player.action.fcurves)
    if player.action_slot is None:
        return []
    strips = [strip for layer in player.action.layers for strip in layer.strips]
    bags = [strip.channelbag(player.action_slot) for strip in strips]
    return [fcurve for bag in bags if bag is not None for fcurve in bag.fcurves]


def push_down(owner: bpy.types.Object) -> None:
    """Let an object's own Action go on playing from an NLA track of its own, so that another can take its place."""
    animation = owner.animation_data
    action, start = animation.action, animation.action.frame_range[0]
    track = animation.nla_tracks.new()
    track.name = action.name
    strip = track.strips.new(action.name, int(start), action)
    if _HAS_SLOTS:
        strip.action_slot = animation.action_slot
    strip.frame_end += start - int(start)
    strip.frame_start = start
    strip.blend_type = animation.action_blend_type
    strip.extrapolation = animation.action_extrapolation
    strip.influence = animation.action_influence
    animation.action = None
    animation.action_blend_type, animation.action_influence = "REPLACE", 1.0
    animation.use_nla = True


def pull_up(owner: bpy.types.Object, track: bpy.types.NlaTrack) -> None:
    """Undo `push_down`: the Action of the track is the object's own again, and the track is gone."""
    animation, strip = owner.animation_data, track.strips[0]
    AssignedAction(strip).assign_to(animation)
    animation.action_blend_type, animation.action_influence = strip.blend_type, strip.influence
    animation.action_extrapolation = strip.extrapolation
    animation.nla_tracks.remove(track)


def shader_nodes(material: bpy.types.Material) -> bpy.types.Nodes:
    """The nodes of a new material, the Principled BSDF among them."""
    if _NEW_MATERIALS_LACK_NODES:
        material.use_nodes = True
    return material.node_tree.nodes


def stored_properties(owner: bpy.types.bpy_struct) -> Mapping[str, Any]:
    """What add-ons keep in a data-block or bone as properties, whether they are enabled or not."""
    return (owner.bl_system_properties_get() or {}) if _HAS_SYSTEM_PROPERTIES else owner
