"""Rotations in all their forms, alignment, translations and kinematics: against scipy, and against what they undo."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation, Slerp

from dahyf_core.geometry import (
    angle_between,
    axis_angle_from_matrix,
    axis_angle_from_quaternion,
    bone_levels,
    continuous_quaternions,
    cross_matrix,
    forward_kinematics,
    matrix_from_axis_angle,
    matrix_from_rot6d,
    minimise_reprojection,
    nearest_rotation,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
    quaternion_product,
    rot6d_from_matrix,
    shortest_rotation,
    similarity_aligned,
    slerp,
    solve_translation,
    viewing_rotation,
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


RANDOM = np.random.default_rng(7)
VECTORS = RANDOM.normal(size=(50, 2, 3))


def test_slerp_is_scipy_s():
    start, end = Rotation.random(2, random_state=1).as_rotvec()
    weights = np.linspace(0, 1, 9)
    wanted = Slerp((0, 1), Rotation.from_rotvec([start, end]))(weights)
    found = slerp(np.tile(start, (9, 1)), np.tile(end, (9, 1)), weights)
    np.testing.assert_allclose(matrix_from_axis_angle(found), wanted.as_matrix(), atol=1e-12)


def test_two_columns_are_a_rotation_and_any_six_numbers_one_nearby():
    rotations = Rotation.random(30, random_state=2).as_matrix()
    np.testing.assert_allclose(matrix_from_rot6d(rot6d_from_matrix(rotations)), rotations, atol=1e-14)
    made = matrix_from_rot6d(RANDOM.normal(size=(5, 4, 6)))
    np.testing.assert_allclose(made @ np.swapaxes(made, -1, -2), np.broadcast_to(np.eye(3), made.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(made), 1)


def test_the_shortest_rotation_turns_about_what_is_square_to_both():
    first, second = VECTORS[:, 0], VECTORS[:, 1]
    turn = shortest_rotation(first, second)
    turned = Rotation.from_rotvec(turn).apply(first)
    unit = [vectors / np.linalg.norm(vectors, axis=-1, keepdims=True) for vectors in (turned, second)]
    np.testing.assert_allclose(*unit, atol=1e-12)
    np.testing.assert_allclose((turn * first).sum(axis=-1), 0, atol=1e-12)
    np.testing.assert_array_equal(shortest_rotation(first, 2 * first), 0)


def test_the_viewing_rotation_is_the_shortest_one_to_its_ray():
    rays = 0.8 * VECTORS[..., :2]
    shortest = shortest_rotation((0.0, 0.0, 1.0), np.concatenate([rays, np.ones((50, 2, 1))], axis=-1))
    np.testing.assert_allclose(viewing_rotation(rays), Rotation.from_rotvec(shortest).as_matrix(), atol=1e-12)
    np.testing.assert_array_equal(viewing_rotation((0.0, 0.0)), np.eye(3))


def test_the_nearest_rotation_is_scipy_s_alignment():
    points, turn = RANDOM.normal(size=(21, 3)), Rotation.random(random_state=3)
    seen = turn.apply(points) + 0.05 * RANDOM.normal(size=(21, 3))
    wanted, _ = Rotation.align_vectors(seen, points)
    np.testing.assert_allclose(nearest_rotation(seen.T @ points), wanted.as_matrix(), atol=1e-12)
    assert np.linalg.det(nearest_rotation(np.diag((1.0, 1.0, -0.1)))) == pytest.approx(1)


def test_alignment_undoes_a_similarity_and_mirrors_only_where_asked():
    points = RANDOM.normal(size=(4, 21, 3))
    moved = 2 * points @ Rotation.random(random_state=4).as_matrix().T + (1, 2, 3)
    np.testing.assert_allclose(similarity_aligned(moved, points), points, atol=1e-12)
    mirrored = points * (-1, 1, 1)
    assert np.linalg.norm(similarity_aligned(mirrored, points) - points, axis=-1).mean() > 0.3
    np.testing.assert_allclose(similarity_aligned(mirrored, points, reflection=True), points, atol=1e-12)


TRANSLATIONS = RANDOM.uniform((-0.2, -0.2, 0.4), (0.2, 0.2, 1.0), size=(20, 3))
HANDS = 0.08 * RANDOM.normal(size=(20, 21, 3))


def rays_of(translation=TRANSLATIONS):
    placed = HANDS + translation[:, None]
    return placed[..., :2] / placed[..., 2:]


def test_the_translation_is_the_true_one_of_exact_rays_whatever_has_no_weight():
    rays, weights = rays_of(), RANDOM.uniform(0.5, 2, (20, 21))
    rays[:, 5] = np.nan
    weights[:, 9], rays[:, 9] = 0.0, 0.3
    np.testing.assert_allclose(solve_translation(HANDS, rays, weights), TRANSLATIONS, atol=1e-9)


def test_the_translation_is_the_weighted_least_squares_solution():
    rays, weights = rays_of() + 0.01 * RANDOM.normal(size=(20, 21, 2)), RANDOM.uniform(0, 2, (20, 21))
    found = solve_translation(HANDS, rays, weights)
    for row in range(20):
        equations = np.zeros((21, 2, 3))
        equations[:, 0, 0] = equations[:, 1, 1] = 1
        equations[:, :, 2] = -rays[row]
        values = rays[row] * HANDS[row, :, 2:] - HANDS[row, :, :2]
        scale = weights[row, :, None]
        wanted, *_ = np.linalg.lstsq((scale[..., None] * equations).reshape(42, 3), (scale * values).ravel())
        np.testing.assert_allclose(found[row], wanted, atol=1e-10)


def test_one_ray_says_no_translation_and_depth_has_a_limit():
    rays = np.full((1, 21, 2), np.nan)
    rays[0, 0] = 0.1
    assert np.isnan(solve_translation(np.zeros((1, 21, 3)), rays)).all()
    behind = rays_of(TRANSLATIONS * (1, 1, -1))
    assert (solve_translation(HANDS, behind, nearest=0.05)[:, 2] >= 0.05).all()


def test_a_pose_that_does_not_quite_fit_is_not_placed_too_near():
    hands, truth = np.tile(HANDS, (50, 1, 1)), np.tile(TRANSLATIONS, (50, 1))
    exact = np.tile(rays_of(), (50, 1, 1))
    np.testing.assert_allclose(minimise_reprojection(hands, exact), truth, atol=1e-9)
    wrong = exact + 0.04 * RANDOM.normal(size=exact.shape)
    linear, found = (solve(hands, wrong)[:, 2] / truth[:, 2] for solve in (solve_translation, minimise_reprojection))
    assert linear.mean() < 0.97
    assert found.mean() == pytest.approx(1, abs=0.02)


PARENTS = np.array([-1, 0, 1, 2, 0, 4, 0])


def test_bones_turn_about_their_heads_and_carry_their_children():
    assert [bones.tolist() for bones, _ in bone_levels(PARENTS)] == [[1, 4, 6], [2, 5], [3]]
    rest, local = RANDOM.normal(size=(5, 7, 3)), Rotation.random(35, random_state=5).as_matrix().reshape(5, 7, 3, 3)
    joints, rotations = forward_kinematics(local, rest, bone_levels(PARENTS), np.full((5, 1, 3), 0.5))
    wanted_rotations, wanted = [local[:, 0]], [rest[:, 0] + 0.5]
    for bone, parent in enumerate(PARENTS[1:], start=1):
        wanted_rotations.append(wanted_rotations[parent] @ local[:, bone])
        offset = np.einsum("bij,bj->bi", wanted_rotations[parent], rest[:, bone] - rest[:, parent])
        wanted.append(wanted[parent] + offset)
    np.testing.assert_allclose(joints, np.stack(wanted, axis=1), atol=1e-12)
    np.testing.assert_allclose(rotations, np.stack(wanted_rotations, axis=1), atol=1e-12)
