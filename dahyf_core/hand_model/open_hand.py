"""The open hand: the model that ships with the program, built by tools/assets/build_hand_model."""

import hashlib

import numpy as np

from dahyf_core.geometry import KEYPOINT_SETS
from dahyf_core.hand_model.keypoints import KEYPOINT_BONES, KeypointSet
from dahyf_core.hand_model.model import HandModel, PosePrior
from dahyf_core.shipped import asset


def read_open_hand() -> HandModel:
    """The right open hand from its asset."""
    path = asset("open_hand.npz")
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name].astype(float) for name in file.files}
    integer = {name: arrays.pop(name).astype(np.int64) for name in ("faces", "parents")}
    keypoint_sets = {name: _keypoint_set(arrays, name) for name in KEYPOINT_SETS}
    prior = PosePrior(arrays["pose_mean"], np.linalg.inv(arrays["pose_covariance"]))
    return HandModel(
        name="open_hand",
        side="right",
        vertices=arrays["vertices"],
        shape_directions=arrays["shape_directions"],
        pose_directions=None,
        joints=arrays["joints"],
        joint_directions=arrays["joint_directions"],
        tips=arrays["tips"],
        tip_directions=arrays["tip_directions"],
        weights=arrays["weights"] / arrays["weights"].sum(axis=1, keepdims=True),  # to double precision
        mean_pose=np.zeros(45),
        flat_hand_mean=True,
        keypoint_sets=keypoint_sets,
        pose_prior=prior,
        joint_limits=arrays["joint_limits"],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        **integer,
    )


def _keypoint_set(arrays: dict[str, np.ndarray], name: str) -> KeypointSet:
    return KeypointSet(
        bones=KEYPOINT_BONES,
        offsets=arrays[f"{name}_offsets"],
        offset_directions=arrays[f"{name}_offset_directions"],
        vertices=np.full(21, -1),
    )
