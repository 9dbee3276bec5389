"""The terms of section 3.5 against what they stand for."""

import copy
import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
pytest.importorskip("lightning_fabric", reason="training needs the [train] extra")

from labelled_noise import MadeUpHands  # noqa: E402

from dahyf_core.camera import PATCH_SIZE, Crops, Intrinsics  # noqa: E402
from dahyf_core.datasets import Augmentation  # noqa: E402
from dahyf_core.metrics import agreement  # noqa: E402
from dahyf_core.metrics import tensors as metric_tensors  # noqa: E402
from dahyf_core.network import DaHyF, HandParameters, NetworkConfig, Prediction, View  # noqa: E402
from dahyf_core.network import losses as terms  # noqa: E402
from dahyf_core.training.batches import Batch, PatchSource  # noqa: E402
from dahyf_core.training.objective import Objective, ObjectiveConfig  # noqa: E402


@pytest.fixture(scope="module")
def batch() -> Batch:
    """Three hands and a patch without one."""
    return PatchSource(MadeUpHands(4), Augmentation()).batch(np.arange(4), np.random.default_rng(0))


@pytest.fixture(scope="module")
def objective() -> Objective:
    config = NetworkConfig(channels=8, map_size=14, hidden=(16,))
    return Objective(DaHyF(config, pretrained=False), ObjectiveConfig(located_l1=True, vertices=True))


def truth(batch: Batch) -> Prediction:
    """What a network would say that knows the labels, but for the translation and the logits."""
    labels = batch.labels
    hand = HandParameters(labels.rotations, labels.shape)
    logits = torch.zeros(len(labels.shape), 21, 2, 672)
    sure = torch.where(labels.is_hand, 20.0, -20.0)
    translation = labels.joints_3d[:, 0] + torch.tensor([0.0, 0.0, 1e-3])
    return Prediction(labels.joints_2d, logits, hand, translation, None, sure, sure)


def test_vertices_are_those_of_the_labelled_hand_wherever_it_is(objective: Objective, batch: Batch) -> None:
    labels = batch.labels
    _, found = objective(truth(batch), batch.view, labels, contrast=False)
    assert float(found["vertices"]) < 1e-6
    wider = HandParameters(labels.rotations, labels.shape + 1)
    _, found = objective(dataclasses.replace(truth(batch), hand=wider), batch.view, labels, contrast=False)
    assert float(found["vertices"]) > 1e-4


def test_vertex_loss_is_the_mean_distance_along_the_axes(batch: Batch) -> None:
    skin = torch.rand(4, 30, 3)
    shifted = skin + torch.tensor([0.01, -0.02, 0.0])
    assert float(terms.vertex_loss(shifted, skin, batch.labels)) == pytest.approx(0.01, rel=1e-4)
    unknown = dataclasses.replace(batch.labels, has_parameters=torch.zeros(4, dtype=torch.bool))
    assert float(terms.vertex_loss(shifted, skin, unknown)) == 0


def test_joints_count_by_their_distance_and_parameters_by_its_square(batch: Batch) -> None:
    labels = batch.labels
    for size in (1.0, 2.0):
        moved = labels.joints_2d + size * PATCH_SIZE / 100
        assert float(terms.located_loss(moved, labels)) == pytest.approx(size / 100, rel=1e-4)
        assert float(terms.projected_loss(moved, labels)) == pytest.approx(size / 100, rel=1e-4)
        assert float(terms.shape_loss(labels.shape + size, labels)) == pytest.approx(size**2, rel=1e-4)
        assert float(terms.rotation_loss(labels.rotations + size, labels)) == pytest.approx(size**2, rel=1e-4)


def test_a_projection_far_away_is_drawn_back_without_outweighing_others(batch: Batch) -> None:
    labels = batch.labels
    moved = (labels.joints_2d + 50 * PATCH_SIZE).requires_grad_()
    loss = terms.projected_loss(moved, labels)
    (gradient,) = torch.autograd.grad(loss, moved)
    assert 1 < float(loss.detach()) < 10
    known = labels.visible & (labels.is_hand & labels.right)[:, None]
    assert (gradient[known] > 0).all()


@pytest.mark.parametrize("part", ["visible", "has_3d", "has_parameters", "is_hand"])
def test_what_is_unknown_teaches_nothing(objective: Objective, batch: Batch, part: str) -> None:
    labels = dataclasses.replace(batch.labels, **{part: torch.zeros_like(getattr(batch.labels, part))})
    _, found = objective(truth(batch), batch.view, labels, contrast=False)
    silent = {
        "visible": {"projected", "located", "located_l1"},
        "has_3d": {"joints_3d", "bones"},
        "has_parameters": {"rotations", "shape", "vertices"},
        "is_hand": set(found) - {"presence"},
    }[part]
    assert {name for name in silent if float(found[name]) != 0} == set()


def test_confidence_is_the_cosine_of_the_printed_vectors_and_blind_to_scale() -> None:
    side, corner, center = torch.tensor([150.0]), torch.tensor([[30.0, -90.0]]), torch.tensor([[105.0, -15.0]])
    view = View(center, side, torch.tensor([800.0]))
    located, projected = torch.rand(2, 1, 21, 2) * PATCH_SIZE
    v_2d = (located * side / PATCH_SIZE - side / 2) / side
    v_projected = (projected * side / PATCH_SIZE + corner - center) / side
    cosine = torch.nn.functional.cosine_similarity(v_2d.flatten(1), v_projected.flatten(1))
    torch.testing.assert_close(metric_tensors.cosine_agreement(view.centred(located), view.centred(projected)), cosine)
    smaller = PATCH_SIZE / 2 + 0.5 * (projected - PATCH_SIZE / 2)
    torch.testing.assert_close(metric_tensors.cosine_agreement(view.centred(located), view.centred(smaller)), cosine)


def test_the_networks_agreement_is_the_one_that_is_taken_in_frames() -> None:
    camera = Intrinsics(800.0, 800.0, 320.0, 240.0, 640, 480)
    crops = Crops(np.array([[300.0, 200.0]]), np.array([180.0]), np.zeros(1), np.zeros(1, bool), camera)
    view = View(torch.tensor([[-20.0, -40.0]]), torch.tensor([180.0]), torch.tensor([800.0]))
    located, projected = np.random.default_rng(0).uniform(60, 160, (2, 1, 21, 2))
    found = metric_tensors.agreement(*(view.centred(torch.from_numpy(joints)) for joints in (located, projected)))
    wanted = agreement(*(crops.centred(crops.to_frame(joints)) for joints in (located, projected)))
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-6)


def test_contrast_is_added_when_its_time_has_come(objective: Objective, batch: Batch) -> None:
    before, without = objective(truth(batch), batch.view, batch.labels, contrast=False)
    after, found = objective(truth(batch), batch.view, batch.labels, contrast=True)
    assert "contrast" not in without
    torch.testing.assert_close(after - before, found["contrast"])


def test_weights_of_terms_without_labels_stand_still(objective: Objective, batch: Batch) -> None:
    """As on FreiHAND without MANO: a weight that grows without end makes the first label infinite."""
    objective = copy.deepcopy(objective)
    unlabelled = dataclasses.replace(batch.labels, has_parameters=torch.zeros(4, dtype=torch.bool))
    before = {name: value.item() for name, value in objective.weights.log_variances.items()}
    optimiser = torch.optim.Adam(objective.weights.parameters(), 0.5)
    for _ in range(60):
        optimiser.zero_grad()
        objective(shifted(truth(batch)), batch.view, unlabelled, contrast=False)[0].backward()
        optimiser.step()
    after = {name: value.item() for name, value in objective.weights.log_variances.items()}
    for name in ("rotations", "shape", "vertices"):
        assert after[name] == before[name]
    for name in ("joints_3d", "projected", "located_l1"):
        assert after[name] != before[name]
    assert objective(shifted(truth(batch)), batch.view, batch.labels, contrast=False)[0].isfinite()


def shifted(prediction: Prediction) -> Prediction:
    """A prediction that errs in every term."""
    hand = HandParameters(prediction.hand.rotations.flip(0), prediction.hand.shape + 1)
    return dataclasses.replace(prediction, joints=prediction.joints + 5, hand=hand)


def test_labels_that_are_trusted_less_count_for_less(batch: Batch) -> None:
    shape = batch.labels.shape.clone()
    shape[0], shape[1:3] = shape[0] + 3.0, shape[1:3] + 1.0
    weights = torch.tensor([0.0, 1.0, 1.0, 1.0])
    assert float(terms.shape_loss(shape, batch.labels)) == pytest.approx((9 + 1 + 1) / 3, rel=1e-4)
    trusted = dataclasses.replace(batch.labels, label_weight=weights)
    assert float(terms.shape_loss(shape, trusted)) == pytest.approx(1.0, rel=1e-4)
    halved = dataclasses.replace(batch.labels, label_weight=weights.clamp(min=0.5))
    assert float(terms.shape_loss(shape, halved)) == pytest.approx((4.5 + 2) / 2.5, rel=1e-4)
    assert terms.shape_loss(shape, dataclasses.replace(batch.labels, label_weight=torch.zeros(4))) == 0
