"""Retiming of retargeted hands: another start frame, another rate, and keys on whole frames only.

In a scene at another rate, captured pictures are between frames. Poses on whole frames are interpolated, rotations by
slerp. So the motion keeps its speed, and animators find keys on whole frames.
"""

from dataclasses import replace
from typing import Final

import bpy
import numpy as np
from numpy.typing import NDArray

from ...scene.keys import KeyTimes, enum_numbers
from ...scene.timing import SAME_RATE
from ..rotations import FloatArray, matrices_from_quaternions, quaternions_from_matrices
from .hand_motion import HandMotion
from .source import Source

WHOLE: Final = 1e-3
"""Largest distance, in frames, at which a key counts as on a whole frame."""


def timed(scene: bpy.types.Scene, source: Source, start_frame: int | None) -> Source:
    """The source at the scene's rate with unchanged speed, and with keys on whole frames.

    start_frame: the frame of the footage's first picture; None: its present frame.
    """
    source = at_rate(source, scene.render.fps / scene.render.fps_base)
    if start_frame is not None:
        source = started_at(source, start_frame)
    return on_whole_frames(source)


def started_at(source: Source, frame: int) -> Source:
    """The source, moved so that the footage's first picture is on this frame."""
    return moved(source, 1.0, frame)


def at_rate(source: Source, rate: float) -> Source:
    """The source at another rate of the timeline, in frames per second. The footage's first picture stays."""
    if source.rate is None or abs(rate / source.rate - 1) < SAME_RATE:
        return source
    note = (
        f"{source.name} was imported at {source.rate:.6g} frames per second, and the scene now runs at {rate:.6g}: "
        "the new keys keep the footage's speed."
    )
    ratio = rate / source.rate
    return replace(moved(source, ratio, source.first_frame), rate=rate, notes=(*source.notes, note))


def moved(source: Source, ratio: float, first_frame: float) -> Source:
    """The source with its time scaled by `ratio`, and its footage's first picture on another frame."""
    frames = first_frame + ratio * (source.times.frames - source.first_frame)
    times = replace(source.times, frames=frames)
    return replace(source, times=times, first_frame=first_frame, shown=source.shown * ratio)


def on_whole_frames(source: Source) -> Source:
    """The source with keys on whole frames only: unchanged if they are there already, else interpolated.

    Each picture lasts `shown` frames. So a run of pictures gets a key on every frame from its first picture to the end
    of its last one. If there are fewer frames than pictures, pictures between two frames are left out.
    """
    frames, times = source.times.frames, source.times
    nearest = np.round(frames)
    if np.abs(frames - nearest).max() < WHOLE and len(np.unique(nearest)) == len(nearest):
        return replace(source, times=replace(times, frames=nearest))
    constant, linear = enum_numbers("interpolation", "CONSTANT", "LINEAR")
    starts = [0, *(np.flatnonzero(times.interpolation[:-1] == constant) + 1)]
    runs = [
        run_at(frames, first, end, source.shown) for first, end in zip(starts, [*starts[1:], len(frames)], strict=True)
    ]
    new_frames, rows = (np.concatenate(each) for each in zip(*runs, strict=True))
    if not len(rows):
        new_frames, rows = nearest[:1], np.zeros(1)
    holds = np.concatenate([np.arange(len(run)) == len(run) - 1 for run, _ in runs if len(run)] or [[True]])
    new_times = KeyTimes(
        frames=new_frames,
        interpolation=np.where(holds, constant, linear).astype(np.int32),
        types=times.types[np.round(rows).astype(int)],
    )
    return replace(source, motion=motion_at(source.motion, rows), times=new_times)


def run_at(
    frames: NDArray[np.floating], first: int, end: int, shown: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Whole frames (M,) of the pictures from row `first` to before row `end`, and the fractional rows (M,) there."""
    whole = np.arange(np.ceil(frames[first] - WHOLE), frames[end - 1] + shown - WHOLE)
    return whole, np.interp(whole, frames[first:end], np.arange(first, end))


def motion_at(motion: HandMotion, rows: NDArray[np.float64]) -> HandMotion:
    """The motion interpolated at fractional rows (M,), which count its frames from 0."""
    to_world = motion.to_world if motion.to_world.ndim == 2 else turns_at(motion.to_world, rows)
    wrist = np.stack([np.interp(rows, np.arange(len(motion.wrist)), axis) for axis in motion.wrist.T], axis=1)
    return replace(motion, rotations=turns_at(motion.rotations, rows), wrist=wrist, to_world=to_world)


def turns_at(matrices: FloatArray, rows: NDArray[np.float64]) -> FloatArray:
    """(M, ..., 3, 3) rotations (N, ..., 3, 3) interpolated by slerp at fractional rows (M,)."""
    before = np.floor(rows).astype(int)
    after = np.minimum(before + 1, len(matrices) - 1)
    share = (rows - before).reshape(-1, *[1] * (matrices.ndim - 2))
    first, second = (quaternions_from_matrices(matrices[index]) for index in (before, after))
    cosine = np.einsum("...i,...i", first, second)[..., None]
    second = np.where(cosine < 0, -second, second)
    angle = np.arccos(np.clip(np.abs(cosine), 0, 1))
    sine = np.maximum(np.sin(angle), 1e-9)
    near = angle < 1e-6
    weights = [
        np.where(near, 1 - share, np.sin((1 - share) * angle) / sine),
        np.where(near, share, np.sin(share * angle) / sine),
    ]
    return matrices_from_quaternions(weights[0] * first + weights[1] * second)
