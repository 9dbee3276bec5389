"""Where the motion comes from: a hand of a capture file, or an armature that was keyed from one."""

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Euler
from numpy.typing import NDArray

from .. import compat, keys, timing
from ..camera import OPENCV_ROTATION
from ..capture_file import BONE_NAMES, Capture, Hand
from ..errors import RetargetError
from ..keys import KeyTimes
from ..rig import FINGERS_OF_TIPS, WRIST, bone_name
from .motion import HandMotion, chained
from .rotations import matrices_from_axis_angle, matrices_from_quaternions

CAPTURE_PROPERTY = "dahyf_capture"
SIDE_PROPERTY = "dahyf_side"


@dataclass(frozen=True)
class Source:
    """What one hand does, and when: N frames, N keys. name: of the capture, for the Action's name."""

    name: str
    motion: HandMotion
    times: KeyTimes


def capture_sources(capture: Capture, first_frame: int) -> list[Source]:
    """A source for each hand of a capture that is there in any frame, as an import would lay it on the timeline."""
    frames = timing.timeline_frames(capture, first_frame)
    return [
        Source(capture.footage.path.stem, capture_motion(hand, capture), keys.hand_times(hand, frames))
        for hand in capture.hands
        if hand.present.any()
    ]


def capture_motion(hand: Hand, capture: Capture) -> HandMotion:
    """The cleaned motion of a hand, seen by a camera that looks along +Y."""
    to_world = np.array(Euler(OPENCV_ROTATION).to_matrix())
    local = matrices_from_axis_angle(hand.pose[hand.present])
    wrist = hand.joints[0] + hand.translation[hand.present]
    return HandMotion(
        side=hand.side,
        rotations=chained(local, capture.skeleton.parents),
        wrist=wrist @ to_world.T,
        to_world=to_world,
        joints=hand.joints,
        tips=hand.tips,
    )


def of_sides(sources: list[Source], hands: str) -> list[Source]:
    """Those of the sources that are LEFT, RIGHT or, with BOTH, either."""
    return [source for source in sources if hands in ("BOTH", source.motion.side.upper())]


def is_captured(candidate: bpy.types.Object) -> bool:
    """Whether an object is an armature that was keyed from a capture."""
    return candidate.type == "ARMATURE" and SIDE_PROPERTY in candidate


def scene_sources(scene: bpy.types.Scene, root: bpy.types.Object | None) -> list[Source]:
    """The captured hands below a root, or those of the capture imported last. Raises RetargetError."""
    armatures = [found for found in scene.objects if is_captured(found) and root in (None, found, found.parent)]
    if not armatures:
        raise RetargetError(
            f"The scene {scene.name} has no captured hands." if root is None else f"{root.name} has no captured hands.",
            "Capture hands or import a capture file first.",
        )
    last = armatures[-1].parent
    return [armature_source(armature) for armature in armatures if root is not None or armature.parent == last]


def armature_source(armature: bpy.types.Object) -> Source:
    """The motion of a keyed hand as its F-curves have it, corrections included. Raises RetargetError."""
    side = str(armature[SIDE_PROPERTY])
    bones = [armature.data.bones.get(bone_name(joint, side)) for joint in BONE_NAMES]
    curves = {(curve.data_path, curve.array_index): curve for curve in compat.own_fcurves(armature)}
    path = armature.pose.bones[bones[0].name].path_from_id if bones[0] else None
    lead = curves.get((path("rotation_quaternion"), 0)) if path else None
    if None in bones or lead is None or not lead.keyframe_points:
        raise RetargetError(
            f"The hand {armature.name} has no keys of a capture.",
            "Import the capture again, or give it its Action back.",
        )
    times = times_of(lead)
    orientations = np.array([bone.matrix_local.to_3x3() for bone in bones])
    quaternions = np.stack(
        [values(curves, armature, bone, "rotation_quaternion", (1, 0, 0, 0), times.frames) for bone in bones], axis=1
    )
    local = orientations @ matrices_from_quaternions(quaternions) @ orientations.swapaxes(-1, -2)
    parents = tuple(bones.index(bone.parent) if bone.parent in bones else -1 for bone in bones)
    heads = np.array([bone.head_local for bone in bones])
    location = values(curves, armature, bones[0], "location", (0, 0, 0), times.frames)
    wrist = heads[BONE_NAMES.index(WRIST)] + location @ orientations[0].T
    tips = np.array([bones[BONE_NAMES.index(f"{finger}3")].tail_local for finger in FINGERS_OF_TIPS])
    world = np.array(armature.matrix_world)
    motion = HandMotion(
        side=side,
        rotations=chained(local, parents),
        wrist=wrist @ world[:3, :3].T + world[:3, 3],
        to_world=np.array(armature.matrix_world.to_3x3().normalized()),
        joints=heads * armature.matrix_world.median_scale,
        tips=tips * armature.matrix_world.median_scale,
    )
    return Source(armature.parent.name if armature.parent else armature.name, motion, times)


def times_of(curve: bpy.types.FCurve) -> KeyTimes:
    """The keys of an F-curve: where they lie, and how each goes on."""
    points = curve.keyframe_points
    coordinates = np.empty(2 * len(points), np.float32)
    points.foreach_get("co", coordinates)
    interpolation, types = np.empty(len(points), np.int32), np.empty(len(points), np.int32)
    points.foreach_get("interpolation", interpolation)
    points.foreach_get("type", types)
    return KeyTimes(coordinates[::2].astype(np.float64), interpolation, types)


def values(
    curves: dict[tuple[str, int], bpy.types.FCurve],
    armature: bpy.types.Object,
    bone: bpy.types.Bone,
    channel: str,
    at_rest: tuple[float, ...],
    frames: NDArray[np.floating],
) -> NDArray[np.float64]:
    """(N, D) a bone's channel at these frames; what has no F-curve is at rest."""
    path = armature.pose.bones[bone.name].path_from_id(channel)
    found = [curves.get((path, index)) for index in range(len(at_rest))]
    columns = [
        np.full(len(frames), rest) if curve is None else np.array([curve.evaluate(frame) for frame in frames])
        for curve, rest in zip(found, at_rest, strict=True)
    ]
    return np.stack(columns, axis=1)
