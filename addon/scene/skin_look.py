"""How the skins of captured hands look in the viewport, over the footage."""

from collections.abc import Iterator

import bpy

from ..narrowing import mesh_of
from . import scene_setup


def skins(scene: bpy.types.Scene) -> Iterator[bpy.types.Object]:
    """The skins of all captured hands of a scene: meshes that a hand's rig deforms."""
    for root in scene_setup.capture_roots(scene):
        for child in (child for rig in root.children if rig.type == "ARMATURE" for child in rig.children):
            if child.type == "MESH" and any(modifier.type == "ARMATURE" for modifier in child.modifiers):
                yield child


def show(scene: bpy.types.Scene, opacity: float, wire: bool) -> None:
    """Give all skins an opacity in Solid shading, and their edges or none. Linked data stays as it is."""
    for skin in skins(scene):
        if skin.library is None:
            skin.show_wire = skin.show_all_edges = wire
        for material in mesh_of(skin).materials:
            if material is not None and material.library is None:
                material.diffuse_color[3] = opacity
