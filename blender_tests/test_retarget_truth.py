"""Captures of known finger angles on a rig of every preset: its fingers have these angles in world space."""

from itertools import pairwise

import bpy
import numpy as np
import pytest
from conftest import MakeCapture
from hand_maths import rotation_matrices
from numpy.typing import NDArray
from rig_factory import Style, build_rig

from addon.backend.capture_file import Capture, Hand
from addon.retarget import AUTOMATIC, capture_sources, choose_preset, retarget
from addon.retarget.mapping.presets import SHIPPED, Preset, preset_files, read_preset
from addon.scene.timing import Timeline
from addon.shared.rig_joints import FINGERS, MANO_BONES, finger_joints, hand_joint

TOLERANCE = 3.0
FRAMES = 5
CAMERA_TO_WORLD = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]])
"""OpenCV's axes to those of a camera that looks along +Y."""

ACROSS = {"right": np.array((0.0, 0.0, 1.0)), "left": np.array((0.0, 0.0, -1.0))}
"""The axis about which fingers bend towards the palm."""


def known_angles(arrays: dict) -> None:
    """Every finger joint bent by 0 to 90 degrees and spread by up to 15, the wrist turned in any way."""
    rng = np.random.default_rng(7)
    for hand, side in enumerate(arrays["side"]):
        pose = arrays["pose"][hand]
        pose[:, 1:] = rng.uniform(0, np.pi / 2, size=(FRAMES, 15, 1)) * ACROSS[str(side)]
        pose[:, 1::3, 1] = rng.uniform(-0.26, 0.26, size=(FRAMES, 5))


def segments(hand: Hand, capture: Capture, frame: int, finger: str) -> NDArray:
    """(3, 3) the bones of a finger in the world, from their angles alone."""
    bones = MANO_BONES[finger]
    rotations = rotation_matrices(hand.pose[frame].astype(float))
    for bone, parent in enumerate(capture.skeleton.parents):
        if parent >= 0:
            rotations[bone] = rotations[parent] @ rotations[bone]
    ends = np.array([*hand.joints[list(bones)], hand.tips[FINGERS.index(finger)]], dtype=float)
    return np.einsum("sij,sj->si", rotations[list(bones)], np.diff(ends, axis=0)) @ CAMERA_TO_WORLD.T


def pointing(rig: bpy.types.Object, preset: Preset, side: str, finger: str) -> dict[tuple[int, int], NDArray]:
    """Directions of a rig's finger, by the captured bones (first, last) that each of its bones represents."""
    names = [preset.bones.get(joint) for joint in finger_joints(side, finger)]
    kept = [index for index, name in enumerate(names) if name]
    bones = [rig.pose.bones[names[index]] for index in kept]
    points = [np.array(rig.matrix_world @ bone.head) for bone in bones]
    points.append(np.array(rig.matrix_world @ bones[-1].tail))
    return {span: tail - head for span, (head, tail) in zip(pairwise([*kept, 3]), pairwise(points), strict=True)}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", preset_files(SHIPPED))
def test_fingers_point_where_the_angles_say(name: str, seed: int, make_capture: MakeCapture) -> None:
    capture = make_capture(known_angles, frames=FRAMES)
    rng = np.random.default_rng(seed)
    style = Style(
        arm_drop=rng.uniform(0, 1.2), finger_bend=rng.uniform(0, 0.5), size=rng.uniform(0.5, 2), scale=0.3, seed=seed
    )
    rig = build_rig(read_preset(preset_files(SHIPPED)[name]), style)
    rig.rotation_euler = rng.uniform(-np.pi, np.pi, size=3)
    preset = choose_preset(rig, name if "webxr" in name else AUTOMATIC)
    retarget(bpy.context, rig, capture_sources(capture, Timeline()), preset)
    for frame in range(FRAMES):
        bpy.context.scene.frame_set(1 + frame)
        apart = {
            (hand.side, finger, span): degrees_apart(segments(hand, capture, frame, finger)[slice(*span)], found)
            for hand in capture.hands
            if hand_joint(hand.side) in preset.bones
            for finger in FINGERS
            for span, found in pointing(rig, preset, hand.side, finger).items()
        }
        assert max(apart.values()) < TOLERANCE, max(apart.items(), key=lambda item: item[1])


def degrees_apart(captured: NDArray, found: NDArray) -> float:
    chord = captured.sum(axis=0)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(chord, found)), chord @ found)))
