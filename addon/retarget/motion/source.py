"""Sources of motion: a hand of a capture file, or an armature that was keyed from one."""

from dataclasses import dataclass
from typing import Final

import bpy
import numpy as np
from mathutils import Euler

from ...backend.capture_file import Capture, Hand
from ...errors import RetargetError
from ...narrowing import armature_of, holds
from ...scene import keys, nla_layers, references, scene_setup
from ...scene.camera import CAMERA_ROTATION, OPENCV_ROTATION
from ...scene.keys import KeyTimes
from ...scene.rig import bone_name
from ...scene.timing import FIRST_FRAME, TIMELINE_RATE, Timeline
from ...shared.names import BONE_NAMES, FINGERS, WRIST
from ..playback import Matrices, play
from ..rotations import matrices_from_axis_angle
from .hand_motion import HandMotion, chained

CAMERA: Final = np.array(Euler(CAMERA_ROTATION).to_matrix().to_4x4())
"""The matrix (4, 4) of the camera below the root of an import."""
CAPTURE_PROPERTY = references.CAPTURE
SIDE_PROPERTY = "dahyf_side"


@dataclass(frozen=True)
class Source:
    """The motion of one hand with the times of its N keys.

    name: the capture's, for the Action's name. camera (4, 4): the matrix of the camera that filmed it, world axes.
    first_frame: the frame of the footage's first picture, with or without a hand. shown: frames that a picture lasts.
    rate: frames per second of the timeline of its keys; None: unknown. notes: sentences for the user.
    """

    name: str
    motion: HandMotion
    times: KeyTimes
    camera: Matrices
    first_frame: float
    shown: float
    rate: float | None
    notes: tuple[str, ...] = ()


def capture_sources(capture: Capture, timeline: Timeline) -> list[Source]:
    """A source for each hand of a capture that has a pose in any frame, with the key times of an import."""
    frames, shown = timeline.frames(capture), timeline.frames_per_picture(capture.footage.rate)
    rate = timeline.rate or float(capture.footage.rate)
    return [
        Source(
            name=capture.footage.path.stem,
            motion=capture_motion(hand, capture),
            times=keys.hand_times(hand, frames),
            camera=CAMERA,
            first_frame=timeline.first_frame,
            shown=shown,
            rate=rate,
        )
        for hand in capture.hands
        if hand.present.any()
    ]


def capture_motion(hand: Hand, capture: Capture) -> HandMotion:
    """The cleaned motion of a hand, in a world in which the camera looks along +Y."""
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
    """The sources of one side. hands: LEFT, RIGHT or BOTH. Raises RetargetError where there is none."""
    found = [source for source in sources if hands in ("BOTH", source.motion.side.upper())]
    if sources and not found:
        raise RetargetError(f"The capture has no {hands.lower()} hand.", "Choose both hands, or another capture.")
    return found


def is_captured(candidate: bpy.types.Object) -> bool:
    """Whether an object is an armature that was keyed from a capture."""
    return candidate.type == "ARMATURE" and holds(candidate, SIDE_PROPERTY)


def scene_sources(scene: bpy.types.Scene, root: bpy.types.Object | None) -> list[Source]:
    """The captured hands below a root. Without a root: those of the shown capture, of several the one imported last.

    Raises RetargetError.
    """
    armatures = [found for found in scene.objects if is_captured(found) and root in (None, found, found.parent)]
    if not armatures:
        raise RetargetError(
            f"The scene {scene.name} has no captured hands." if root is None else f"{root.name} has no captured hands.",
            "Capture hands or import a capture file first.",
        )
    shown = [armature for armature in armatures if armature.visible_get()] or armatures
    last = shown[-1].parent
    chosen = [armature for armature in armatures if root is not None or armature.parent == last]
    return [armature_source(scene, armature) for armature in chosen]


def armature_source(scene: bpy.types.Scene, armature: bpy.types.Object) -> Source:
    """The motion of a keyed hand as the scene shows it, with its correction layers. Raises RetargetError."""
    side = str(armature[SIDE_PROPERTY])
    names = [bone_name(joint, side) for joint in BONE_NAMES]
    lead = lead_curve(armature)
    if lead is None or not lead.keyframe_points or not set(names) <= set(armature_of(armature).bones.keys()):
        raise RetargetError(
            f"The hand {armature.name} has no keys of a capture.",
            "Import the capture again, or assign its Action again.",
        )
    times = times_of(lead)
    played = play(scene, armature, set(names), times.frames)
    bones = [armature_of(armature).bones[name] for name in names]
    rest = np.array([bone.matrix_local.to_3x3() for bone in bones])
    poses = np.stack([played.bones[name] for name in names], axis=1)
    tips = np.array([bones[BONE_NAMES.index(f"{finger}3")].tail_local for finger in FINGERS])
    scale = armature.matrix_world.median_scale
    motion = HandMotion(
        side=side,
        rotations=poses[:, :, :3, :3] @ rest.swapaxes(-1, -2),
        wrist=(played.world @ poses[:, BONE_NAMES.index(WRIST), :, 3:])[:, :3, 0],
        to_world=np.array(armature.matrix_world.to_3x3().normalized()),
        joints=np.array([bone.head_local for bone in bones]) * scale,
        tips=tips * scale,
    )
    root = armature.parent
    camera = np.array(root.matrix_world.normalized()) @ CAMERA if root else CAMERA
    rate = armature.get(TIMELINE_RATE)
    return Source(
        name=scene_setup.title(root) if root else armature.name,
        motion=motion,
        times=times,
        camera=camera,
        first_frame=float(armature.get(FIRST_FRAME, times.frames[0])),
        shown=float(np.diff(times.frames).min()) if len(times.frames) > 1 else 1.0,
        rate=None if rate is None else float(rate),
    )


def lead_curve(armature: bpy.types.Object) -> bpy.types.FCurve | None:
    """The F-curve whose keys mark the captured frames: the confidence, in the Action or in a strip below it."""
    action = nla_layers.base_action(armature)
    return nla_layers.confidence_curve(action) if action else None


def times_of(curve: bpy.types.FCurve) -> KeyTimes:
    """The key times of an F-curve, with interpolation and key types."""
    points = curve.keyframe_points
    coordinates = np.empty(2 * len(points), np.float32)
    points.foreach_get("co", coordinates)
    interpolation, types = np.empty(len(points), np.int32), np.empty(len(points), np.int32)
    points.foreach_get("interpolation", interpolation)
    points.foreach_get("type", types)
    return KeyTimes(coordinates[::2].astype(np.float64), interpolation, types)
