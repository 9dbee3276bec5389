"""Hand rigs that live hands move: they exist while the core follows a camera, and have no keys."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import bpy
import numpy as np
from mathutils import Quaternion, Vector
from numpy.typing import NDArray

from ..backend.capture_file import Capture, read_capture
from ..narrowing import armature_of, pose_of, present
from ..scene import camera
from ..scene.keys import quaternions_from_axis_angle
from ..scene.rig import Rig, bone_name, build_rig, skin_material
from ..scene.scene_import import EYE_LEVEL

NAME: Final = "Live"
COLLECTION: Final = "Live Hands"


class Puppets:
    """A rig for each side, in a collection of its own. Objects are kept by name, since undo replaces them."""

    def __init__(self, context: bpy.types.Context, template: Path) -> None:
        """Build the rigs from the core's template. Raises CaptureFileError."""
        capture = read_capture(template)
        collection = bpy.data.collections.new(COLLECTION)
        present(context.scene).collection.children.link(collection)
        skin = skin_material(f"{NAME} skin")
        self._collection = collection.name
        self._rigs = {
            hand.side: _Puppet(build_rig(context, hand, capture.skeleton, collection, NAME, skin), capture, hand.side)
            for hand in capture.hands
        }

    def show(self, hands: Iterable[Mapping[str, Any]]) -> None:
        """Move the rigs as the hands of a frame; a side that is not seen is hidden."""
        seen = {hand["side"]: hand for hand in reversed(list(hands))}
        for side, puppet in self._rigs.items():
            puppet.show(seen.get(side))

    def remove(self) -> None:
        """Remove the rigs and their collection."""
        collection = bpy.data.collections.get(self._collection)
        if collection is None:
            return
        doomed: set[bpy.types.ID] = set()
        for each in collection.objects:
            doomed |= {each, present(each.data), *(slot.material for slot in each.material_slots if slot.material)}
        bpy.data.batch_remove(doomed | {collection})


class _Puppet:
    """The rig of one side."""

    def __init__(self, rig: Rig, capture: Capture, side: str) -> None:
        rig.armature.location.z = EYE_LEVEL
        rig.armature.rotation_euler = camera.OPENCV_ROTATION
        self._armature, self._mesh = rig.armature.name, rig.mesh.name
        self._bones = [bone_name(joint, side) for joint in capture.skeleton.names]
        bones = armature_of(rig.armature).bones
        self._orientations: NDArray[np.float64] = np.array(
            [bones[name].matrix_local.to_3x3() for name in self._bones], np.float64
        )

    def show(self, hand: Mapping[str, Any] | None) -> None:
        """Pose the rig. A rotation R about the rest axes is B^T R B in a bone whose rest orientation is B."""
        armature, mesh = bpy.data.objects.get(self._armature), bpy.data.objects.get(self._mesh)
        if armature is None or mesh is None:
            return
        mesh.hide_viewport = hand is None
        if hand is None:
            return
        vectors = np.einsum("ji,jik->jk", np.asarray(hand["pose"], np.float64), self._orientations)
        turns = quaternions_from_axis_angle(vectors)
        for name, turn in zip(self._bones, turns, strict=True):
            pose_of(armature).bones[name].rotation_quaternion = Quaternion(turn)
        place = np.asarray(hand["translation"], np.float64) @ self._orientations[0]
        pose_of(armature).bones[self._bones[0]].location = Vector(place)
