"""Pictures of noise with the labels of random hands, and what a network that learned them by heart says of them."""

import numpy as np
import torch

from dahyf_core.camera import Intrinsics
from dahyf_core.datasets import Sample
from dahyf_core.hand_model import load_hand_model
from dahyf_core.training.batches import Batch
from dahyf_core.training.config import OptimiserConfig, ScheduleConfig
from dahyf_core.training.loop import LossModule, TrainingModel
from dahyf_core.training.optimiser import create_optimiser, set_rates
from dahyf_core.training.validation import measure

MODELS = {"right": load_hand_model(), "left": load_hand_model(side="left")}
CAMERA = Intrinsics(300.0, 300.0, 64.0, 64.0, 128, 128)


class MadeUpHands:
    """Noise, labelled with random hands of both sides; the last one shows none."""

    def __init__(self, count: int) -> None:
        self.sources = [str(index) for index in range(count)]

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> Sample:
        random = np.random.default_rng(index)
        image = random.integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(16, axis=0).repeat(16, axis=1)
        if index == len(self) - 1:
            return Sample(image, CAMERA, str(index))
        side = "left" if index % 2 else "right"
        pose = np.concatenate([random.normal(0, 1, (1, 3)), random.normal(0, 0.1, (15, 3))])
        shape = random.normal(0, 0.3, 10)
        model = MODELS[side]
        skeleton = model.skeleton(pose[None], shape[None], np.array([[0.0, 0.0, 0.7]]))
        points = model.keypoints(skeleton, "mediapipe")[0]
        known = np.ones(21, dtype=bool)
        return Sample(image, CAMERA, str(index), side, CAMERA.project(points), known, points, "mediapipe", pose, shape)


def learn_by_heart(
    model: TrainingModel, batch: Batch, config: OptimiserConfig, steps: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Train on one batch alone, with the paper's schedule; what `measure` says of it before and afterwards.

    The half of the steps with the lower rate also brings the running means of batch normalisation to the end's.
    """
    module, optimiser = LossModule(model), create_optimiser(model.network, model.objective, config)
    schedule = ScheduleConfig(kind="step")
    module.eval()
    before = measure(model.network, model.objective, [batch])
    module.train()
    for step in range(steps):
        set_rates(optimiser, schedule, step, steps)
        optimiser.zero_grad()
        loss, _ = module(lambda: batch, contrast=False)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), config.clip)
        optimiser.step()
    module.eval()
    return before, measure(model.network, model.objective, [batch])
