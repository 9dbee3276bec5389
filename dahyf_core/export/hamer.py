"""Captures as the dictionaries of HaMeR and WiLoR, for code that reads their results."""

import pickle
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dahyf_core.arrays import Array
from dahyf_core.capture import Capture
from dahyf_core.cleaning import State
from dahyf_core.export.mano import warn_of_shape
from dahyf_core.export.options import ExportOptions
from dahyf_core.geometry import MIRROR, bone_levels, forward_kinematics, matrix_from_axis_angle
from dahyf_core.hand_model import FINGER_KEYPOINTS, TIPS
from dahyf_core.shared.rest_bones import TIP_BONES

PROTOCOL = 4
"""Of pickle: Python 3.4 and later read it."""


def write_hamer(capture: Capture, stream: BinaryIO, options: ExportOptions, suffix: str) -> None:
    """Write a pickle: for each frame, by its number, what HaMeR's network and demo.py give for the hands in it.

    Only dictionaries, lists, numbers and numpy arrays are in it. Left hands are mirrored right hands, as in HaMeR.
    docs/export.md lists the names. Warns if the shape numbers are not MANO's.
    """
    warn_of_shape(capture)
    hands = [_hand(capture, hand) for hand in range(capture.hands)]
    frames: dict[int, dict[str, Any]] = {}
    for row, number in enumerate(capture.frame.tolist()):
        here = [hand for hand in range(capture.hands) if capture.state[hand, row] != State.MISSING]
        frames[number] = _frame(capture, row, here, hands)
    pickle.dump(frames, stream, protocol=PROTOCOL)


def _frame(capture: Capture, row: int, here: list[int], hands: list[dict[str, Array]]) -> dict[str, Any]:
    def stacked(name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        return np.array([hands[hand][name][row] for hand in here], np.float32).reshape(len(here), *shape)

    camera = capture.source.intrinsics
    lens = {} if camera is None else {
        "scaled_focal_length": np.float32(camera.fx),
        "img_size": np.array([camera.width, camera.height], np.float32),
    }  # fmt: skip
    return {
        "pred_mano_params": {
            "global_orient": stacked("rotations", (16, 3, 3))[:, :1],
            "hand_pose": stacked("rotations", (16, 3, 3))[:, 1:],
            "betas": capture.shape[here].astype(np.float32),
        },
        "pred_cam_t_full": stacked("translation", (3,)),
        "pred_keypoints_3d": stacked("points", (21, 3)),
        "right": np.array([capture.side[hand] == "right" for hand in here], np.float32),
        **lens,
    }


def _hand(capture: Capture, hand: int) -> dict[str, Array]:
    """Rotations (T, 16, 3, 3) and points (T, 21, 3) of the right hand or its mirror image; translations (T, 3)."""
    flip = np.ones(3) if capture.side[hand] == "right" else MIRROR
    turns = matrix_from_axis_angle(capture.pose[hand].astype(np.float64))
    heads = capture.rest_joints[hand].astype(np.float64)
    tips = capture.rest_tips[hand].astype(np.float64) - heads[list(TIP_BONES)]
    joints, worlds = forward_kinematics(turns, heads, bone_levels(capture.parents))
    points = np.empty((len(turns), 21, 3))
    points[:, 0] = joints[:, 0]
    points[:, FINGER_KEYPOINTS[:, :3]] = joints[:, 1:].reshape(-1, 5, 3, 3)
    points[:, TIPS] = joints[:, list(TIP_BONES)] + np.einsum("tkij,kj->tki", worlds[:, list(TIP_BONES)], tips)
    return {
        "rotations": turns * np.outer(flip, flip),
        "points": points * flip,
        "translation": capture.translation[hand].astype(np.float64),
    }
