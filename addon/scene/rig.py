"""The rig of a captured hand: an armature with MANO's bones, and a skin that it deforms.

Armature space is OpenCV's camera space in metres. In the rest pose the back of the hand faces +y.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Vector

from .. import compat
from ..backend.capture_file import Hand, Skeleton
from ..narrowing import armature_of, pose_of, present
from ..shared.rest_bones import bend_directions, bone_tails

SIDE_SUFFIX: Final = {"left": ".L", "right": ".R"}

SMALLEST_WEIGHT: Final = 1e-5
SKIN_COLOUR: Final = (0.7, 0.46, 0.36, 1.0)
SKIN_COLOUR_IN_VIEWPORT: Final = (1.0, 0.8, 0.7, 1.0)
SKIN_ROUGHNESS: Final = 0.55


@dataclass(frozen=True)
class Rig:
    """The two objects of one hand."""

    armature: bpy.types.Object
    mesh: bpy.types.Object


def build_rig(
    context: bpy.types.Context,
    hand: Hand,
    skeleton: Skeleton,
    collection: bpy.types.Collection,
    name: str,
    skin: bpy.types.Material | None,
) -> Rig:
    """Build a hand in its rest pose, in a collection that the view layer shows. Starts and ends in Object Mode."""
    suffix = SIDE_SUFFIX[hand.side]
    armature = bpy.data.objects.new(f"{name}_hand{suffix}", bpy.data.armatures.new(f"{name}_hand{suffix}"))
    armature_of(armature).display_type = "STICK"
    armature.show_in_front = True
    collection.objects.link(armature)
    build_bones(context, armature, hand, skeleton)
    mesh = build_skin(hand, skeleton, f"{name}_skin{suffix}", skin)
    mesh.parent = armature
    follows: Any = mesh.modifiers.new("Armature", "ARMATURE")
    follows.object = armature
    collection.objects.link(mesh)
    return Rig(armature, mesh)


def bone_name(joint: str, side: str) -> str:
    """MANO's name with the suffix that Blender's mirror tools look for: `index1.R`."""
    return joint + SIDE_SUFFIX[side]


def build_bones(context: bpy.types.Context, armature: bpy.types.Object, hand: Hand, skeleton: Skeleton) -> None:
    """Give an armature the hand's bones: heads at the joints, tails at the next joint or at the fingertip.

    The bone roll makes a rotation about +X bend the finger: Z points to the palm's side, and on the thumb to the base
    of the little finger.
    """
    present(context.view_layer).objects.active = armature
    with context.temp_override(object=armature, active_object=armature):
        bpy.ops.object.mode_set(mode="EDIT")
        add_edit_bones(armature_of(armature).edit_bones, hand, skeleton)
        bpy.ops.object.mode_set(mode="OBJECT")
    for bone in pose_of(armature).bones:
        bone.rotation_mode = "QUATERNION"


def add_edit_bones(bones: bpy.types.ArmatureEditBones, hand: Hand, skeleton: Skeleton) -> None:
    """Add the hand's bones, parents first. A bone that begins at its parent's tail is connected."""
    tails, towards = bone_tails(hand.joints, hand.tips, skeleton.parents), bend_directions(hand.joints)
    for index, joint in enumerate(skeleton.names):
        bone = bones.new(bone_name(joint, hand.side))
        bone.head, bone.tail = hand.joints[index].tolist(), tails[index].tolist()
        bone.align_roll(Vector(towards[index].tolist()))
        parent = skeleton.parents[index]
        if parent >= 0:
            bone.parent = bones[parent]
            bone.use_connect = np.array_equal(tails[parent], hand.joints[index])


def build_skin(hand: Hand, skeleton: Skeleton, name: str, material: bpy.types.Material | None) -> bpy.types.Object:
    """The hand's mesh with a vertex group for each bone, smooth, not linked to a collection."""
    data = bpy.data.meshes.new(name)
    data.from_pydata(hand.vertices.tolist(), [], hand.faces.tolist())
    data.validate()
    data.shade_smooth()
    data.materials.append(material)
    mesh = bpy.data.objects.new(name, data)
    for joint, weights in zip(skeleton.names, skeleton.skin_weights.T, strict=True):
        add_weights(mesh.vertex_groups.new(name=bone_name(joint, hand.side)), weights)
    return mesh


def add_weights(group: bpy.types.VertexGroup, weights: Sequence[float]) -> None:
    """Add the vertices with a weight to a bone's vertex group."""
    for vertex in np.flatnonzero(np.asarray(weights) > SMALLEST_WEIGHT).tolist():
        group.add([vertex], float(weights[vertex]), "REPLACE")


def skin_material(name: str) -> bpy.types.Material:
    """A plain skin material."""
    material = bpy.data.materials.new(name)
    material.diffuse_color = SKIN_COLOUR_IN_VIEWPORT
    material.roughness = SKIN_ROUGHNESS
    shader: Any = next(node for node in compat.shader_nodes(material) if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = SKIN_COLOUR
    shader.inputs["Roughness"].default_value = SKIN_ROUGHNESS
    return material
