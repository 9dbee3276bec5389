"""Metrics against plain implementations of their definitions, cases worked by hand, and what must not change them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.transform import Rotation

from dahyf_core.metrics import (
    PALM_MM,
    PCK_THRESHOLDS,
    PrecisionRecall,
    acceleration,
    agreement,
    area_under_pck,
    auroc,
    bootstrap,
    bootstrap_of_means,
    distances,
    epe,
    f_scores,
    freihand_aligned,
    mean_over_joints,
    mpjpe,
    pa_mpjpe,
    pck_curve,
    root_aligned,
    scale_translation_aligned,
    similarity_aligned,
    to_palm_size,
)

RANDOM = np.random.default_rng(0)
HANDS = RANDOM.normal(0, 0.05, (4, 21, 3))
TRUTH = HANDS + RANDOM.normal(0, 0.01, (4, 21, 3))
MIRROR = np.array([-1.0, 1.0, 1.0])
SINGLE = np.arange(63).reshape(21, 3) ** 1.5 % 0.11
"""A hand without any symmetry."""
TURNS = Rotation.random(4, random_state=1).as_matrix()

rotations = st.integers(0, 2**32 - 1).map(lambda seed: Rotation.random(random_state=seed).as_matrix())
scales = st.floats(0.1, 10)
shifts = arrays(float, 3, elements=st.floats(-1, 1))
hands = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed).normal(0, 0.05, (2, 21, 3)))


def benchmark_alignment(truth: np.ndarray, points: np.ndarray) -> np.ndarray:
    """FreiHAND's steps, one hand at a time: centre, divide by the norms, orthogonal Procrustes, undo of the truth's."""
    truth_centre = truth.mean(axis=0)
    wanted, centred = truth - truth_centre, points - points.mean(axis=0)
    size, wanted = np.linalg.norm(wanted), wanted / np.linalg.norm(wanted)
    centred = centred / np.linalg.norm(centred)
    turn, scale = orthogonal_procrustes(wanted, centred)
    return centred @ turn.T * scale * size + truth_centre


def test_alignment_with_reflection_is_that_of_freihand() -> None:
    mirrored = TRUTH * MIRROR + HANDS * 0.1
    for points in (HANDS, mirrored):
        expected = [benchmark_alignment(truth, hand) for truth, hand in zip(TRUTH, points, strict=True)]
        np.testing.assert_allclose(freihand_aligned(points, TRUTH), expected, atol=1e-9)


def test_alignment_of_papers_is_the_best_rotation_that_scipy_finds() -> None:
    points = TRUTH * MIRROR + HANDS * 0.1
    for hand, truth in zip(points, TRUTH, strict=True):
        wanted, centred = truth - truth.mean(axis=0), hand - hand.mean(axis=0)
        turned = Rotation.align_vectors(wanted, centred)[0].apply(centred)
        scale = (turned * wanted).sum() / (turned**2).sum()
        np.testing.assert_allclose(similarity_aligned(hand, truth), scale * turned + truth.mean(axis=0), atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(hands, rotations, scales, shifts)
def test_similarity_changes_no_aligned_error(
    pair: np.ndarray, turn: np.ndarray, scale: float, shift: np.ndarray
) -> None:
    points, truth = pair
    moved = scale * points @ turn.T + shift
    for align in (similarity_aligned, freihand_aligned):
        np.testing.assert_allclose(align(moved, truth), align(points, truth), atol=1e-8)


@settings(max_examples=30, deadline=None)
@given(hands)
def test_only_freihands_alignment_forgives_a_mirror_image(pair: np.ndarray) -> None:
    points, _ = pair
    assert distances(freihand_aligned(points * MIRROR, points), points).max() < 1e-9
    assert distances(similarity_aligned(points * MIRROR, points), points).mean() > 1e-3


@settings(max_examples=30, deadline=None)
@given(hands, scales, shifts)
def test_ho3d_alignment_forgives_scale_and_translation_alone(pair: np.ndarray, scale: float, shift: np.ndarray) -> None:
    points, truth = pair
    expected = scale_translation_aligned(points, truth)
    np.testing.assert_allclose(scale_translation_aligned(scale * points + shift, truth), expected, atol=1e-8)
    turned = points @ Rotation.from_euler("x", 0.5).as_matrix()
    assert distances(scale_translation_aligned(turned, points), points).max() > 1e-4


def test_ho3d_alignment_is_that_of_its_evaluation() -> None:
    aligned = scale_translation_aligned(HANDS, TRUTH)
    for found, points, truth in zip(aligned, HANDS, TRUTH, strict=True):
        scale = np.sqrt(((truth[9] - truth[0]) ** 2).sum()) / np.sqrt(((points[9] - points[0]) ** 2).sum())
        np.testing.assert_allclose(found, points * scale - points[0] * scale + truth[0], atol=1e-12)


def test_root_alignment_brings_wrists_together() -> None:
    np.testing.assert_allclose(root_aligned(SINGLE + np.array([1.0, 2.0, 3.0]), SINGLE), SINGLE)
    aligned = root_aligned(HANDS, TRUTH)
    np.testing.assert_allclose(aligned[:, 0], TRUTH[:, 0])
    np.testing.assert_allclose(np.diff(aligned, axis=1), np.diff(HANDS, axis=1))


def test_mean_is_over_joints_of_the_means_over_hands() -> None:
    errors = np.array([[1.0, 10.0], [3.0, np.nan]])
    assert mean_over_joints(errors) == pytest.approx((2 + 10) / 2)
    assert np.isnan(mean_over_joints(np.full((2, 3), np.nan)))


def test_a_joint_on_the_threshold_is_correct() -> None:
    errors = np.array([[0.0, 0.01], [0.02, np.nan]])
    np.testing.assert_allclose(pck_curve(errors, np.array([0.0, 0.01, 0.02])), [0.25, 0.75, 1.0])


def test_area_under_the_curve_is_the_mean_of_what_errors_add() -> None:
    errors = RANDOM.gamma(2.0, 0.01, (50, 21))
    errors[0, :3] = 0.0, PCK_THRESHOLDS[7], 1.0
    curve = [np.mean([(errors[:, joint] <= limit).mean() for joint in range(21)]) for limit in PCK_THRESHOLDS]
    np.testing.assert_allclose(pck_curve(errors), curve)
    expected = np.trapezoid(curve, PCK_THRESHOLDS) / PCK_THRESHOLDS[-1]
    assert mean_over_joints(area_under_pck(errors)) == pytest.approx(expected)
    np.testing.assert_array_equal(area_under_pck(np.array([0.0, 0.06, np.nan])), [1.0, 0.0, np.nan])


def test_f_score_counts_nearest_points_strictly_closer() -> None:
    truth = np.array([[[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.2, 0.0, 0.0], [0.3, 0.0, 0.0]]])
    points = np.array([[[0.004, 0.0, 0.0], [0.11, 0.0, 0.0]]])
    # Found: one of two within 5 mm, two of two within 15. True: one of four, two of four.
    expected = [2 * 0.5 * 0.25 / 0.75, 2 * 1.0 * 0.5 / 1.5]
    np.testing.assert_allclose(f_scores(points, truth), [expected])
    np.testing.assert_array_equal(f_scores(points + 1.0, truth), [[0.0, 0.0]])
    on_the_limit = np.zeros((1, 1, 3)), np.array([[[0.005, 0.0, 0.0]]])
    np.testing.assert_array_equal(f_scores(*on_the_limit), [[0.0, 1.0]])


def test_f_score_is_that_of_all_pairs() -> None:
    found, truth = RANDOM.normal(0, 0.01, (2, 3, 60, 3))
    apart = np.linalg.norm(found[:, :, None] - truth[:, None], axis=-1)
    precision, recall = (apart.min(axis=2) < 0.005).mean(axis=1), (apart.min(axis=1) < 0.005).mean(axis=1)
    np.testing.assert_allclose(f_scores(found, truth)[:, 0], 2 * precision * recall / (precision + recall))


def test_falling_accelerates_by_as_much_at_uneven_times_and_steady_motion_does_not() -> None:
    times = np.array([0.0, 0.03, 0.07, 0.08, 0.15, 0.2])
    steady = np.array([0.3, -0.1, 0.2]) * times[:, None, None] + SINGLE
    np.testing.assert_allclose(acceleration(steady, times), 0.0, atol=1e-9)
    falling = steady + np.array([0.0, 9.81, 0.0]) / 2 * times[:, None, None] ** 2
    np.testing.assert_allclose(acceleration(falling, times), 9.81)


def test_frames_without_times_count_as_one_each_and_a_missing_one_is_left_out() -> None:
    clip = np.arange(8.0)[:, None, None] ** 2 * np.ones((8, 21, 3))
    np.testing.assert_allclose(acceleration(clip), 2 * np.sqrt(3))
    clip[5] = np.nan
    assert np.isfinite(acceleration(clip)).all(axis=1).tolist() == [True, True, True, False, False, False]


def test_interval_holds_the_mean_and_shrinks_with_the_number_of_sources() -> None:
    def width(count: int, copies: int) -> float:
        errors = np.repeat(np.random.default_rng(1).gamma(2.0, 5.0, (count, 1)), copies, axis=0)
        low, high = bootstrap_of_means(errors, np.repeat(np.arange(count).astype(str), copies))
        assert low < mean_over_joints(errors) < high
        return high - low

    assert width(400, 1) < 0.7 * width(100, 1)
    assert width(100, 10) == pytest.approx(width(100, 1), rel=0.1)


def test_interval_has_the_width_of_the_central_limit() -> None:
    errors = np.random.default_rng(2).normal(10.0, 3.0, (900, 1))
    low, high = bootstrap_of_means(errors, np.arange(900).astype(str))
    assert (high - low) / 2 == pytest.approx(1.96 * errors.std() / 30, rel=0.1)


def test_interval_of_nothing_is_unknown() -> None:
    assert np.isnan(bootstrap_of_means(np.full((3, 21), np.nan), np.array(["a", "b", "c"]))).all()


def test_epe_is_the_mean_distance_of_known_joints():
    truth = np.zeros((2, 21, 2))
    located = truth.copy()
    located[0, 3] = 3, 4
    located[1, :2] = 10, 0
    known = np.ones((2, 21), bool)
    known[1, 2:] = False
    np.testing.assert_allclose(epe(located, truth), [5 / 21, 20 / 21])
    np.testing.assert_allclose(epe(located, truth, known), [5 / 21, 10])
    assert np.isnan(epe(located, truth, np.zeros_like(known))).all()


def test_mpjpe_sees_neither_place_nor_size_but_rotation():
    truth = HANDS
    np.testing.assert_allclose(mpjpe(3 * truth + 7, truth), 0, atol=1e-12)
    assert (mpjpe(truth @ TURNS[0], truth) > 0.02).all()


def test_procrustes_takes_out_a_similarity_and_no_mirror():
    truth = HANDS
    moved = 0.3 * truth @ TURNS + np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(pa_mpjpe(moved, truth), 0, atol=1e-12)
    assert (pa_mpjpe(truth * (-1, 1, 1), truth) > 0.01).all()


def test_palm_size_is_the_same_for_all():
    scaled = to_palm_size(HANDS)
    np.testing.assert_allclose(scaled[:, 0], 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(scaled[:, 9], axis=-1), PALM_MM)


def test_auroc_counts_pairs():
    assert auroc(np.array([0.9, 0.8]), np.array([0.1, 0.2])) == 1
    assert auroc(np.array([0.5]), np.array([0.5])) == 0.5
    assert auroc(np.array([0.3, 0.9]), np.array([0.5, 0.1])) == 0.75


def test_precision_and_recall_at_each_threshold():
    curve = PrecisionRecall.of(np.array([0.4, 0.8, 0.9, 1.0]), np.array([0.1, 0.2, 0.5, 0.3]))
    np.testing.assert_allclose(curve.threshold, [0.1, 0.2, 0.3, 0.4, 0.5, 0.8, 0.9, 1.0])
    np.testing.assert_allclose(curve.recall, [1, 1, 1, 1, 0.75, 0.75, 0.5, 0.25])
    np.testing.assert_allclose(curve.precision, [0.5, 4 / 7, 2 / 3, 0.8, 0.75, 1, 1, 1])
    assert curve.precise_threshold(0.78) == 0.8, "not 0.4: precision falls again after it"
    assert curve.precise_threshold(0.5) == 0.1
    assert np.isnan(PrecisionRecall.of(np.array([0.1]), np.array([0.9])).precise_threshold(0.9))


def test_bootstrap_interval_is_that_of_the_mean_and_draws_groups_whole():
    values = np.random.default_rng(2).normal(5, 1, 400)
    low, high = bootstrap(values, np.arange(400), lambda sample: float(sample.mean()))
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert low < values.mean() < high
    repeated = np.repeat(values, 4)
    grouped = bootstrap(repeated, np.repeat(np.arange(400), 4), lambda sample: float(sample.mean()))
    np.testing.assert_allclose(grouped, (low, high), atol=0.05)


JOINTS = np.random.default_rng(0).normal(0, 0.2, (1, 21, 2))


def test_agreement_sees_a_wrong_size_a_wrong_pose_and_a_wrong_place() -> None:
    assert agreement(JOINTS, JOINTS) == pytest.approx(1)
    assert agreement(JOINTS, 0.5 * JOINTS) == agreement(0.5 * JOINTS, JOINTS) == pytest.approx(0.5)
    assert agreement(JOINTS, JOINTS[:, ::-1]) < 0.6
    assert agreement(JOINTS, JOINTS + 0.5) < 0.5
    assert agreement(JOINTS, -JOINTS) == 0
    assert agreement(JOINTS, np.zeros_like(JOINTS)) == 0


def test_agreement_s_torch_twin_says_the_same_and_has_gradients() -> None:
    torch = pytest.importorskip("torch", reason="the torch twins need the [train] extra")
    from dahyf_core.metrics import tensors

    located = RANDOM.normal(0, 0.2, (40, 21, 2))
    projected = RANDOM.normal(0, 0.2, (40, 21, 2)) + RANDOM.uniform(-1, 2, (40, 1, 1)) * located
    pair = [torch.from_numpy(joints).requires_grad_() for joints in (located, projected)]
    found = tensors.agreement(*pair)
    np.testing.assert_allclose(found.detach(), agreement(located, projected), atol=1e-12)
    assert torch.autograd.gradcheck(tensors.agreement, [joints[:3].detach().requires_grad_() for joints in pair])
