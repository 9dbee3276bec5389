"""Characters' arms, built from the bone names of a preset: any rest pose, roll, size and number of finger bones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import bpy
import numpy as np
from capture_factory import rest_hand
from mathutils import Matrix, Vector
from numpy.typing import NDArray

from addon.retarget.mapping.presets import Preset
from addon.shared.names import SIDES
from addon.shared.rig_joints import FINGERS, HAND_IK, MANO_BONES, finger_joints, hand_joint

SHOULDER = Vector((0.2, 0.0, 1.4))
ARM = 0.55
ELBOW = Vector((0.28, 0.02, 0.0))
"""From the shoulder of a left arm in T-pose: a bit behind the line to the wrist."""
PALM_DOWN = Matrix.Rotation(np.pi / 2, 4, "X")
"""MANO's rest axes to those of a character in T-pose: the back of the hand up, the thumb to the front."""


@dataclass(frozen=True)
class Style:
    """How a rig is made. arm_drop and finger_bend in radians; size: of the hand; across: bones lie across fingers.

    elbows: without them an arm is one bone.
    """

    arm_drop: float = 0.0
    finger_bend: float = 0.0
    size: float = 1.0
    metacarpals: bool = False
    across: bool = False
    connected: bool = False
    elbows: bool = True
    scale: float = 1.0
    seed: int = 0


PLAIN = Style()


def build_rig(preset: Preset, style: Style = PLAIN, name: str = "rig") -> bpy.types.Object:
    """An armature object with the preset's bones, random rolls, below arms and a root; other bones are at rest."""
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    rng = np.random.default_rng(style.seed)
    bones = rig.data.edit_bones
    root = add(bones, "root", (0, 0, 0), (0, 0, 0.3), None, rng)
    for side in [side for side in SIDES if hand_joint(side) in preset.bones]:
        add_arm(bones, root, preset, side, style, rng)
    bpy.ops.object.mode_set(mode="OBJECT")
    for switch in preset.ik_switches.values():
        rig.pose.bones[switch.bone][switch.property] = 1.0
    for bone in rig.pose.bones:
        bone.rotation_mode = "QUATERNION"
    rig.scale = (style.scale,) * 3
    bpy.context.view_layer.update()
    return rig


def add_arm(
    bones: bpy.types.ArmatureEditBones,
    root: bpy.types.EditBone,
    preset: Preset,
    side: str,
    style: Style,
    rng: np.random.Generator,
) -> None:
    """An arm, a hand and its fingers."""
    sign = 1.0 if side == "left" else -1.0
    shoulder = Vector((sign * SHOULDER.x, SHOULDER.y, SHOULDER.z))
    drop = Matrix.Translation(shoulder) @ Matrix.Rotation(sign * style.arm_drop, 4, "Y")
    wrist = drop @ Vector((sign * ARM, 0, 0))
    elbow = drop @ Vector((sign * ELBOW.x, ELBOW.y, ELBOW.z))
    if style.elbows:
        upper = add(bones, f"arm_{side}", shoulder, elbow, root, rng)
        arm = add(bones, f"forearm_{side}", elbow, wrist, upper, rng)
    else:
        arm = add(bones, f"arm_{side}", shoulder, wrist, root, rng)
    place = drop @ Matrix.Translation((sign * ARM, 0, 0)) @ PALM_DOWN @ Matrix.Scale(style.size, 4)
    fingers = {finger: [place @ Vector(p) for p in points] for finger, points in finger_points(side, style).items()}
    names = preset.bones
    hand = add(bones, names[hand_joint(side)], wrist, fingers["middle"][0], arm, rng)
    hand.use_connect = style.connected
    if hand_joint(side, HAND_IK) in names:
        add(bones, names[hand_joint(side, HAND_IK)], wrist, fingers["middle"][0], root, rng)
    switch = preset.ik_switches.get(side)
    if switch is not None and switch.bone not in bones:
        add(bones, switch.bone, shoulder, wrist, root, rng)
    for finger, points in fingers.items():
        joints = finger_joints(side, finger)
        kept = [index for index, joint in enumerate(joints) if joint in names]
        if not kept:
            continue
        parent = hand
        if style.metacarpals and finger != "thumb":
            parent = add(bones, f"meta.{len(bones)}", wrist.lerp(points[0], 0.2), points[0], hand, rng)
        for index, after in zip(kept, [*kept[1:], 3], strict=True):
            parent = add(bones, names[joints[index]], points[index], points[after], parent, rng)
            if style.across:
                lie_across(parent)


def finger_points(side: str, style: Style) -> dict[str, list[NDArray]]:
    """Four points a finger, wrist at the origin, of a hand whose fingers are bent as in a relaxed rest pose."""
    rest = rest_hand(side)
    points = {}
    for finger in FINGERS:
        bones = list(MANO_BONES[finger])
        straight = [*rest["joints"][bones], rest["tips"][FINGERS.index(finger)]] - rest["joints"][0]
        bend = (1 if side == "right" else -1) * style.finger_bend * (0.3 if finger == "thumb" else 1.0)
        bent = [Vector(straight[0])]
        for index, segment in enumerate(np.diff(straight, axis=0), start=1):
            bent.append(bent[-1] + Matrix.Rotation(bend * index, 3, "Z") @ Vector(segment))
        points[finger] = [np.array(point) for point in bent]
    return points


def add(
    bones: bpy.types.ArmatureEditBones,
    name: str,
    head: Vector,
    tail: Vector,
    parent: bpy.types.EditBone | None,
    rng: np.random.Generator,
) -> bpy.types.EditBone:
    """A bone of any roll."""
    bone = bones.new(name)
    bone.head, bone.tail, bone.roll = head, tail, rng.uniform(-np.pi, np.pi)
    bone.parent = parent
    return bone


def lie_across(bone: bpy.types.EditBone) -> None:
    """Turn a bone across the finger, as some importers do."""
    bone.roll = 0.5
    bone.tail = bone.head + bone.x_axis * bone.length


def without(preset: Preset, *parts: str) -> Preset:
    """A preset that lacks the joints with one of these parts in their names."""
    bones: Mapping[str, str] = {
        joint: bone for joint, bone in preset.bones.items() if not any(part in joint for part in parts)
    }
    return replace(preset, bones=bones)
