"""When retargeted hands move: from another frame on, at another rate, and always with keys on whole frames.

Captured pictures lie between the frames of a scene that runs at another rate. The poses on its frames are interpolated,
turns along the shortest way (slerp): so time is kept, and animators find keys where they can edit them.
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
"""Frames by which a key may miss a whole one and still lies on it."""


def timed(scene: bpy.types.Scene, source: Source, start_frame: int | None) -> Source:
    """The source in step with time at the scene's rate, with keys on whole frames.

    start_frame: where the footage's first picture lies; None: where it lies already.
    """
    source = at_rate(source, scene.render.fps / scene.render.fps_base)
    if start_frame is not None:
        source = started_at(source, start_frame)
    return on_whole_frames(source)


def started_at(source: Source, frame: int) -> Source:
    """The source, moved so that the footage's first picture lies on this frame."""
    return moved(source, 1.0, frame)


def at_rate(source: Source, rate: float) -> Source:
    """The source at another rate of the timeline, frames a second, around the footage's first picture."""
    if source.rate is None or abs(rate / source.rate - 1) < SAME_RATE:
        return source
    note = (
        f"The scene ran at {source.rate:.6g} frames per second when {source.name} came into it, and runs at {rate:.6g} "
        "now: the new keys are in step with the footage's time."
    )
    ratio = rate / source.rate
    return replace(moved(source, ratio, source.first_frame), rate=rate, notes=(*source.notes, note))


def moved(source: Source, ratio: float, first_frame: float) -> Source:
    """The source with its time stretched, and its footage's first picture on another frame."""
    frames = first_frame + ratio * (source.times.frames - source.first_frame)
    times = replace(source.times, frames=frames)
    return replace(source, times=times, first_frame=first_frame, shown=source.shown * ratio)


def on_whole_frames(source: Source) -> Source:
    """The source with keys on whole frames alone: itself where they lie there, else interpolated.

    Each picture is shown for a while (`shown`), so a run of pictures has a key on each frame from its first picture to
    the end of its last one. Where there are fewer frames than pictures, some fall between two frames and are left out.
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
    """Whole frames (M,) at which the pictures from one row to before another are shown, and their rows (M,) there."""
    whole = np.arange(np.ceil(frames[first] - WHOLE), frames[end - 1] + shown - WHOLE)
    return whole, np.interp(whole, frames[first:end], np.arange(first, end))


def motion_at(motion: HandMotion, rows: NDArray[np.float64]) -> HandMotion:
    """The motion between its frames; rows (M,) count them from 0."""
    to_world = motion.to_world if motion.to_world.ndim == 2 else turns_at(motion.to_world, rows)
    wrist = np.stack([np.interp(rows, np.arange(len(motion.wrist)), axis) for axis in motion.wrist.T], axis=1)
    return replace(motion, rotations=turns_at(motion.rotations, rows), wrist=wrist, to_world=to_world)


def turns_at(matrices: FloatArray, rows: NDArray[np.float64]) -> FloatArray:
    """Rotations (N, ..., 3, 3) between their frames, (M, ..., 3, 3), along the shortest way at a constant speed."""
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
