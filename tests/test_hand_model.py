"""The open hand: a right hand of plausible size in MANO's axes, and the maths that any hand model shares."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dahyf_core.camera import Intrinsics
from dahyf_core.geometry import axis_angle_from_matrix, matrix_from_axis_angle
from dahyf_core.hand_model import KEYPOINT_BONES, TIPS, HandModel, load_hand_model
from dahyf_core.preview import draw_mesh
from dahyf_core.runtime import create_session
from dahyf_core.shared.names import BONE_NAMES
from dahyf_core.shipped import asset

FINGERS = {"index": (1, 2, 3), "middle": (4, 5, 6), "pinky": (7, 8, 9), "ring": (10, 11, 12)}
poses = arrays(float, (2, 16, 3), elements=st.floats(-1.5, 1.5))
shapes = arrays(float, (2, 10), elements=st.floats(-3, 3))
translations = arrays(float, (2, 3), elements=st.floats(-1, 1))
MIRROR = np.array([-1, 1, 1])


@pytest.fixture(scope="module")
def hand() -> HandModel:
    return load_hand_model()


def curled(degrees: float) -> np.ndarray:
    """(1, 16, 3) pose with all joints of the four fingers flexed."""
    pose = np.zeros((1, 16, 3))
    pose[:, 1:13, 2] = np.radians(degrees)
    return pose


def looks_right_handed(hand: HandModel) -> bool:
    """Judge by anatomy alone, blind to the axes of the model.

    Fingers curl towards the palm. Seen from the palm's side with the fingers up, a right hand's thumb points right.
    """
    flat, curl = (hand(pose, np.zeros((1, 10)), np.zeros((1, 3))) for pose in (curled(0), curled(sign(hand) * 20)))
    tips_flat, tips_curled = hand.keypoints(flat)[0, TIPS], hand.keypoints(curl)[0, TIPS]
    palm_normal = (tips_curled - tips_flat)[1:].mean(axis=0)
    wrist, middle, thumb_tip, pinky = flat.joints[0, 0], flat.joints[0, 4], tips_flat[0], flat.joints[0, 7]
    to_the_right = np.cross(middle - wrist, palm_normal)
    return (thumb_tip - pinky) @ to_the_right > 0


FINGERS_UP = {
    "palm": np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]),
    "back": np.array([[0.0, 0, -1], [1, 0, 0], [0, -1, 0]]),
}
"""Rotations that show one side of a right hand to the camera (x right, y down, z forward)."""


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("view", ["palm", "back"])
def test_a_network_that_knows_hands_tells_the_side(side, view):
    hand = load_hand_model(side=side)
    pose = np.zeros((1, 16, 3))
    pose[0, 0] = axis_angle_from_matrix(FINGERS_UP[view]) * (1 if side == "right" else -MIRROR)
    pose[0, 1:] = 0.4 * hand.pose_prior.mean.reshape(15, 3)
    posed = hand(pose, np.zeros((1, 10)), np.array([[0.0, 0.08, 0.5]]))
    picture = np.full((224, 224, 3), 110, np.uint8)
    draw_mesh(picture, posed.vertices[0], hand.faces, Intrinsics(400, 400, 112, 112, 224, 224), (224, 172, 140))
    network = create_session(asset("hand_landmark.onnx"))
    _, presence, right_score, _ = network.run(patches=picture[None])
    assert presence[0] > 0.9
    assert (right_score[0] > 0.5) == (side == "right")


def sign(hand: HandModel) -> int:
    """A left pose is the mirrored right pose: flexion about z changes its sign."""
    return 1 if hand.side == "right" else -1


def test_right_hand_is_right_and_left_is_left(hand):
    assert looks_right_handed(hand)
    assert not looks_right_handed(hand.mirrored())
    assert load_hand_model("open_hand", side="left").side == "left"


def test_rest_axes_are_manos(hand):
    rest = hand.rest(np.zeros(10))
    along_fingers = rest.joints[[2, 5, 8, 11]] - rest.joints[[1, 4, 7, 10]]
    assert (along_fingers[:, 0] < -0.8 * np.linalg.norm(along_fingers, axis=1)).all()
    assert rest.joints[1, 2] > rest.joints[4, 2] > rest.joints[10, 2] > rest.joints[7, 2], "index side is +z"
    tips = hand.keypoints(hand(curled(60), np.zeros((1, 10)), np.zeros((1, 3))))[0, TIPS[1:]]
    assert (tips[:, 1] < rest.tips[1:, 1] - 0.015).all(), "the palm faces -y"


def test_flat_hand_is_straight(hand):
    for chain in FINGERS.values():
        first, second = np.diff(hand.joints[list(chain)], axis=0)
        assert first @ second > 0.999 * np.linalg.norm(first) * np.linalg.norm(second)


def test_neutral_adult_size(hand):
    rest = hand.rest(np.zeros(10))
    assert 0.090 < np.linalg.norm(rest.joints[4] - rest.joints[0]) < 0.096
    assert 0.178 < np.linalg.norm(rest.vertices - rest.joints[0], axis=1).max() < 0.190


def test_first_shape_number_is_size(hand):
    small, large = (np.linalg.norm(hand.rest(value * np.eye(10)[0]).joints[4]) for value in (-1, 1))
    assert 1.2 < large / small < 1.8
    spread = np.linalg.norm(hand.shape_directions, axis=(0, 1))
    assert spread.argmax() == 0
    assert (np.diff(spread) <= 0).all(), "components come in order of importance"


@given(arrays(float, 10, elements=st.floats(-3, 3)))
def test_wrist_stays_at_the_origin(shape):
    np.testing.assert_allclose(load_hand_model().rest(shape).joints[0], 0, atol=1e-7)


def test_faces_look_outward_with_one_border_at_the_forearm(hand):
    corners = hand.vertices[hand.faces]
    volume = np.einsum("fi,fi->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert 2e-4 < volume < 6e-4, "a hand holds about 0.4 litres, positive when its faces look outward"
    edges = hand.faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    directed = set(map(tuple, edges))
    border = np.array([edge for edge in directed if edge[::-1] not in directed])
    assert len(directed) == len(edges), "no edge is walked twice in one direction"
    assert (hand.vertices[border[:, 0], 0] > 0.005).all(), "open only behind the wrist"


def test_skin_weights_are_few_and_sum_to_one(hand):
    np.testing.assert_allclose(hand.weights.sum(axis=1), 1, atol=1e-6)
    assert (hand.weights >= 0).all()
    assert (hand.weights > 0).sum(axis=1).max() <= 4


def test_tips_are_on_the_skin_and_on_the_pads(hand):
    rest = hand.rest(np.full(10, 0.5))
    distance = np.linalg.norm(rest.vertices[:, None] - rest.tips, axis=-1).min(axis=0)
    assert distance.max() < 1e-6
    last = hand.joints[KEYPOINT_BONES[TIPS]]
    assert (hand.tips[1:, 1] < last[1:, 1]).all(), "below the last joint"


def test_asset_is_small_and_single_precision():
    assert asset("open_hand.npz").stat().st_size < 1e6
    with np.load(asset("open_hand.npz"), allow_pickle=False) as file:
        assert {file[name].dtype.kind + str(file[name].dtype.itemsize) for name in file.files} == {"f4", "i4"}


@settings(max_examples=25)
@given(poses, shapes, translations)
def test_mirrored_pose_of_the_mirrored_hand_is_the_mirror_image(pose, shape, translation):
    hand = load_hand_model()
    right, left = hand(pose, shape, translation), hand.mirrored()(pose * -MIRROR, shape, translation * MIRROR)
    np.testing.assert_allclose(left.vertices, right.vertices * MIRROR, atol=1e-12)
    np.testing.assert_allclose(left.joints, right.joints * MIRROR, atol=1e-12)
    for name in hand.keypoint_sets:
        mirrored = hand.mirrored().keypoints(left, name)
        np.testing.assert_allclose(mirrored, hand.keypoints(right, name) * MIRROR, atol=1e-12)


def test_mirroring_twice_changes_nothing(hand):
    twice = hand.mirrored().mirrored()
    np.testing.assert_array_equal(twice.vertices, hand.vertices)
    np.testing.assert_array_equal(twice.faces, hand.faces)
    np.testing.assert_array_equal(twice.joint_limits, hand.joint_limits)
    np.testing.assert_allclose(twice.pose_prior.precision, hand.pose_prior.precision)


@settings(max_examples=25)
@given(poses, shapes, arrays(float, 3, elements=st.floats(-1.5, 1.5)), translations)
def test_turning_the_wrist_turns_the_whole_hand_about_it(pose, shape, turn, translation):
    hand = load_hand_model()
    pose[:, 0] = 0
    turned_pose = pose.copy()
    turned_pose[:, 0] = turn
    still, turned = hand(pose, shape, np.zeros((2, 3))), hand(turned_pose, shape, translation)
    rotation, pivot = matrix_from_axis_angle(turn), still.joints[:, :1]
    for name in ("vertices", "joints"):
        expected = (getattr(still, name) - pivot) @ rotation.T + pivot + translation[:, None]
        np.testing.assert_allclose(getattr(turned, name), expected, atol=1e-9)
    expected = (hand.keypoints(still) - pivot) @ rotation.T + pivot + translation[:, None]
    np.testing.assert_allclose(hand.keypoints(turned), expected, atol=1e-9)


@settings(max_examples=25)
@given(shapes, st.floats(0, 1))
def test_rest_is_linear_in_the_shape(shape, part):
    hand = load_hand_model()
    first, second, mixed = (hand.rest(s) for s in (shape[0], shape[1], part * shape[0] + (1 - part) * shape[1]))
    for name in ("vertices", "joints", "tips"):
        expected = part * getattr(first, name) + (1 - part) * getattr(second, name)
        np.testing.assert_allclose(getattr(mixed, name), expected, atol=1e-12)


@settings(max_examples=25)
@given(poses, shapes, translations)
def test_skeleton_is_the_posed_hand_without_skin(pose, shape, translation):
    hand = load_hand_model()
    posed, skeleton = hand(pose, shape, translation), hand.skeleton(pose, shape, translation)
    np.testing.assert_array_equal(posed.joints, skeleton.joints)
    np.testing.assert_array_equal(posed.rotations, skeleton.rotations)
    rest_bones = np.linalg.norm(np.diff(np.stack([hand.rest(s).joints for s in shape])[:, 1:4], axis=1), axis=-1)
    np.testing.assert_allclose(np.linalg.norm(np.diff(skeleton.joints[:, 1:4], axis=1), axis=-1), rest_bones)


def test_zero_pose_is_the_rest_hand(hand):
    shape = np.linspace(-1, 1, 10)
    posed, rest = hand(np.zeros((1, 16, 3)), shape[None], np.zeros((1, 3))), hand.rest(shape)
    np.testing.assert_allclose(posed.vertices[0], rest.vertices, atol=1e-12)
    np.testing.assert_allclose(hand.keypoints(posed)[0, TIPS], rest.tips, atol=1e-9)


def test_empty_batch_is_fine(hand):
    posed = hand(np.zeros((0, 16, 3)), np.zeros((0, 10)), np.zeros((0, 3)))
    assert posed.vertices.shape == (0, len(hand.vertices), 3)
    assert hand.keypoints(posed, "mediapipe").shape == (0, 21, 3)


def test_a_bent_knuckle_moves_its_own_finger_only(hand):
    pose = np.zeros((1, 16, 3))
    pose[0, BONE_NAMES.index("ring1"), 2] = 1.0
    bent, flat = (hand.skeleton(p, np.zeros((1, 10)), np.zeros((1, 3))) for p in (pose, np.zeros((1, 16, 3))))
    moved = np.linalg.norm(hand.keypoints(bent) - hand.keypoints(flat), axis=-1)[0] > 1e-9
    assert np.flatnonzero(moved).tolist() == [14, 15, 16]


@pytest.mark.parametrize("name", ["own", "mediapipe", "freihand"])
def test_keypoint_sets_are_near_the_bones_and_grow_with_the_hand(hand, name):
    zero = np.zeros((1, 16, 3)), np.zeros((1, 10)), np.zeros((1, 3))
    own, named = (hand.keypoints(hand.skeleton(*zero), n)[0] for n in ("own", name))
    assert np.linalg.norm(named - own, axis=1).max() < 0.02
    large = hand.keypoints(hand.skeleton(zero[0], 2 * np.eye(10)[:1], zero[2]), name)[0]
    growth = np.linalg.norm(large[9:13] - large[0], axis=1) / np.linalg.norm(named[9:13] - named[0], axis=1)
    assert np.ptp(growth) < 0.05, "keypoints keep their place on the hand"


def test_prior_finds_a_relaxed_hand_likelier_than_a_broken_one(hand):
    prior = hand.pose_prior

    mean = prior.mean.reshape(15, 3)

    def surprise(change: np.ndarray) -> float:
        return change.ravel() @ prior.precision @ change.ravel()

    flat, bent_back, twisted = -mean, curled(-90)[0, 1:], np.where(np.arange(3) == 0, 1.0, 0 * mean)
    assert surprise(flat) < 45
    assert surprise(bent_back) > 3 * surprise(flat)
    assert surprise(twisted) > 10 * surprise(flat)
    assert (np.linalg.eigvalsh(prior.precision) > 0).all()


def test_joint_limits_hold_the_mean_pose_and_allow_a_fist(hand):
    low, high = hand.joint_limits.T
    assert (low < hand.pose_prior.mean).all()
    assert (hand.pose_prior.mean < high).all()
    assert (high.reshape(15, 3)[:12, 2] > np.radians(60)).all()
    assert (low.reshape(15, 3)[:12, 2] > np.radians(-60)).all()
