"""Rotations in their three forms agree, at every angle."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from dahyf_core.rotations import (
    angle_between,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    continuous_quaternions,
    cross_matrix,
    matrix_from_axis_angle,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
    quaternion_product,
)

axis_angles = arrays(float, (4, 3), elements=st.floats(-1.7, 1.7))  # shorter than pi: the form is unique
any_angles = arrays(float, (4, 3), elements=st.floats(-9, 9))
half_turns = arrays(float, (4, 3), elements=st.integers(-2, 2)).map(
    lambda axes: np.pi * axes / np.maximum(np.linalg.norm(axes, axis=-1, keepdims=True), 1)
)


@given(axis_angles)
def test_matrices_are_rotations(axis_angle):
    matrix = matrix_from_axis_angle(axis_angle)
    np.testing.assert_allclose(matrix @ np.swapaxes(matrix, -1, -2), np.broadcast_to(np.eye(3), (4, 3, 3)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(matrix), 1)


@given(axis_angles)
def test_forms_convert_back(axis_angle):
    np.testing.assert_allclose(axis_angle_from_matrix(matrix_from_axis_angle(axis_angle)), axis_angle, atol=1e-7)
    np.testing.assert_allclose(
        axis_angle_from_quaternion(quaternion_from_axis_angle(axis_angle)), axis_angle, atol=1e-7
    )


@given(any_angles | half_turns)
def test_every_form_is_scipy_s(axis_angle):
    expected = Rotation.from_rotvec(axis_angle)
    matrix, quaternion = expected.as_matrix(), expected.as_quat(scalar_first=True)
    np.testing.assert_allclose(matrix_from_axis_angle(axis_angle), matrix, atol=1e-14)
    np.testing.assert_allclose(quaternion_from_axis_angle(axis_angle), quaternion, atol=1e-15)
    for found in (axis_angle_from_matrix(matrix), axis_angle_from_quaternion(3 * quaternion)):
        assert (np.linalg.norm(found, axis=-1) <= np.pi + 1e-15).all()
        np.testing.assert_allclose(Rotation.from_rotvec(found).as_matrix(), matrix, atol=1e-14)


@given(any_angles | half_turns)
def test_quaternions_of_matrices_turn_alike(axis_angle):
    matrix = matrix_from_axis_angle(axis_angle)
    found = quaternion_from_matrix(matrix)
    np.testing.assert_allclose(Rotation.from_quat(found, scalar_first=True).as_matrix(), matrix, atol=1e-14)


@given(axis_angles, axis_angles)
def test_products_turn_by_the_right_one_first(second, first):
    product = quaternion_product(quaternion_from_axis_angle(second), quaternion_from_axis_angle(first))
    expected = matrix_from_axis_angle(second) @ matrix_from_axis_angle(first)
    np.testing.assert_allclose(Rotation.from_quat(product, scalar_first=True).as_matrix(), expected, atol=1e-14)


def test_small_turns_keep_all_their_digits():
    tiny = np.array([[1e-9, -2e-9, 3e-9], [1e-150, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(axis_angle_from_quaternion(quaternion_from_axis_angle(tiny)), tiny, rtol=1e-14)
    np.testing.assert_allclose(axis_angle_from_matrix(matrix_from_axis_angle(tiny)), tiny, rtol=1e-14)


def test_cross_matrices_multiply_as_cross_products():
    first, second = np.random.default_rng(0).normal(size=(2, 5, 2, 3))
    product = (cross_matrix(first) @ second[..., None])[..., 0]
    np.testing.assert_allclose(product, np.cross(first, second), atol=1e-15)


@given(axis_angles)
def test_angle_between_is_the_angle_of_one_turn_after_another(axis_angle):
    start = matrix_from_axis_angle([0.3, -0.2, 0.9])
    turned = start @ matrix_from_axis_angle(axis_angle)
    np.testing.assert_allclose(angle_between(start, turned), np.linalg.norm(axis_angle, axis=-1), atol=1e-6)


def test_positive_angles_turn_counter_clockwise():
    np.testing.assert_allclose(matrix_from_axis_angle([0, 0, np.pi / 2]) @ [1, 0, 0], [0, 1, 0], atol=1e-12)


def test_quaternions_have_the_real_part_first():
    np.testing.assert_allclose(quaternion_from_axis_angle([0, 0, 0]), [1, 0, 0, 0])
    np.testing.assert_allclose(quaternion_from_axis_angle([np.pi, 0, 0]), [0, 1, 0, 0], atol=1e-12)


def test_leading_shape_is_kept_even_when_empty():
    assert matrix_from_axis_angle(np.zeros((2, 0, 5, 3))).shape == (2, 0, 5, 3, 3)
    assert axis_angle_from_matrix(np.zeros((0, 3, 3))).shape == (0, 3)


@given(st.lists(st.booleans(), min_size=60, max_size=60))
def test_continuous_quaternions_undo_flips_of_sign(flips):
    turn = np.linspace(0, 4 * np.pi, 60)[:, None] * [0.2, -0.5, 0.8]
    quaternions = quaternion_from_axis_angle(turn)
    flipped = np.where(np.array(flips)[:, None], -quaternions, quaternions)
    continuous = continuous_quaternions(flipped)
    assert ((continuous[1:] * continuous[:-1]).sum(axis=1) > 0).all()
    np.testing.assert_allclose(np.abs((continuous * quaternions).sum(axis=1)), 1)


def test_continuous_quaternions_along_another_axis():
    quaternions = np.stack([np.eye(4), -np.eye(4), np.eye(4)])  # 3 moments of 4 bones
    expected = continuous_quaternions(quaternions, axis=0)
    np.testing.assert_allclose(continuous_quaternions(quaternions.swapaxes(0, 1), axis=1).swapaxes(0, 1), expected)
    np.testing.assert_allclose(expected[1], expected[0])
