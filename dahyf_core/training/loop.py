"""The training loop: one process on a CPU, one GPU, or many by DDP, as Lightning Fabric has it.

Every step depends only on the seed and its number, so a killed run resumes as if it had not been interrupted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.loggers.tensorboard import TensorBoardLogger
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import load_hand_model
from dahyf_core.network import DaHyF
from dahyf_core.network.fast_trunk import distillation_loss
from dahyf_core.network.regressor import KinematicRegressor
from dahyf_core.network.trunk import Trunk
from dahyf_core.training.batches import Batch, StepBatches, WeightedSource, batches, map_tensors
from dahyf_core.training.config import TrainingConfig
from dahyf_core.training.data import DataOpener, Progress
from dahyf_core.training.kinematics import teach_kinematics
from dahyf_core.training.objective import Objective, to_scalars
from dahyf_core.training.optimiser import create_optimiser, set_rates
from dahyf_core.training.run_folder import RunFolder, load_weights, save_weights
from dahyf_core.training.validation import measure, predict, to_images

MEASURED_PATCHES = 32
"""Patches of a data set that are measured at once."""


@dataclass(frozen=True)
class TrainingModel:
    """The network and its objective."""

    network: DaHyF
    objective: Objective

    @classmethod
    def create(cls, config: TrainingConfig) -> "TrainingModel":
        """Before the first step."""
        torch.manual_seed(config.seed)
        hand_model = load_hand_model(config.hand_model) if config.hand_model else None
        network = DaHyF(config.network, pretrained=config.start is None, hand_model=hand_model)
        return cls(network, Objective(network, config.objective))


class LossModule(nn.Module):
    """Network and objective as one module, which is what DDP wraps: a batch to the loss and its terms."""

    def __init__(self, model: TrainingModel) -> None:
        super().__init__()
        self.network, self.objective = model.network, model.objective
        self.teacher = _Teacher() if model.objective.config.distillation else None

    def forward(self, give: Callable[[], Batch], contrast: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """give: the batch, as a function: tensors that Fabric is handed it rounds, labels and cameras included."""
        batch = give()
        if self.teacher is None:
            prediction, further = predict(self.network, batch), {}
        else:
            images = to_images(batch)
            pyramid = self.network.backbone(images)
            prediction = self.network.read(pyramid, batch.view)
            further = {"distillation": distillation_loss(pyramid, self.teacher(images))}
        with torch.autocast(batch.view.side.device.type, enabled=False):
            return self.objective(prediction, batch.view, batch.labels, contrast, further)


class _Teacher:
    """The landmark network's trunk. It is no module, so that it stays out of checkpoints and of what is trained."""

    def __init__(self) -> None:
        self._trunk = Trunk().eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.no_grad()
    def __call__(self, images: Tensor) -> list[Tensor]:
        """Images (B, 3, 224, 224) to the pyramid."""
        pyramid: list[Tensor] = self._trunk.to(images.device)(images)
        return pyramid


def train(config: TrainingConfig, run: RunFolder, progress: Progress, stop: Callable[[], bool] = lambda: False) -> None:
    """Train until the last step, from the run's checkpoint if there is one; each process of many calls this.

    progress: called with what is done, how much, and of how much. stop: asked after each step; what is done is kept.
    The run's weights are the moving average.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    fabric = Fabric(
        accelerator=config.accelerator,
        devices=config.devices,
        strategy=config.strategy,
        precision=chosen_precision(config),
        loggers=TensorBoardLogger(run.path.parent, name=run.path.name, version=""),
    )
    fabric.launch()
    if fabric.is_global_zero:
        prepare(config, run, progress)
    fabric.barrier()
    Run(config, run, fabric, progress).go_on(stop)


def chosen_precision(config: TrainingConfig) -> Literal["32-true", "bf16-mixed", "16-mixed"]:
    """What "auto" stands for on this machine, or what the configuration says."""
    if config.precision != "auto":
        return config.precision
    on_gpu = config.accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available()
    return "bf16-mixed" if on_gpu else "32-true"


def measured_batches(weighted: WeightedSource) -> Iterator[Batch]:
    """All patches of a data set, always the same."""
    for first in range(0, len(weighted.source), MEASURED_PATCHES):
        rows = np.arange(first, min(first + MEASURED_PATCHES, len(weighted.source)))
        yield weighted.source.batch(rows, np.random.default_rng(first))


def prepare(config: TrainingConfig, run: RunFolder, progress: Progress) -> None:
    """Work that one process does for all: features, and inverse kinematics."""
    DataOpener.of(config, run, progress).weighted((*config.data, *config.validation))
    if config.start is not None or run.initial_kinematics.exists():
        return
    network = TrainingModel.create(config).network
    if isinstance(network.regressor, KinematicRegressor):
        kinematics, model = network.regressor.kinematics, network.hand_layer.model
        teach_kinematics(
            kinematics, model, config.kinematics, config.seed, lambda done, total: progress("kinematics", done, total)
        )
        save_weights(kinematics.state_dict(), run.initial_kinematics)


class Run:
    """One process of a run, between two steps."""

    def __init__(self, config: TrainingConfig, run: RunFolder, fabric: Fabric, progress: Progress) -> None:
        self.config, self.run, self.fabric, self.progress = config, run, fabric, progress
        model = TrainingModel.create(config)
        model.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._begin(model.network)
        self.average = AveragedModel(model.network, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True).to(
            fabric.device
        )
        self.average.eval()
        optimiser = create_optimiser(model.network, model.objective, config.optimiser)
        self.model = model
        self.loss_module, self.optimiser = fabric.setup(LossModule(model), optimiser)
        self.step = 0
        if run.checkpoint.exists():
            self._resume()

    def go_on(self, stop: Callable[[], bool]) -> None:
        """Train from here to the last step, or until it is asked to stop."""
        config, fabric = self.config, self.fabric
        opener = DataOpener.of(config, self.run, self.progress)
        dataset = StepBatches(
            opener.weighted(config.data), config.seed, fabric.global_rank, fabric.world_size, config.steps
        )
        names = (data.name for data in config.validation)
        validation = dict(zip(names, opener.weighted(config.validation), strict=True))
        for batch in batches(dataset, range(self.step, config.steps), config.workers):
            found = self._take_step(map_tensors(fabric.to_device, batch))
            self.step += 1
            last = self.step == config.steps or stop()
            if self.step % config.log_every == 0 or last:
                self._note("train", found)
            if last or self.step % config.validate_every == 0:
                self._measure(validation)
            if last or self.step % config.save_every == 0:
                self._save()
            self.progress("training", self.step, config.steps)
            if last:
                break

    def _begin(self, network: DaHyF) -> None:
        if self.config.start is not None:
            try:
                network.load_state_dict(load_weights(self.config.start))
            except RuntimeError as error:
                raise SettingsError(
                    f"The weights {self.config.start} belong to another network: {error}.",
                    "Use the [network] table of the run that made them.",
                ) from error
        elif isinstance(network.regressor, KinematicRegressor):
            network.regressor.kinematics.load_state_dict(load_weights(self.run.initial_kinematics))

    def _take_step(self, batch: Batch) -> dict[str, Tensor]:
        config = self.config
        torch.manual_seed((config.seed * config.steps + self.step) * self.fabric.world_size + self.fabric.global_rank)
        set_rates(self.optimiser, config.schedule, self.step, config.steps)
        contrast = self.step >= config.schedule.contrast_from * config.steps
        self.loss_module.train()
        self.optimiser.zero_grad()
        loss, found = self.loss_module(lambda: batch, contrast)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.loss_module, self.optimiser, max_norm=config.optimiser.clip)
        self.optimiser.step()
        self.average.update_parameters(self.model.network)
        return {"loss": loss, **found}

    def _note(self, kind: str, found: dict[str, Tensor]) -> None:
        """A line of metrics.jsonl and points of TensorBoard's curves."""
        if self.fabric.is_global_zero:
            values = to_scalars(found)
            self.run.note(self.step, kind, values)
            self.fabric.log_dict({f"{kind}/{name}": value for name, value in values.items()}, self.step)

    def _measure(self, validation: dict[str, WeightedSource]) -> None:
        if not self.fabric.is_global_zero:
            return
        for name, weighted in validation.items():
            found = measure(
                cast(DaHyF, self.average.module),
                self.model.objective,
                (map_tensors(self.fabric.to_device, batch) for batch in measured_batches(weighted)),
            )
            self.run.note(self.step, name, found)
            self.fabric.log_dict({f"{name}/{key}": value for key, value in found.items()}, self.step)

    def _state(self) -> dict[str, Any]:
        return {"learner": self.loss_module, "average": self.average, "optimiser": self.optimiser, "step": self.step}

    def _save(self) -> None:
        unfinished = self.run.checkpoint.with_suffix(".part")
        self.fabric.save(unfinished, self._state())
        if self.fabric.is_global_zero:
            unfinished.replace(self.run.checkpoint)
            save_weights(self.average.module.state_dict(), self.run.weights)
        self.fabric.barrier()

    def _resume(self) -> None:
        state = self._state()
        self.fabric.load(self.run.checkpoint, state, weights_only=True)
        self.step = int(state["step"])
