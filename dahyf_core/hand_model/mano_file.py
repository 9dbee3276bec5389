"""The user's own MANO files: MANO_RIGHT and MANO_LEFT, as .pkl or as .npz of the same names."""

import hashlib
from pathlib import Path

import numpy as np

from dahyf_core.arrays import Array
from dahyf_core.errors import ModelFileError, detail
from dahyf_core.files import is_file
from dahyf_core.hand_model.keypoints import KEYPOINT_BONES, TIPS, KeypointSet
from dahyf_core.hand_model.model import HandModel, Side
from dahyf_core.hand_model.open_hand import read_open_hand
from dahyf_core.hand_model.plausible import implausibility
from dahyf_core.hand_model.safe_pickle import read_pickled_arrays
from dahyf_core.shared.plain_arrays import read_plain_arrays

TIP_VERTICES = np.array([744, 320, 443, 555, 672])
"""FreiHAND's fingertips, thumb to pinky."""
PARENTS = np.array([-1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14])
_LAYOUT = {
    "v_template": (778, 3),
    "shapedirs": (778, 3, 10),
    "posedirs": (778, 3, 135),
    "J_regressor": (16, 778),
    "weights": (778, 16),
    "f": (1538, 3),
    "kintree_table": (2, 16),
    "hands_mean": (45,),
}


def read_mano_file(path: Path, flat_hand_mean: bool) -> HandModel:
    """The hand of a MANO file, of the side that the file holds. Raises ModelFileError."""
    if not is_file(path):
        remedy = 'Give the path of MANO_RIGHT.pkl or .npz, or "open_hand" for the shipped hand.'
        raise ModelFileError(f"There is no hand model file {path}.", remedy)
    arrays = _checked(path, _read_arrays(path))
    regressor, vertices, shape_directions = (arrays[name] for name in ("J_regressor", "v_template", "shapedirs"))
    side: Side = "right" if (regressor @ vertices)[4, 0] < (regressor @ vertices)[0, 0] else "left"
    if side == "left":
        shape_directions = _mend_left_shape(vertices, shape_directions)
    joints = regressor @ vertices
    joint_directions = np.einsum("jv,vid->jid", regressor, shape_directions)
    tips, tip_directions = vertices[TIP_VERTICES], shape_directions[TIP_VERTICES]
    reference = read_open_hand() if side == "right" else read_open_hand().mirrored()
    own = _own_keypoints(joints, joint_directions, tips, tip_directions)
    return HandModel(
        name="mano",
        side=side,
        vertices=vertices,
        shape_directions=shape_directions,
        pose_directions=arrays["posedirs"],
        joints=joints,
        joint_directions=joint_directions,
        tips=tips,
        tip_directions=tip_directions,
        weights=arrays["weights"],
        faces=arrays["f"].astype(np.int64),
        parents=PARENTS,
        mean_pose=arrays["hands_mean"],
        flat_hand_mean=flat_hand_mean,
        keypoint_sets={
            "own": own,
            "freihand": own,
            "mediapipe": _mediapipe_keypoints(own, joints, joint_directions, reference),
        },
        pose_prior=reference.pose_prior,
        joint_limits=reference.joint_limits,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    if path.suffix == ".pkl":
        return read_pickled_arrays(path)
    if path.suffix == ".npz":
        try:
            return read_plain_arrays(path, tuple(_LAYOUT))
        except (OSError, ValueError) as error:
            raise ModelFileError(
                f"The hand model {path} is not an .npz of plain arrays: {detail(error)}.",
                "Convert it again from the MANO .pkl.",
            ) from error
    raise ModelFileError(
        f"The hand model {path} is neither .pkl nor .npz.", "Give MANO_RIGHT.pkl as it was downloaded."
    )


def _checked(path: Path, arrays: dict[str, np.ndarray]) -> dict[str, Array]:
    """The arrays that a hand needs, as floats, once their names, shapes, numbers and kinematic tree are MANO's."""
    remedy = "Give MANO_RIGHT.pkl or MANO_LEFT.pkl as downloaded (models of bodies, SMPL or SMPL-X, do not fit)."
    for name, shape in _LAYOUT.items():
        if name not in arrays:
            raise ModelFileError(f"The hand model {path} has no {name}: it is not a MANO hand.", remedy)
        found = arrays[name]
        if found.shape != shape or found.dtype.kind not in "iuf" or not np.isfinite(found).all():
            held = f"{name} is {found.shape} {found.dtype}, not {shape} finite numbers"
            raise ModelFileError(f"The hand model {path} is not a MANO hand: {held}.", remedy)
    checked = {name: np.asarray(arrays[name], dtype=float) for name in _LAYOUT}
    if not np.array_equal(checked["kintree_table"][0, 1:], PARENTS[1:]):
        raise ModelFileError(f"The hand model {path} has another order of bones than MANO.", remedy)
    if checked["f"].min() < 0 or checked["f"].max() >= len(checked["v_template"]):
        raise ModelFileError(f"The hand model {path} has faces with vertices that do not exist.", remedy)
    if fault := implausibility(checked):
        raise ModelFileError(f"The hand model {path} is not a hand: {fault}.", remedy)
    return checked


def _mend_left_shape(vertices: Array, shape_directions: Array) -> Array:
    """The official left hand carries the right hand's shape directions, so x grows the wrong way; turn it round.

    The first direction is the hand's size: where it grows in z it must grow in x too.
    """
    spread = vertices - vertices.mean(axis=0)
    growth = (spread * shape_directions[:, :, 0]).sum(axis=0)
    if growth[0] * growth[2] < 0:
        return shape_directions * np.array([-1.0, 1.0, 1.0])[:, None]
    return shape_directions


def _own_keypoints(joints: Array, joint_directions: Array, tips: Array, tip_directions: Array) -> KeypointSet:
    """The 16 joints and FreiHAND's tip vertices."""
    offsets, offset_directions, vertices = np.zeros((21, 3)), np.zeros((21, 3, 10)), np.full(21, -1)
    last = KEYPOINT_BONES[TIPS]
    offsets[TIPS], offset_directions[TIPS] = tips - joints[last], tip_directions - joint_directions[last]
    vertices[TIPS] = TIP_VERTICES
    return KeypointSet(KEYPOINT_BONES, offsets, offset_directions, vertices)


def _mediapipe_keypoints(own: KeypointSet, joints: Array, joint_directions: Array, reference: HandModel) -> KeypointSet:
    """MediaPipe's places lie as far from FreiHAND's as on the open hand, in proportion to the size of the hand."""
    freihand, mediapipe = reference.keypoint_sets["freihand"], reference.keypoint_sets["mediapipe"]
    bones, reference_bones = joints - joints[0], reference.joints - reference.joints[0]
    ratio = np.sqrt((bones**2).sum() / (reference_bones**2).sum())
    change = ratio * (mediapipe.offsets - freihand.offsets)
    growth = np.tensordot(bones, joint_directions - joint_directions[0], 2) / (bones**2).sum()
    return KeypointSet(
        bones=KEYPOINT_BONES,
        offsets=own.offsets + change,
        offset_directions=own.offset_directions + change[..., None] * growth,
        vertices=np.full(21, -1),
    )
