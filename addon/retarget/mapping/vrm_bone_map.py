"""The bone map that the VRM add-on stores in an armature: the author's choice of bones for joints.

The names of its properties come from github.com/saturday06/VRM-Addon-for-Blender: editor/extension.py,
editor/property_group.py, and common/vrm0 and common/vrm1/human_bone.py; older versions kept plain custom properties.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import bpy

from ... import compat
from ...narrowing import armature_of
from ...shared.names import SIDES
from ...shared.rig_joints import FINGERS, finger_joints, hand_joint
from .presets import Preset

EXTENSION: Final = "vrm_addon_extension"
NAME: Final = "VRM human map"
VRM0_THUMB: Final = {"METACARPAL": "Proximal", "PROXIMAL": "Intermediate", "DISTAL": "Distal"}
"""VRM 0 names the joints of a thumb like those of the other fingers."""


def vrm_preset(armature: bpy.types.Object) -> Preset | None:
    """The hands in the VRM add-on's map, as a preset; None where a rig has no map of hands."""
    for bones in maps(armature):
        known = {joint: bone for joint, bone in bones.items() if bone in armature_of(armature).bones}
        if known and len(set(known.values())) == len(known):
            return Preset(NAME, known, "the VRM add-on's map of human bones in the armature")
    return None


def maps(armature: bpy.types.Object) -> Iterator[dict[str, str]]:
    """The maps that a rig may have, by joint, the one of its own VRM version first."""
    data = armature_of(armature)
    stored = compat.stored_properties(data).get(EXTENSION)
    for extension in (getattr(data, EXTENSION, None), stored):
        if extension is not None:
            names = bones_by_uuid(data)
            found = [vrm1_map(extension, names), vrm0_map(extension, names)]
            yield from found if str(part(extension, "spec_version")) == "1.0" else reversed(found)
    for owner in cast(tuple[Any, ...], (data, armature)):
        yield {joint: str(owner[key]) for joint, key in VRM0_JOINTS.items() if key in owner}


def vrm1_map(extension: Any, names: Mapping[str, str]) -> dict[str, str]:
    """Joints of VRM 1: `left_thumb_metacarpal`."""
    bones = part(extension, "vrm1", "humanoid", "human_bones")
    found = {joint: bone_of(part(bones, joint.lower(), "node"), names) for joint in VRM0_JOINTS}
    return {joint: bone for joint, bone in found.items() if bone}


def vrm0_map(extension: Any, names: Mapping[str, str]) -> dict[str, str]:
    """Joints of VRM 0: a list of `leftThumbProximal` and the like."""
    by_key = {key: joint for joint, key in VRM0_JOINTS.items()}
    found = {
        by_key[key]: bone
        for each in part(extension, "vrm0", "humanoid", "human_bones") or ()
        if (key := part(each, "bone")) in by_key and (bone := bone_of(part(each, "node"), names))
    }
    return found


def bone_of(node: Any, names: Mapping[str, str]) -> str:
    """The bone of an entry, by its name or by the bone's identifier; empty without one."""
    name = part(node, "bone_name") or part(node, "value") or names.get(str(part(node, "bone_uuid")), "")
    return name if isinstance(name, str) else ""


def bones_by_uuid(data: bpy.types.Armature) -> dict[str, str]:
    """The bones' names by the identifiers that the VRM add-on gave them."""
    stored = ((part(compat.stored_properties(bone).get(EXTENSION), "uuid"), bone.name) for bone in data.bones)
    return {uuid: name for uuid, name in stored if isinstance(uuid, str)}


def part(owner: Any, *path: str) -> Any:
    """The value at a path of properties, whether the add-on that defines them is enabled or not; None without one."""
    for key in path:
        if owner is None:
            return None
        get = getattr(owner, "get", None)
        stored = get(key) if get is not None and not isinstance(owner, bpy.types.bpy_struct) else None
        owner = getattr(owner, key, None) if stored is None else stored
    return owner


def vrm0_joints() -> Iterator[tuple[str, str]]:
    """Our joints and VRM 0's names of them."""
    for side in SIDES:
        yield hand_joint(side), f"{side}Hand"
        for finger in FINGERS:
            for joint in finger_joints(side, finger):
                segment = joint.rpartition("_")[2]
                ending = VRM0_THUMB[segment] if finger == "thumb" else segment.title()
                yield joint, f"{side}{finger.title()}{ending}"


VRM0_JOINTS: Final = dict(vrm0_joints())
