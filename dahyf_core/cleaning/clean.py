"""Gate and smooth the raw estimates of one hand."""

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.cleaning.filling import FillPlan, plan_filling
from dahyf_core.cleaning.gate import judge_jumps
from dahyf_core.cleaning.hand import CleanHand, RawHand
from dahyf_core.cleaning.settings import CleaningSettings
from dahyf_core.cleaning.shape import clip_shape
from dahyf_core.cleaning.smoothing import find_runs, smooth, smooth_rotations
from dahyf_core.cleaning.stillness import find_rests, hold_still
from dahyf_core.geometry import minimise_reprojection
from dahyf_core.hand_model import HandModel

KEYPOINTS = "mediapipe"
"""The set of 21 joints that the estimators locate in the picture."""

BLOCK = 4096
"""Frames that the hand model poses at a time, so that long captures need little memory."""

DOUBT = 0.5
"""Share of its confidence that a doubtful frame keeps: its pose is used, and flagged."""

NEAREST_WRIST = 0.01
"""Smallest distance of a wrist from the lens, m."""


def clean(
    raw: RawHand,
    times: Array,
    settings: CleaningSettings,
    model: HandModel,
    intrinsics: Intrinsics | None,
    frame: NDArray[np.integer] | None = None,
) -> CleanHand:
    """Clean one hand. model: of the hand's own side. times: (T,) seconds, increasing.

    frame: (T,) frame numbers in the footage, for the settings' threshold_overrides; by default 0, 1, ...

    Rotations are gated, filled and smoothed first. The translation is then solved again from the located joints, with
    the clean rotations and the one shape, so that the hand stays on the footage. The wrist's position in the picture
    and its depth are filled and smoothed separately. Rests are held still last.

    Without confidences, all frames that were seen are confident. Without located joints, the wrist is where the raw
    translation puts it. Without intrinsics, its path is smoothed in space by `wrist_position_hz`.
    """
    thresholds = settings.thresholds(np.arange(len(times)) if frame is None else frame)
    has_confidence = bool(np.isfinite(raw.confidence).any()) or not raw.seen.any()
    confidence = np.nan_to_num(raw.confidence) if has_confidence else raw.seen.astype(float)
    confident = raw.seen & (confidence >= thresholds) if has_confidence else raw.seen
    trust = judge_jumps(raw.pose, times, confident, settings.spike_seconds)
    confident = trust.believed
    plan = plan_filling(raw.seen, confident, times, settings)
    runs = find_runs(plan.filled, times)

    pose = plan.rotations(raw.pose)
    for run in runs:
        pose[run, :1] = smooth_rotations(pose[run, :1], times[run], settings.wrist_rotation_hz)
        pose[run, 1:] = smooth_rotations(pose[run, 1:], times[run], settings.finger_hz)

    believed = confident if confident.any() else raw.seen
    shape = clip_shape(raw.shape[believed], confidence[believed])
    wrist_head = model.rest(shape).joints[0]
    keypoints = _keypoints(model, pose, shape)
    wrist = np.full((len(times), 3), np.nan)
    wrist[confident] = wrist_head + _translations(raw, confident, keypoints, wrist_head, model, intrinsics)
    smooth_path = _cleaned_place if intrinsics is None else _cleaned_path
    wrist = smooth_path(wrist, plan, runs, times, settings)
    if settings.wrist_rotation_only and plan.filled.any():
        wrist[plan.filled] = np.median(wrist[plan.filled], axis=0)
    if settings.stillness > 0 and runs:
        rests = find_rests(keypoints, wrist, times, runs, settings.stillness)
        pose, wrist = hold_still(pose, wrist, times, rests, runs)
        keypoints = _keypoints(model, pose, shape)

    translation = wrist - wrist_head
    joints_3d = keypoints + translation[:, None]
    return CleanHand(
        pose=pose,
        shape=shape,
        translation=translation,
        confidence=np.where(trust.doubtful, DOUBT, 1) * confidence if has_confidence else raw.confidence,
        state=plan.state,
        joints_3d=joints_3d,
        joints_2d=np.full((len(times), 21, 2), np.nan) if intrinsics is None else intrinsics.project(joints_3d),
    )


def _translations(
    raw: RawHand,
    rows: NDArray[np.bool_],
    keypoints: Array,
    wrist_head: Array,
    model: HandModel,
    intrinsics: Intrinsics | None,
) -> Array:
    """(N, 3) m of the chosen rows: from the located joints, or where there are none, from the raw translation."""
    if intrinsics is not None and np.isfinite(raw.joints_2d[rows]).all():
        return minimise_reprojection(keypoints[rows], intrinsics.normalise(raw.joints_2d[rows]))
    heads = model.joints[0] + raw.shape[rows] @ model.joint_directions[0].T
    placed: Array = raw.translation[rows] + heads - wrist_head
    return placed


def _keypoints(model: HandModel, pose: Array, shape: Array) -> Array:
    """(T, 21, 3) keypoints of the hand at translation 0; NaN rows for NaN poses."""
    filled = np.flatnonzero(np.isfinite(pose).all(axis=(1, 2)))
    result = np.full((len(pose), 21, 3), np.nan)
    for start in range(0, len(filled), BLOCK):
        rows = filled[start : start + BLOCK]
        posed = model.skeleton(pose[rows], np.broadcast_to(shape, (len(rows), len(shape))), np.zeros((len(rows), 3)))
        result[rows] = model.keypoints(posed, KEYPOINTS)
    return result


def _cleaned_place(wrist: Array, plan: FillPlan, runs: list[slice], times: Array, settings: CleaningSettings) -> Array:
    """Fill and smooth a path (T, 3) that no camera has seen."""
    place = plan.vectors(wrist)
    for run in runs:
        place[run] = smooth(place[run], times[run], settings.wrist_position_hz)
    return place


def _cleaned_path(wrist: Array, plan: FillPlan, runs: list[slice], times: Array, settings: CleaningSettings) -> Array:
    """Fill and smooth a path (T, 3) along its viewing rays (x/z, y/z) and in log z.

    A picture gives depth far less exactly than direction. Separate filters keep the noise of one out of the other, and
    the wrist stays on its pixel however strongly its depth is smoothed.
    """
    depth = np.maximum(wrist[:, 2:], NEAREST_WRIST)
    rays = plan.vectors(wrist[:, :2] / depth)
    log_depth = plan.vectors(np.log(depth))
    for run in runs:
        rays[run] = smooth(rays[run], times[run], settings.wrist_position_hz)
        log_depth[run] = smooth(log_depth[run], times[run], settings.wrist_depth_hz)
    depth = np.exp(log_depth)
    return np.concatenate([rays * depth, depth], axis=1)
