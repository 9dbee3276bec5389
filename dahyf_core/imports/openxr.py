"""Recordings of hands from OpenXR and WebXR: joints with positions, in metres, y up."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.hand_model import Side
from dahyf_core.imports.contents import Contents
from dahyf_core.imports.landmarks import MILLISECONDS, SECONDS
from dahyf_core.imports.motion import Motion, PointsHand, Reading
from dahyf_core.imports.tracks import Detection, joined
from dahyf_core.imports.values import array, first_of, rate_of, shaped

FINGERS: Final = ("index", "middle", "ring", "pinky")
WEBXR: Final = (
    "wrist",
    *(f"thumb-{part}" for part in ("metacarpal", "phalanx-proximal", "phalanx-distal", "tip")),
    *(
        f"{finger}-finger-{part}"
        for finger in FINGERS
        for part in ("metacarpal", "phalanx-proximal", "phalanx-intermediate", "phalanx-distal", "tip")
    ),
)
"""The 25 joints of the WebXR Hand Input specification, in its order. OpenXR has the palm before them."""
USED: Final = tuple(name for name in WEBXR if not re.fullmatch(r"\w+-finger-metacarpal", name))
"""The 21 that hands have here: the metacarpals of the four fingers are left out."""
NOISE = 0.001
FRAMES: Final = ("frames", "recording", "data")
NAMES: Final = ("hands", "joints")
DROPPED: Final = re.compile(r"xr|hand|joint|ext|finger|phalanx|[^a-z]")


def recognises(contents: Contents) -> bool:
    """Whether the file has frames with joints of these names or numbers."""
    return any(True for frame in _frames(contents.data) for _ in _hands(frame))


def read(contents: Contents, reading: Reading) -> Motion:
    """The hands. Raises ValueError."""
    frames = _frames(contents.data)
    detections = [
        [Detection(side, points[0], {"points": points}) for side, points in _hands(frame)] for frame in frames
    ]
    hands = tuple(PointsHand(side, values["points"], True, "own", NOISE) for side, values in joined(detections))
    times = _times(frames)
    notes = ("The orientations of the joints are not used: the hand model is fitted to their positions.",)
    rate = rate_of(first_of(contents.data, ("fps", "frame_rate"))) if isinstance(contents.data, Mapping) else None
    return Motion(hands, np.arange(len(frames)), reading.options.axes or "y", rate, times, notes=notes)


def _frames(data: Any) -> list[Any]:
    frames = first_of(data, FRAMES) if isinstance(data, Mapping) else data
    return frames if isinstance(frames, list) else []


def _times(frames: list[Any]) -> Array | None:
    for names, unit in ((MILLISECONDS, 1e-3), (SECONDS, 1.0)):
        times = [first_of(frame, names) for frame in frames]
        if all(time is not None for time in times):
            return array(times, "the time stamps") * unit
    return None


def _hands(frame: Any) -> Iterator[tuple[Side, Array]]:
    hands = frame.get("hands", frame) if isinstance(frame, Mapping) else {}
    if isinstance(hands, list):
        named = {
            str(first_of(hand, ("handedness", "hand", "side"))): hand for hand in hands if isinstance(hand, Mapping)
        }
    else:
        named = dict(hands) if isinstance(hands, Mapping) else {}
    for side in ("left", "right"):
        points = _points(named.get(side))
        if points is not None:
            yield side, points


def _points(hand: Any) -> Array | None:
    """(21, 3), or None where the hand is not tracked or is none."""
    joints = hand.get("joints", hand) if isinstance(hand, Mapping) else hand
    if isinstance(joints, list) and len(joints) in (len(WEBXR), len(WEBXR) + 1):
        joints = dict(zip(WEBXR, joints[-len(WEBXR) :], strict=True))
    if not isinstance(joints, Mapping):
        return None
    named = {_plain(str(name)): value for name, value in joints.items()}
    positions = [_position(named.get(_plain(name))) for name in USED]
    if all(position is None for position in positions):
        return None
    return shaped([[np.nan] * 3 if each is None else each for each in positions], (len(USED), 3), "the joints")


def _plain(name: str) -> str:
    """A name as both standards have it: XR_HAND_JOINT_LITTLE_TIP_EXT and pinky-finger-tip are pinkytip."""
    return DROPPED.sub("", name.lower()).replace("little", "pinky")


def _position(joint: Any) -> Any:
    if isinstance(joint, Mapping):
        inner = first_of(joint, ("position", "pos", "translation"))
        if inner is not None:
            joint = inner
        elif "transform" in joint or "pose" in joint:
            return _position(first_of(joint, ("transform", "pose")))
    if isinstance(joint, Mapping):
        joint = [joint.get(axis) for axis in "xyz"]
    return joint[:3] if isinstance(joint, list) and len(joint) >= 3 and None not in joint[:3] else None
