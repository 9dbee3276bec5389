"""MANO parameters of whole sequences: AMASS and what writes like it, ARCTIC, HaWoR, and this program's own export."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import Side
from dahyf_core.imports.contents import Contents
from dahyf_core.imports.motion import ManoHand, Motion, Reading
from dahyf_core.imports.values import array, first_of, rate_of, shaped, side_of

RATE: Final = ("mocap_framerate", "mocap_frame_rate", "fps", "frame_rate")
BODIES: Final = {156: (66, 111), 165: (75, 120)}
"""Where the left and the right hand's pose begin among the numbers of SMPL-H and SMPL-X."""
ARMS: Final[dict[Side, tuple[int, ...]]] = {
    "left": (0, 3, 6, 9, 13, 16, 18, 20),
    "right": (0, 3, 6, 9, 14, 17, 19, 21),
}
"""SMPL's joints from the pelvis to the wrist."""
ARCTIC_RATE = 30
HAWOR_SHAPES: Final = ((3,), (3,), (45,), (10,), ())
SIDES: Final[tuple[Side, Side]] = ("left", "right")


def recognises_amass(contents: Contents) -> bool:
    """Whether the file has the names of AMASS or of smplx."""
    data = contents.data
    return isinstance(data, Mapping) and ("poses" in data or {"global_orient", "hand_pose", "transl"} <= set(data))


def read_amass(contents: Contents, reading: Reading) -> Motion:
    """Poses of MANO (48 numbers), SMPL-H (156) or SMPL-X (165). Raises ValueError."""
    data = contents.data
    rate = rate_of(first_of(data, RATE))
    if "poses" not in data:
        hand = _single(data, reading)
        return Motion((hand,), np.arange(len(hand.pose)), reading.options.axes or "z", rate)
    poses = array(data["poses"], "poses")
    if poses.ndim == 3 and "state" in data:
        return _own(data, poses)
    if poses.ndim != 2:
        raise ValueError(f"poses has the shape {poses.shape}, not frames x numbers")
    if poses.shape[1] in BODIES:
        return _body(poses, reading, rate)
    if poses.shape[1] != 48:
        raise ValueError(
            f"poses has {poses.shape[1]} numbers a frame: neither MANO's 48 nor SMPL-H's 156 or SMPL-X's 165"
        )
    named = {"global_orient": poses[:, :3], "hand_pose": poses[:, 3:], "transl": data.get("trans")}
    hand = _single({**data, **named}, reading)
    return Motion((hand,), np.arange(len(poses)), reading.options.axes or "z", rate)


def _own(data: Mapping[str, Any], poses: Array) -> Motion:
    """What `dahyf export CAPTURE -o FILE.npz` writes."""
    count, frames = poses.shape[:2]
    seen = np.where(shaped(data["state"], (count, frames), "state") > 0, 1.0, np.nan)
    confidence = shaped(data["confidence"], (count, frames), "confidence")
    hands = tuple(
        ManoHand(
            side_of(data["side"][hand]) or "right",
            shaped(poses[hand], (frames, 16, 3), "poses") * seen[hand, :, None, None],
            np.tile(shaped(data["betas"][hand], (10,), "betas"), (frames, 1)) * seen[hand, :, None],
            shaped(data["trans"][hand], (frames, 3), "trans"),
            bool(np.all(data["flat_hand_mean"])),
            confidence=confidence[hand] * seen[hand] if np.isfinite(confidence).all() else None,
        )
        for hand in range(count)
    )
    numbers = np.asarray(data["frame"]).astype(np.int64)
    times = array(data["time"], "time")
    return Motion(hands, numbers, "camera", rate_of(data["mocap_framerate"]), times)


def _single(data: Mapping[str, Any], reading: Reading) -> ManoHand:
    orient = shaped(data["global_orient"], (-1, 3), "global_orient")
    frames = len(orient)
    side = side_of(first_of(data, ("side", "hand_side", "is_right", "is_rhand"))) or reading.options.side
    if side is None:
        raise ValueError("it does not say whether the hand is a right or a left one; give --side")
    pose = np.concatenate([orient[:, None], shaped(data["hand_pose"], (frames, 15, 3), "hand_pose")], axis=1)
    place = first_of(data, ("transl", "trans"))
    return ManoHand(
        side,
        pose,
        _shapes(data.get("betas"), frames),
        None if place is None else shaped(place, (frames, 3), "trans"),
        _flatness(data.get("flat_hand_mean")),
    )


def _flatness(value: Any) -> bool | None:
    return None if value is None else bool(np.all(np.asarray(value)))


def _shapes(betas: Any, frames: int) -> Array | None:
    """(T, 10) from one shape or one a frame; more than ten numbers are another model's."""
    if betas is None:
        return None
    numbers = array(betas, "betas")
    if numbers.shape[-1] < 10:
        raise ValueError(f"betas has {numbers.shape[-1]} numbers, not ten")
    numbers = numbers[..., :10]
    return np.tile(numbers, (frames, 1)) if numbers.ndim == 1 else shaped(numbers, (frames, 10), "betas")


def _body(poses: Array, reading: Reading, rate: Any) -> Motion:
    """The hands of a body: the wrist's rotation follows from the arm's, its place only from the body's model."""
    frames = len(poses)
    local = matrix_from_axis_angle(poses[:, :66].reshape(frames, 22, 3))
    hands = []
    for side, start in zip(SIDES, BODIES[poses.shape[1]], strict=True):
        world = local[:, 0]
        for joint in ARMS[side][1:]:
            world = world @ local[:, joint]
        fingers = poses[:, start : start + 45].reshape(frames, 15, 3)
        if fingers.any():
            pose = np.concatenate([axis_angle_from_matrix(world)[:, None], fingers], axis=1)
            hands.append(ManoHand(side, pose, None, None, True))
    if not hands:
        raise ValueError("its hands do not move: all their rotations are zero")
    notes = (
        "The wrists turn as the arms of the body make them. Their places are unknown without the body's model.",
        "Finger rotations are from the flat hand, as AMASS has them.",
    )
    return Motion(tuple(hands), np.arange(frames), reading.options.axes or "z", rate, notes=notes)


def recognises_arctic(contents: Contents) -> bool:
    """Whether the file has the names of ARCTIC's *.mano.npy."""
    return bool(_arctic_hands(contents.data))


def _arctic_hands(data: Any) -> dict[Side, Mapping[str, Any]]:
    if not isinstance(data, Mapping):
        return {}
    names = {"rot", "pose", "trans", "shape"}
    found: dict[Side, Mapping[str, Any]] = {}
    for side in SIDES:
        hand = data.get(side)
        processed = {name: data.get(f"{name}_{side[0]}") for name in names}
        if isinstance(hand, Mapping) and names <= set(hand):
            found[side] = hand
        elif all(value is not None for value in processed.values()):
            found[side] = processed
    return found


def read_arctic(contents: Contents, reading: Reading) -> Motion:
    """Both hands in ARCTIC's world. Raises ValueError."""
    hands = []
    for side, data in _arctic_hands(contents.data).items():
        orient = shaped(data["rot"], (-1, 3), "rot")
        frames = len(orient)
        pose = np.concatenate([orient[:, None], shaped(data["pose"], (frames, 15, 3), "pose")], axis=1)
        hands.append(
            ManoHand(side, pose, _shapes(data["shape"], frames), shaped(data["trans"], (frames, 3), "trans"), False)
        )
    lengths = {len(hand.pose) for hand in hands}
    if len(lengths) != 1:
        raise ValueError("its hands have different numbers of frames")
    notes = ("ARCTIC adds MANO's mean pose to all finger rotations.",)
    return Motion(
        tuple(hands), np.arange(lengths.pop()), reading.options.axes or "z", rate_of(ARCTIC_RATE), notes=notes
    )


def recognises_hawor(contents: Contents) -> bool:
    """Whether the file is a list of HaWoR's five arrays for two hands."""
    data = contents.data
    if not isinstance(data, list) or len(data) != len(HAWOR_SHAPES):
        return False
    if not all(isinstance(each, np.ndarray) and each.ndim >= 2 and each.shape[0] == 2 for each in data):
        return False
    return all(each.shape[2:] == shape for each, shape in zip(data[:4], HAWOR_SHAPES, strict=False))


def read_hawor(contents: Contents, reading: Reading) -> Motion:
    """world_space_res.pth: translation, rotation, fingers, shape and validity of the left and the right hand."""
    trans, rot, fingers, betas, valid = (array(each, "an array") for each in contents.data)
    frames = trans.shape[1]
    hands = []
    for index, side in enumerate(SIDES):
        seen = np.where(shaped(valid[index], (frames,), "pred_valid") > 0, 1.0, np.nan)[:, None]
        if np.isfinite(seen).any():
            pose = np.concatenate([rot[index][:, None], fingers[index].reshape(frames, 15, 3)], axis=1)
            hands.append(ManoHand(side, pose * seen[..., None], betas[index] * seen, trans[index] * seen, True))
    if not hands:
        raise ValueError("it holds no valid frame")
    notes = (
        "The world is that of HaWoR's camera tracking, whose axes are those of its first camera.",
        "Poses are full rotations from the flat hand.",
        "Frames that HaWoR calls invalid are absent.",
    )
    return Motion(tuple(hands), np.arange(frames), reading.options.axes or "camera", notes=notes)
