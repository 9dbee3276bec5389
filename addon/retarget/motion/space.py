"""The space in which captured hands move: the world, or that of the scene's camera."""

from dataclasses import replace
from enum import StrEnum

import bpy
import numpy as np

from ...errors import RetargetError
from ..playback import play
from .mirror import mirrored
from .source import Source


class Space(StrEnum):
    """The space in which the motion stays as it was filmed."""

    WORLD = "WORLD"
    CAMERA = "CAMERA"


def placed(scene: bpy.types.Scene, source: Source, space: Space, mirror: bool = False) -> Source:
    """A source, or its mirror image, moved to a space. Raises RetargetError."""
    seen = mirrored(source) if mirror else source
    return before_camera(scene, seen) if space is Space.CAMERA else seen


def before_camera(scene: bpy.types.Scene, source: Source) -> Source:
    """The source, moved so that the scene's camera sees it as its own camera did, even if that camera moves.

    Raises RetargetError where the scene has no camera.
    """
    if scene.camera is None:
        raise RetargetError(f"The scene {scene.name} has no camera.", "Make one active, or choose the space World.")
    motion = source.motion
    cameras = play(scene, scene.camera, set(), source.times.frames).world.copy()
    cameras[:, :3, :3] /= np.linalg.norm(cameras[:, :3, :3], axis=-2, keepdims=True)
    moves = cameras @ np.linalg.inv(source.camera)
    wrist = np.einsum("nij,nj->ni", moves[:, :3, :3], motion.wrist) + moves[:, :3, 3]
    return replace(source, motion=replace(motion, wrist=wrist, to_world=moves[:, :3, :3] @ motion.to_world))
