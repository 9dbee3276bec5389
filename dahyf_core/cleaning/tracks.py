"""The user's corrections of tracks: splitting, joining, changing the side, and dropping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.camera import Intrinsics
from dahyf_core.cleaning.hand import RawHand
from dahyf_core.errors import SettingsError
from dahyf_core.geometry import MIRROR, axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import HandModel, Side

OTHER_SIDE: dict[Side, Side] = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class TrackEdits:
    """Edits of tracks, made in the order of the fields. Hands are given by their number in the capture, from 0.

    split: (hand, frame) pairs. From that frame of the footage on, the hand is a new one, numbered after all others.
    join: (hand, other) pairs. `other` becomes part of `hand`; where both are seen, the more confident estimate stays.
    swap: hands whose side is wrong.
    drop: hands to delete.
    """

    split: tuple[tuple[int, int], ...] = ()
    join: tuple[tuple[int, int], ...] = ()
    swap: tuple[int, ...] = ()
    drop: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))


def edit_tracks(
    hands: Sequence[RawHand],
    frame: NDArray[np.integer],
    edits: TrackEdits,
    models: Mapping[Side, HandModel],
    intrinsics: Intrinsics | None,
) -> list[RawHand]:
    """The remaining hands, in their old order. frame: (T,) frame numbers in the footage.

    Raises SettingsError for a hand that does not exist, and for a split with no observation on one side of it.
    """
    tracks: list[RawHand | None] = list(hands)
    for hand, first in edits.split:
        earlier, later = split_hand(_track(tracks, hand), frame < first)
        if not (earlier.seen.any() and later.seen.any()):
            raise SettingsError(
                f"Hand {hand} is not seen on both sides of frame {first}.", "Split it between two frames that show it."
            )
        tracks[hand] = earlier
        tracks.append(later)
    for hand, other in edits.join:
        kept, added = _track(tracks, hand), _track(tracks, other)
        if hand == other:
            raise SettingsError(f"Hand {hand} cannot be joined to itself.", "Name two hands.")
        if added.side != kept.side:
            added = swap_side(added, models, intrinsics)
        tracks[hand], tracks[other] = join_hands(kept, added), None
    for hand in edits.swap:
        tracks[hand] = swap_side(_track(tracks, hand), models, intrinsics)
    for hand in edits.drop:
        _track(tracks, hand)
        tracks[hand] = None
    return [track for track in tracks if track is not None]


def split_hand(raw: RawHand, first: NDArray[np.bool_]) -> tuple[RawHand, RawHand]:
    """The estimates of the frames in `first` (T,), and the others."""
    return _where(first, raw, None), _where(~first, raw, None)


def join_hands(raw: RawHand, other: RawHand) -> RawHand:
    """The more confident estimate of each frame, of two hands of one side; without confidences, the first's."""
    keeps = np.nan_to_num(raw.confidence, nan=-1.0) >= np.nan_to_num(other.confidence, nan=-1.0)
    return _where(np.where(raw.seen & other.seen, keeps, raw.seen), raw, other)


def swap_side(raw: RawHand, models: Mapping[Side, HandModel], intrinsics: Intrinsics | None) -> RawHand:
    """The hand of the other side that looks the same in the picture.

    A left hand that shows its palm and a right hand that shows its back have the same outline: from far away, they
    are mirror images in depth. Each frame is mirrored in the plane through the hand's middle that faces the camera.
    Two swaps restore the hand. Raises SettingsError without a camera.
    """
    if intrinsics is None:
        raise SettingsError(
            "The sides of hands cannot be swapped, because no camera is known.", "Import the file again with --sides."
        )
    side = OTHER_SIDE[raw.side]
    seen = raw.seen
    pose, shape, translation = raw.pose[seen], raw.shape[seen], raw.translation[seen]
    wrist = _wrist_heads(models[raw.side], shape) + translation
    middle = _keypoints(models[raw.side], pose, shape, translation).mean(axis=1)
    view = middle / np.linalg.norm(middle, axis=-1, keepdims=True)
    in_depth = np.eye(3) - 2 * view[:, :, None] * view[:, None, :]

    pose = pose * -MIRROR
    pose[:, 0] = axis_angle_from_matrix(in_depth @ matrix_from_axis_angle(raw.pose[seen, 0]) * MIRROR)
    wrist = middle + np.einsum("tij,tj->ti", in_depth, wrist - middle)
    translation = wrist - _wrist_heads(models[side], shape)
    projected = intrinsics.project(_keypoints(models[side], pose, shape, translation))
    return replace(
        raw,
        side=side,
        pose=_scattered(pose, seen),
        translation=_scattered(translation, seen),
        joints_2d_projected=_scattered(projected, seen),
    )


def _track(tracks: Sequence[RawHand | None], hand: int) -> RawHand:
    track = tracks[hand] if 0 <= hand < len(tracks) else None
    if track is None:
        raise SettingsError(f"There is no hand {hand}.", "`dahyf info` lists the hands; the first is hand 0.")
    return track


def _where(keeps: NDArray[np.bool_], raw: RawHand, other: RawHand | None) -> RawHand:
    """`raw` in the frames where `keeps` (T,), `other` or nothing elsewhere."""
    arrays: dict[str, Any] = {}
    for name, value in vars(raw).items():
        if name != "side":
            mask = keeps.reshape(-1, *[1] * (value.ndim - 1))
            arrays[name] = np.where(mask, value, np.nan if other is None else getattr(other, name))
    return replace(raw, **arrays)


def _keypoints(model: HandModel, pose: Array, shape: Array, translation: Array) -> Array:
    return model.keypoints(model.skeleton(pose, shape, translation), "mediapipe")


def _wrist_heads(model: HandModel, shape: Array) -> Array:
    """(T, 3) heads of the wrist bone in the rest pose, for shapes (T, 10)."""
    return model.joints[0] + shape @ model.joint_directions[0].T


def _scattered(values: Array, seen: NDArray[np.bool_]) -> Array:
    result = np.full((len(seen), *values.shape[1:]), np.nan)
    result[seen] = values
    return result
