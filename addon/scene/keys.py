"""Keyframes for every frame with a hand, written in bulk into new Actions."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

import bpy
import numpy as np
from numpy.typing import NDArray

from ..backend.capture_file import Hand, Skeleton
from ..compat import NewAction, fcurves_of
from ..narrowing import armature_of, pose_of, rna_property
from ..shared.capture_schema import State
from ..shared.names import WRIST
from .rig import bone_name

CONFIDENCE = "confidence"
CAPTURED = "captured"
LEADS: Final = {
    CONFIDENCE: "Confidence in the captured pose, 0 to 1",
    CAPTURED: "The frame has a pose. Its source has no confidence",
}
"""Properties whose keys mark the captured frames, and their descriptions."""
FINGERPRINT = "dahyf_fingerprint"
VISIBILITY_GROUP = "Visibility"
KEY_TYPES = {State.OBSERVED: "KEYFRAME", State.REPLACED: "JITTER", State.INTERPOLATED: "GENERATED"}


@dataclass(frozen=True)
class Channel:
    """One animated property. values (N, D), one column for each of its D F-curves."""

    data_path: str
    group: str
    values: NDArray[np.floating]
    color_mode: Literal["AUTO_RAINBOW", "AUTO_RGB", "AUTO_YRGB"] = "AUTO_RAINBOW"


@dataclass(frozen=True)
class KeyTimes:
    """Frames (N,) of N keys, and their interpolation and key types (N,) as Blender's enum numbers."""

    frames: NDArray[np.floating]
    interpolation: NDArray[np.int32]
    types: NDArray[np.int32]


def key_hand(
    armature: bpy.types.Object, hand: Hand, skeleton: Skeleton, frames: NDArray[np.floating], action_name: str
) -> bpy.types.Action:
    """Key a rig's bones and its confidence wherever the hand has a pose.

    frames (T,) of the timeline. Keys are linear; the last key before frames without a hand is constant.
    The bones may have any roll.
    """
    name = lead(hand)
    armature[name] = 0.0
    cast(Any, armature).id_properties_ui(name).update(min=0.0, max=1.0, description=LEADS[name])
    return write_action(armature, action_name, hand_times(hand, frames), hand_channels(armature, hand, skeleton))


def lead(hand: Hand) -> str:
    """The property whose keys mark the captured frames: the confidence, or CAPTURED where the source has none."""
    return CONFIDENCE if np.isfinite(hand.confidence).all() else CAPTURED


def hand_times(hand: Hand, frames: NDArray[np.floating]) -> KeyTimes:
    """The key times of a hand on these frames (T,) of the timeline: one key wherever it has a pose."""
    present = hand.present
    constant, linear = enum_numbers("interpolation", "CONSTANT", "LINEAR")
    return KeyTimes(
        frames=frames[present],
        interpolation=np.where(before_gaps(present)[present], constant, linear),
        types=key_types(hand.state[present]),
    )


def hand_channels(armature: bpy.types.Object, hand: Hand, skeleton: Skeleton) -> Iterator[Channel]:
    """The wrist's location, all rotations, and the confidence or its stand-in, at the frames that have a hand.

    A rotation R about the rest axes is B^T R B in a bone whose rest orientation is B, so its axis is B^T times R's.
    """
    present = hand.present
    for index, joint in enumerate(skeleton.names):
        name = bone_name(joint, hand.side)
        path = pose_of(armature).bones[name].path_from_id
        orientation = np.array(armature_of(armature).bones[name].matrix_local.to_3x3())
        if joint == WRIST:
            yield Channel(path("location"), name, hand.translation[present] @ orientation, "AUTO_RGB")
        quaternions = quaternions_from_axis_angle(hand.pose[present, index] @ orientation)
        yield Channel(path("rotation_quaternion"), name, continuous(quaternions), "AUTO_YRGB")
    name = lead(hand)
    values = hand.confidence[present, None] if name == CONFIDENCE else np.ones((int(present.sum()), 1), np.float32)
    yield Channel(f'["{name}"]', name.capitalize(), values)


def key_visibility(
    mesh: bpy.types.Object, hand: Hand, frames: NDArray[np.floating], action_name: str
) -> bpy.types.Action | None:
    """Hide a hand's skin while the capture has no pose for it. None, without an Action, if it always has one."""
    if hand.present.all():
        return None
    changes = np.flatnonzero(np.diff(hand.present, prepend=~hand.present[:1]))
    constant, keyframe = enum_numbers("interpolation", "CONSTANT"), enum_numbers("type", "KEYFRAME")
    times = KeyTimes(frames[changes], np.repeat(constant, len(changes)), np.repeat(keyframe, len(changes)))
    hidden = (~hand.present[changes, None]).astype(np.float32)
    channels = (Channel(path, VISIBILITY_GROUP, hidden) for path in ("hide_viewport", "hide_render"))
    return write_action(mesh, action_name, times, channels)


def write_action(owner: bpy.types.Object, name: str, times: KeyTimes, channels: Iterable[Channel]) -> bpy.types.Action:
    """Give `owner` a new Action with these channels. Its previous Action stays in the file."""
    new = NewAction(owner, name)
    add_channels(new, times, channels)
    new.action[FINGERPRINT] = fingerprint(new.action)
    return new.assign()


def add_channels(new: NewAction, times: KeyTimes, channels: Iterable[Channel]) -> None:
    """Key these channels in a new Action, in bulk."""
    points = np.empty((len(times.frames), 2), np.float32)
    points[:, 0] = times.frames
    for channel in channels:
        for index, column in enumerate(channel.values.T):
            fcurve = new.new_fcurve(channel.data_path, index, channel.group)
            fcurve.color_mode = channel.color_mode
            points[:, 1] = column
            fcurve.keyframe_points.add(len(points))
            fcurve.keyframe_points.foreach_set("co", points.ravel())
            fcurve.keyframe_points.foreach_set("interpolation", times.interpolation)
            fcurve.keyframe_points.foreach_set("type", times.types)
            fcurve.update()


def fingerprint(action: bpy.types.Action) -> str:
    """A digest of all keys' coordinates, which shows whether anybody has edited them."""
    digest = hashlib.sha256()
    for fcurve in fcurves_of(action):
        points = np.empty(2 * len(fcurve.keyframe_points), np.float32)
        fcurve.keyframe_points.foreach_get("co", points)
        digest.update(fcurve.data_path.encode())
        digest.update(points.data)
    return digest.hexdigest()


def is_untouched(action: bpy.types.Action) -> bool:
    """Whether all keys are still where `write_action` put them."""
    return bool(action.get(FINGERPRINT) == fingerprint(action))


def enum_numbers(property_name: str, *identifiers: str) -> NDArray[np.int32]:
    """(N,) the numbers behind a key's enum values, which is what `foreach_set` takes."""
    items = rna_property(bpy.types.Keyframe, property_name).enum_items
    return np.array([items[identifier].value for identifier in identifiers], np.int32)


def key_types(states: NDArray[np.uint8]) -> NDArray[np.int32]:
    """(N,) key types that distinguish replaced and interpolated frames from observed ones in the Dope Sheet."""
    types = np.zeros(len(State), np.int32)
    types[list(KEY_TYPES)] = enum_numbers("type", *KEY_TYPES.values())
    return types[states]


def before_gaps(present: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(T,) where the next captured frame has no hand."""
    return ~np.append(present[1:], True)


def quaternions_from_axis_angle(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, 3) radians to unit quaternions (N, 4), w x y z."""
    half = np.linalg.norm(vectors, axis=-1, keepdims=True) / 2
    return np.concatenate([np.cos(half), vectors * np.sinc(half / np.pi) / 2], axis=-1)


def continuous(quaternions: NDArray[np.floating]) -> NDArray[np.floating]:
    """The same rotations (N, 4), with signs such that neighbours are in the same hemisphere."""
    turns = np.einsum("ij,ij->i", quaternions[1:], quaternions[:-1]) < 0
    signs = np.where(np.cumsum(turns) % 2, -1.0, 1.0)
    signed: NDArray[np.floating] = quaternions * np.concatenate([np.ones(1), signs])[: len(quaternions), None]
    return signed
