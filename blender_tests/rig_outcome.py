"""Measuring retargeted rigs: evaluated bones in world space against the capture's arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import bpy
import numpy as np
from hand_maths import pose_hand, rotation_matrices
from numpy.typing import NDArray

from addon.backend.capture_file import Capture, Hand
from addon.errors import RetargetError
from addon.retarget import AUTOMATIC, capture_sources, choose_preset, retarget
from addon.retarget.mapping.presets import Preset
from addon.scene.timing import Timeline
from addon.shared.rig_joints import FINGERS, MANO_BONES, finger_joints, hand_joint

CAMERA_TO_WORLD = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
"""OpenCV's axes to those of a camera that looks along +Y."""

Points = dict[str, dict[int, NDArray]]
TIP = 3
ALONG = 0.5
"""The least cosine between a finger's last bone and the segment before, where the bone lies along the finger."""


@dataclass
class Outcome:
    """The result for one rig. Largest angles in degrees; refusal: the message, empty if hands were keyed."""

    preset: str = ""
    bones: Mapping[str, str] = field(default_factory=dict)
    finger_angle: float = 0.0
    wrist_angle: float = 0.0
    warnings: tuple[str, ...] = ()
    refusal: str = ""


def outcome(
    rig: bpy.types.Object, capture: Capture, ends: Mapping[str, str] = {}, shown: Mapping[str, str] = {}
) -> Outcome:
    """Retarget a capture by the default settings.

    ends: end bones of fingers, by the finger's last joint. shown: by side, the bone that carries the fingers.
    """
    result = Outcome()
    try:
        preset = choose_preset(rig, AUTOMATIC)
        result.preset, result.bones = preset.name, preset.bones
        result.warnings = retarget(bpy.context, rig, capture_sources(capture, Timeline()), preset).warnings
    except RetargetError as error:
        result.refusal = str(error)
        return result
    for frame in range(len(capture.frame)):
        bpy.context.scene.frame_set(1 + frame)
        for hand in capture.hands:
            if hand_joint(hand.side) in preset.bones:
                wanted = captured_points(hand, capture, frame)
                found = {finger: points_of(rig, preset, ends, hand.side, finger) for finger in FINGERS}
                carrier = shown.get(hand.side, preset.bones[hand_joint(hand.side)])
                wrist = world(rig, rig.pose.bones[carrier].head)
                compare(result, wanted, found, wrist)
    return result


def compare(
    result: Outcome, wanted: dict[str, dict[int, NDArray]], found: dict[str, dict[int, NDArray]], wrist: NDArray
) -> None:
    """Note the largest angles: of the palms, and of the fingers' segments as seen from the palms."""
    knuckles = [finger for finger in FINGERS[1:] if 0 in found[finger]]
    goal = palm(wanted["wrist"][0], [wanted[finger][0] for finger in knuckles])
    reached = palm(wrist, [found[finger][0] for finger in knuckles])
    result.wrist_angle = max(result.wrist_angle, turned(goal.T @ reached))
    for finger in FINGERS:
        for start, after in pairwise(sorted(found[finger])):
            way = goal.T @ (wanted[finger][after] - wanted[finger][start])
            gone = reached.T @ (found[finger][after] - found[finger][start])
            result.finger_angle = max(result.finger_angle, apart(way, gone))


def captured_points(hand: Hand, capture: Capture, frame: int) -> Points:
    """World positions of each finger's three joints and tip, and of the wrist as `wrist`."""
    joints, _ = pose_hand(hand, capture.skeleton, frame)
    rotations = rotation_matrices(hand.pose[frame].astype(float))
    for bone, parent in enumerate(capture.skeleton.parents):
        if parent >= 0:
            rotations[bone] = rotations[parent] @ rotations[bone]
    points: Points = {"wrist": {0: CAMERA_TO_WORLD @ joints[0]}}
    for finger, tip in zip(FINGERS, hand.tips, strict=True):
        bones = MANO_BONES[finger]
        reached = joints[bones[-1]] + rotations[bones[-1]] @ (tip - hand.joints[bones[-1]])
        points[finger] = {at: CAMERA_TO_WORLD @ point for at, point in enumerate([*joints[list(bones)], reached])}
    return points


def points_of(
    rig: bpy.types.Object, preset: Preset, ends: Mapping[str, str], side: str, finger: str
) -> dict[int, NDArray]:
    """World positions of the joints of a rig's finger by number, and of its tip where the rig has it."""
    joints = finger_joints(side, finger)
    bones = {at: rig.pose.bones[preset.bones[joint]] for at, joint in enumerate(joints) if joint in preset.bones}
    points = {at: world(rig, bone.head) for at, bone in bones.items()}
    if len(bones) > 1:
        *_, before, last = (bones[at].bone for at in sorted(bones))
        end = ends.get(joints[max(bones)])
        if end:
            points[TIP] = world(rig, rig.pose.bones[end].head)
        elif last.vector.normalized() @ (last.head_local - before.head_local).normalized() > ALONG:
            points[TIP] = world(rig, bones[max(bones)].tail)
    return points


def world(rig: bpy.types.Object, point: object) -> NDArray:
    return np.array(rig.matrix_world @ point)


def palm(wrist: NDArray, knuckles: Sequence[NDArray]) -> NDArray:
    """(3, 3) columns along, across and out of the palm."""
    along = (knuckles[0] + knuckles[-1]) / 2 - wrist
    out = np.cross(along, knuckles[0] - knuckles[-1])
    axes = np.stack([along, np.cross(out, along), out], axis=1)
    return axes / np.linalg.norm(axes, axis=0)


def turned(rotation: NDArray) -> float:
    """The angle of a rotation, in degrees."""
    return float(np.degrees(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


def apart(first: NDArray, second: NDArray) -> float:
    """The angle between two directions, in degrees."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(first, second)), first @ second)))
