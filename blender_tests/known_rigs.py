"""Rigs made by others, and their known mapping.

`rig_facts.json` says which bone is which joint, or with which words a rig is refused: for the armatures of
`../shared/data/rigs`, and for what Rigify generates in the Blender that runs. `{0}` and `{1}` in it are words for a
side; `shown` is the bone that carries the fingers where the hand's control does not, `ends` are end bones.
"""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bpy
from mathutils import Matrix

from addon.shared.rig_joints import FINGERS, finger_joints

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("DAHYF_TEST_DATA", ROOT.parent / "shared" / "data")) / "rigs"
FACTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = json.loads(
    (Path(__file__).parent / "rig_facts.json").read_text("utf-8")
)
RIGIFY = "rigify/"


def expected_bones(facts: Mapping[str, Any]) -> dict[str, str]:
    """The bone of each joint as the facts say."""
    bones = {}
    for side, words in facts["sides"].items():
        for part in ("HAND", "HAND_IK"):
            if part in facts:
                bones[f"{side}_{part}"] = facts[part].format(*words)
        for finger in FINGERS:
            names = facts.get(finger.upper(), (None, None, None))
            joints = finger_joints(side.lower(), finger)
            bones.update({joint: name.format(*words) for joint, name in zip(joints, names, strict=True) if name})
    return bones


def shown_hands(facts: Mapping[str, Any]) -> dict[str, str]:
    """The bones that deform the hands, by side: those that carry the fingers where the control does not."""
    shown = facts.get("shown", facts["HAND"])
    return {side.lower(): shown.format(*words) for side, words in facts["sides"].items()}


def end_bones(facts: Mapping[str, Any]) -> dict[str, str]:
    """Bones at the ends of fingers, by the finger's last joint."""
    bones = expected_bones(facts)
    ends = {}
    for side, words in facts["sides"].items():
        for finger, name in facts.get("ends", {}).items():
            last = [joint for joint in finger_joints(side.lower(), finger.lower()) if joint in bones][-1]
            ends[last] = name.format(*words)
    return ends


def build(name: str) -> list[bpy.types.Object]:
    """The armatures of a known rig, in the open file. Raises FileNotFoundError, or LookupError without Rigify."""
    if name.startswith(RIGIFY):
        return [rigify_rig(name.removeprefix(RIGIFY))]
    rows = json.loads((DATA / f"{name}.json").read_text("utf-8"))
    built = {row["object"]: armature(row) for row in rows}
    for row in rows:
        for bone in row["bones"]:
            for constraint in bone.get("constraints", ()):
                constrain(built[row["object"]].pose.bones[bone["name"]], constraint, built)
    bpy.context.view_layer.update()
    return list(built.values())


def armature(row: Mapping[str, Any]) -> bpy.types.Object:
    """An armature object with the bones of a row."""
    rig = bpy.data.objects.new(row["object"], bpy.data.armatures.new(row["object"]))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    edit = rig.data.edit_bones
    for bone in row["bones"]:
        made = edit.new(bone["name"])
        made.head, made.tail = (0, 0, 0), (0, max(bone["length"], 1e-6), 0)
        made.matrix = Matrix(bone["rest"])
        made.use_inherit_rotation = bone.get("use_inherit_rotation", True)
    for bone in row["bones"]:
        if bone["parent"]:
            edit[bone["name"]].parent = edit[bone["parent"]]
            edit[bone["name"]].use_connect = bone.get("use_connect", False)
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.matrix_world = Matrix(row["matrix_world"])
    for bone in row["bones"]:
        rig.pose.bones[bone["name"]].rotation_mode = bone.get("rotation_mode", "QUATERNION")
    return rig


def constrain(bone: bpy.types.PoseBone, known: Mapping[str, Any], built: Mapping[str, bpy.types.Object]) -> None:
    """Give a bone a constraint as a row describes it."""
    made = bone.constraints.new(known["type"])
    if hasattr(made, "target"):
        made.target = built.get(known.get("target", ""), bone.id_data)
    for key in ("subtarget", "owner_space", "target_space", "influence", "mute"):
        if key in known and hasattr(made, key):
            setattr(made, key, known[key])


def without_bones(*parts: str) -> Callable[[bpy.types.Object], None]:
    """Remove a metarig's bones that have one of these in their names."""

    def change(rig: bpy.types.Object) -> None:
        bpy.ops.object.mode_set(mode="EDIT")
        for bone in [bone for bone in rig.data.edit_bones if any(part in bone.name for part in parts)]:
            rig.data.edit_bones.remove(bone)
        bpy.ops.object.mode_set(mode="OBJECT")

    return change


def arms_only(rig: bpy.types.Object) -> None:
    """Reduce the human metarig to its arms, which is generated in a third of the time."""
    kept = ("spine", "shoulder", "arm", "hand", "f_", "thumb", "palm")
    without_bones(*(bone.name for bone in rig.data.bones if not any(part in bone.name for part in kept)))(rig)


RIGIFY_CHANGES: Mapping[str, tuple[Callable[[bpy.types.Object], None], ...]] = {
    "human": (arms_only,),
    "human_four_fingers": (arms_only, without_bones("f_pinky", "palm.04")),
    "human_three_fingers": (arms_only, without_bones("f_pinky", "palm.04", "f_ring", "palm.03")),
    "human_without_fingers": (arms_only, without_bones("f_", "thumb", "palm")),
}


def rigify_rig(name: str) -> bpy.types.Object:
    """What Rigify makes of one of its metarigs, or the metarig itself. Raises LookupError without Rigify."""
    import addon_utils

    if addon_utils.enable("rigify", default_set=True) is None:
        raise LookupError("this Blender comes without Rigify")
    kind, _, rest = name.partition("_")
    metarig = "basic_" + rest if kind == "basic" else kind
    getattr(bpy.ops.object, f"armature_{metarig}_metarig_add")()
    for change in RIGIFY_CHANGES.get(name, ()):
        change(bpy.context.object)
    if not name.endswith("metarig"):
        bpy.ops.pose.rigify_generate()
    return bpy.context.object
