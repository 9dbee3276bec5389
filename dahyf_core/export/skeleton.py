"""A captured hand as an animated skeleton: local transforms over time, the source of BVH, glTF and USD files."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array, FloatArray
from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.errors import SettingsError
from dahyf_core.export.options import METRES, Unit
from dahyf_core.geometry import (
    FROM_CAMERA,
    Up,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    continuous_quaternions,
    matrix_from_axis_angle,
    quaternion_from_axis_angle,
    slerp,
)
from dahyf_core.shared.limits import FRAMES
from dahyf_core.shared.rest_bones import PALM, TIP_BONES, bend_directions, bone_tails

SAME_TIME = 0.0005
"""Largest deviation of a frame from an even rate, seconds."""
WHOLE_FRAME = 0.01
"""Largest deviation of a frame number from an integer, frames."""

RestAxes = Literal["bone", "scene"]


@dataclass(frozen=True, eq=False)
class SkeletonAnimation:
    """T frames of one hand of J bones, parents before children, with the skin that follows them.

    A bone's transform turns by its rotation, then moves by its translation, in the axes of its parent, or of the scene
    for the first one. Rotations are quaternions, w first, of continuous signs. Lengths are in `unit`; the scene has the
    axis `up` up, and the camera that filmed it at its origin.

    name: of the hand, such as "hand.R". bones: (J,) names, unique in the scene, such as "index1.R". parents: (J,), -1
    for the first. rest_rotations: (J, 4) and rest_translations: (J, 3) of the rest pose. rotations: (T, J, 4).
    translations: (T, 3) of the first bone; the others keep their rest translations. times: (T,) seconds from the first
    frame. first_frame: its number in the footage. present: (T,), False where the hand was lost; it then holds the
    last pose, or the first one. rate: frames per second, nominal where times are uneven. tips: (5, 3), thumb
    to pinky, in the axes of their bones. tip_bones: (5,), the bones that they end. vertices: (V, 3) of the skin in the
    rest pose, axes of the scene. faces: (F, 3). weights: (V, J).
    """

    name: str
    bones: tuple[str, ...]
    parents: NDArray[np.integer]
    rest_rotations: Array
    rest_translations: Array
    rotations: Array
    translations: Array
    times: FloatArray
    first_frame: int
    present: NDArray[np.bool_]
    rate: Fraction
    up: Up
    unit: Unit
    tips: Array
    tip_bones: NDArray[np.integer]
    vertices: Array
    faces: NDArray[np.integer]
    weights: Array

    @property
    def frames(self) -> FloatArray:
        """(T,) frame numbers in the footage, in fractions where times are uneven."""
        frames = self.times * float(self.rate)
        whole = np.round(frames)
        return self.first_frame + np.where(np.abs(frames - whole) < WHOLE_FRAME, whole, frames)

    @property
    def is_even(self) -> bool:
        """Whether the frames are evenly spaced at the rate, without gaps."""
        even = np.arange(len(self.times)) / float(self.rate)
        return bool((np.abs(self.times - even) < SAME_TIME).all())


def animate(
    capture: Capture, up: Up = "y", unit: Unit = "m", axes: RestAxes = "bone", rate: Fraction | None = None
) -> list[SkeletonAnimation]:
    """The hands of a capture that have a pose in at least one frame, in the capture's order.

    axes: of the bones in the rest pose. "bone" is what the Blender add-on builds: y runs along the bone, a turn about x
    bends it. "scene" are the axes of the scene, as MANO has it. rate: frames per second to resample to, None to keep
    the frames of the capture. Raises SettingsError when there is no such hand.
    """
    hands = [hand for hand in range(capture.hands) if (capture.state[hand] != State.MISSING).any()]
    if not hands:
        raise SettingsError(
            "The capture has no hand with a pose, so there is no motion to export.",
            "Clean it with a lower threshold, or capture footage that shows hands.",
        )
    if len(hands) < capture.hands:
        warnings.warn(
            f"{capture.hands - len(hands)} of {capture.hands} hands have no pose and were left out.", stacklevel=2
        )
    animations = [_animation(capture, hand, up, unit, axes) for hand in hands]
    return animations if rate is None else [resampled(animation, rate) for animation in animations]


def resampled(animation: SkeletonAnimation, rate: Fraction) -> SkeletonAnimation:
    """The same motion in even frames at a rate, from its first to its last moment; unchanged if it is even already.

    Poses between frames are interpolated. Raises SettingsError for more frames than a capture may have.
    """
    at_rate = replace(animation, rate=rate)
    if at_rate.is_even:
        return at_rate
    count = int(np.floor(animation.times[-1] * float(rate) + float(rate) * SAME_TIME)) + 1
    if count > FRAMES:
        raise SettingsError(
            f"At {float(rate):g} frames per second the motion would have {count:,} frames.", "Give a lower rate."
        )
    times = np.arange(count) / float(rate)
    later = np.clip(np.searchsorted(animation.times, times), 1, len(animation.times) - 1)
    start, end = animation.times[later - 1], animation.times[later]
    weight = np.clip((times - start) / (end - start), 0, 1)
    turns = axis_angle_from_quaternion(animation.rotations)
    return replace(
        at_rate,
        rotations=continuous_quaternions(
            quaternion_from_axis_angle(slerp(turns[later - 1], turns[later], weight[:, None]))
        ),
        translations=animation.translations[later - 1] * (1 - weight[:, None])
        + animation.translations[later] * weight[:, None],
        times=times,
        present=np.where(weight < 0.5, animation.present[later - 1], animation.present[later]),
    )


def evened(animations: Sequence[SkeletonAnimation]) -> list[SkeletonAnimation]:
    """The same in even frames at their own rate, for formats without time stamps. Warns if poses are interpolated."""
    if not all(animation.is_even for animation in animations):
        warnings.warn(
            f"The capture's frames are not evenly spaced in time, so its poses were interpolated to"
            f" {float(animations[0].rate):g} frames per second.",
            stacklevel=2,
        )
    return [resampled(animation, animation.rate) for animation in animations]


def rest_transforms(animation: SkeletonAnimation) -> Array:
    """(J, 4, 4) of the bones in the scene, in the rest pose."""
    world = np.tile(np.eye(4), (len(animation.bones), 1, 1))
    world[:, :3, :3] = matrix_from_axis_angle(axis_angle_from_quaternion(animation.rest_rotations))
    world[:, :3, 3] = animation.rest_translations
    for bone, parent in enumerate(animation.parents):
        if parent >= 0:
            world[bone] = world[parent] @ world[bone]
    return world


def _animation(capture: Capture, hand: int, up: Up, unit: Unit, axes: RestAxes) -> SkeletonAnimation:
    turn, scale, parents = FROM_CAMERA[up], 1 / METRES[unit], capture.parents
    present = capture.state[hand] != State.MISSING
    held = _held(present)
    heads = capture.rest_joints[hand].astype(np.float64) @ turn.T
    tips, tip_bones = capture.rest_tips[hand].astype(np.float64) @ turn.T, np.array(TIP_BONES)
    frames: Array = np.tile(np.eye(3), (len(heads), 1, 1))
    if axes == "bone":
        frames = _bone_axes(heads, bone_tails(heads, tips, parents), bend_directions(heads, turn @ PALM))
    outer = np.concatenate([[np.eye(3)], frames])[parents + 1]  # the axes of each bone's parent
    turns = turn @ matrix_from_axis_angle(capture.pose[hand, held].astype(np.float64)) @ turn.T
    steps = heads - np.where(parents[:, None] < 0, 0.0, heads[parents])
    label = _label(capture, hand)
    return SkeletonAnimation(
        name=f"hand{label}",
        bones=tuple(f"{bone}{label}" for bone in capture.bone_names),
        parents=parents,
        rest_rotations=_quaternions(outer.swapaxes(-1, -2) @ frames),
        rest_translations=np.einsum("bji,bj->bi", outer, steps) * scale,
        rotations=continuous_quaternions(_quaternions(outer.swapaxes(-1, -2) @ turns @ frames)),
        translations=capture.wrist_position[hand, held].astype(np.float64) @ turn.T * scale,
        times=capture.time - capture.time[0],
        first_frame=int(capture.frame[0]),
        present=present,
        rate=capture.source.footage.rate,
        up=up,
        unit=unit,
        tips=np.einsum("bji,bj->bi", frames[tip_bones], tips - heads[tip_bones]) * scale,
        tip_bones=tip_bones,
        vertices=capture.rest_vertices[hand].astype(np.float64) @ turn.T * scale,
        faces=capture.faces[hand],
        weights=capture.skin_weights,
    )


def _held(present: NDArray[np.bool_]) -> NDArray[np.integer]:
    """(T,) the frame whose pose each frame gets: its own, that of the last present frame, or else of the first one."""
    own = np.where(present, np.arange(len(present)), -1)
    return np.where((last := np.maximum.accumulate(own)) >= 0, last, int(present.argmax()))


def _label(capture: Capture, hand: int) -> str:
    """ ".R" or ".L", with a number before it for further hands of one side."""
    side = capture.side[hand]
    number = 1 + int(np.count_nonzero(capture.side[:hand] == side))
    return ("" if number == 1 else f"_{number}") + (".R" if side == "right" else ".L")


def _bone_axes(heads: Array, tails: Array, towards: Array) -> Array:
    """(J, 3, 3) axes of the bones in the rest pose, in the scene, with the bone roll of Blender's `align_roll`.

    heads and tails: (J, 3); y runs from one to the other. towards: (J, 3); z points there as nearly as it can.
    """
    y = _unit(tails - heads)
    z = _unit(towards - np.sum(towards * y, axis=1, keepdims=True) * y)
    return np.stack([np.cross(y, z), y, z], axis=-1)


def _quaternions(rotations: Array) -> Array:
    """(..., 4), w first and positive, of unit length."""
    return quaternion_from_axis_angle(axis_angle_from_matrix(rotations))


def _unit(vectors: Array) -> Array:
    unit: Array = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit
