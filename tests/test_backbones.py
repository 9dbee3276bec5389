"""The backbones of the paper and of its ablation: they run as the paper has them, and learn."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the [train] extra")
timm = pytest.importorskip("timm", reason="the paper's backbones need the [paper] extra: scripts/setup paper")

from labelled_noise import MadeUpHands, learn_by_heart  # noqa: E402

from dahyf_core.camera import PATCH_SIZE  # noqa: E402
from dahyf_core.datasets import Augmentation  # noqa: E402
from dahyf_core.errors import SettingsError  # noqa: E402
from dahyf_core.network import DaHyF, NetworkConfig, View  # noqa: E402
from dahyf_core.training.batches import PatchSource  # noqa: E402
from dahyf_core.training.config import OptimiserConfig  # noqa: E402
from dahyf_core.training.loop import TrainingModel  # noqa: E402
from dahyf_core.training.objective import Objective, ObjectiveConfig  # noqa: E402

PAPER = NetworkConfig("hrnet_w64", "global", "simcc", "patch", channels=256, map_size=56, hidden=(1024, 1024))
SMALL_SIDE = 32
"""Pixels of the pictures that are learned by heart; at 224 each step would take 50 times as long."""

backbones = pytest.mark.parametrize("backbone", ["resnet50", "hrnet_w64"])


@backbones
def test_runs_forward_and_backward_as_the_paper_has_it(backbone: str) -> None:
    network = DaHyF(dataclasses.replace(PAPER, backbone=backbone), pretrained=False)
    view = View(torch.tensor([[100.0, -50.0]]), torch.tensor([200.0]), torch.tensor([700.0]))
    prediction = network(torch.rand(1, 3, PATCH_SIZE, PATCH_SIZE), view)
    assert prediction.joints is not None
    assert prediction.joints.shape == (1, 21, 2)
    assert prediction.logits.shape == (1, 21, 2, 672)
    assert prediction.hand.rotations.shape == (1, 16, 3, 3)
    heads = prediction.presence.sum() + prediction.right_score.sum()
    (prediction.translation.sum() + prediction.joints.sum() + heads).backward()
    unmoved = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert not unmoved
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_weights_that_cannot_be_fetched_are_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no route to the hub")

    monkeypatch.setattr(timm, "create_model", fail)
    with pytest.raises(SettingsError, match="ImageNet weights of resnet50 cannot be fetched: no route to the hub"):
        DaHyF(dataclasses.replace(PAPER, backbone="resnet50"))


@pytest.mark.timeout(1200)  # 128 million parameters learn on whatever cores there are
@backbones
def test_learns_ten_pictures_by_heart(backbone: str) -> None:
    torch.manual_seed(0)
    small = dataclasses.replace(PAPER, backbone=backbone, channels=64, map_size=8, hidden=(256,), dropout=0.0)
    network = DaHyF(small, pretrained=False)
    model = TrainingModel(network, Objective(network, ObjectiveConfig(located_l1=True)))
    batch = PatchSource(MadeUpHands(11), Augmentation()).batch(np.arange(10), np.random.default_rng(0))
    pictures = torch.nn.functional.interpolate(batch.inputs[0].float(), size=(SMALL_SIDE, SMALL_SIDE), mode="area")
    batch = dataclasses.replace(batch, inputs=(pictures,))
    before, after = learn_by_heart(model, batch, OptimiserConfig(rate=2e-3), steps=60)
    for name in ("mpjpe_mm", "wrist_degrees", "located_px", "projected_px"):
        assert after[name] < before[name] / 1.5, name
