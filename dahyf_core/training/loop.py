"""The training loop: one process on a CPU, one GPU, or many by DDP, as Lightning Fabric has it.

Whatever a step needs follows from the seed and its number, so that a run that was killed goes on as if it had not been.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from lightning_fabric import Fabric
from lightning_fabric.loggers import TensorBoardLogger
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from dahyf_core.errors import SettingsError
from dahyf_core.network import DaHyF
from dahyf_core.network.regressor import KinematicRegressor
from dahyf_core.training.batches import Batch, Share, StepBatches, batches
from dahyf_core.training.config import TrainingConfig
from dahyf_core.training.data import Progress, open_shares
from dahyf_core.training.kinematics import teach_kinematics
from dahyf_core.training.objective import Objective, to_scalars
from dahyf_core.training.optimiser import create_optimiser, set_rates
from dahyf_core.training.run_folder import RunFolder, load_weights, save_weights
from dahyf_core.training.tensors import map_tensors
from dahyf_core.training.validation import measure, predict

MEASURED_PATCHES = 32
"""Patches of a data set that are measured at once."""


@dataclass(frozen=True)
class Trainee:
    """What learns, and what it is asked of."""

    network: DaHyF
    objective: Objective

    @classmethod
    def create(cls, config: TrainingConfig) -> "Trainee":
        """Before the first step."""
        torch.manual_seed(config.seed)
        network = DaHyF(config.network, pretrained=config.start is None)
        return cls(network, Objective(network, config.objective))


class Learner(nn.Module):
    """Network and objective as one module, which is what DDP wraps: a batch to the loss and its terms."""

    def __init__(self, trainee: Trainee) -> None:
        super().__init__()
        self.network, self.objective = trainee.network, trainee.objective

    def forward(self, give: Callable[[], Batch], contrast: bool) -> tuple[Tensor, dict[str, Tensor]]:
        """give: the batch, as a function: tensors that Fabric is handed it rounds, labels and cameras included."""
        batch = give()
        prediction = predict(self.network, batch)
        with torch.autocast(batch.view.side.device.type, enabled=False):
            return self.objective(prediction, batch.view, batch.labels, contrast)


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
        precision=config.precision,
        loggers=TensorBoardLogger(run.path.parent, name=run.path.name, version=""),
    )
    fabric.launch()
    if fabric.is_global_zero:
        prepare(config, run, progress)
    fabric.barrier()
    Run(config, run, fabric, progress).go_on(stop)


def measured_batches(share: Share) -> Iterator[Batch]:
    """All patches of a data set, always the same."""
    for first in range(0, len(share.source), MEASURED_PATCHES):
        rows = np.arange(first, min(first + MEASURED_PATCHES, len(share.source)))
        yield share.source.batch(rows, np.random.default_rng(first))


def prepare(config: TrainingConfig, run: RunFolder, progress: Progress) -> None:
    """What one process does for all: features, and inverse kinematics."""
    open_shares((*config.data, *config.validation), run, config.seed, progress)
    if config.start is not None or run.beginning.exists():
        return
    network = Trainee.create(config).network
    if isinstance(network.regressor, KinematicRegressor):
        kinematics, model = network.regressor.kinematics, network.hand_layer.model
        teach_kinematics(
            kinematics, model, config.kinematics, config.seed, lambda done, total: progress("kinematics", done, total)
        )
        save_weights(kinematics.state_dict(), run.beginning)


class Run:
    """One process of a run, between two steps."""

    def __init__(self, config: TrainingConfig, run: RunFolder, fabric: Fabric, progress: Progress) -> None:
        self.config, self.run, self.fabric, self.progress = config, run, fabric, progress
        trainee = Trainee.create(config)
        trainee.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._begin(trainee.network)
        self.average = AveragedModel(
            trainee.network, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True
        ).to(fabric.device)
        self.average.eval()
        optimiser = create_optimiser(trainee.network, trainee.objective, config.optimiser)
        self.trainee = trainee
        self.learner, self.optimiser = fabric.setup(Learner(trainee), optimiser)
        self.step = 0
        if run.checkpoint.exists():
            self._resume()

    def go_on(self, stop: Callable[[], bool]) -> None:
        """Train from here to the last step, or until it is asked to stop."""
        config, fabric = self.config, self.fabric
        shares = open_shares(config.data, self.run, config.seed, self.progress)
        validation = dict(
            zip(
                (data.name for data in config.validation),
                open_shares(config.validation, self.run, config.seed, self.progress),
                strict=True,
            )
        )
        dataset = StepBatches(shares, config.seed, fabric.global_rank, fabric.world_size)
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
                    f"The weights {self.config.start} are of another network: {error}.", "Keep its [network] table."
                ) from error
        elif isinstance(network.regressor, KinematicRegressor):
            network.regressor.kinematics.load_state_dict(load_weights(self.run.beginning))

    def _take_step(self, batch: Batch) -> dict[str, Tensor]:
        config = self.config
        torch.manual_seed((config.seed * config.steps + self.step) * self.fabric.world_size + self.fabric.global_rank)
        set_rates(self.optimiser, config.schedule, self.step, config.steps)
        contrast = self.step >= config.schedule.contrast_from * config.steps
        self.learner.train()
        self.optimiser.zero_grad()
        loss, found = self.learner(lambda: batch, contrast)
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.learner, self.optimiser, max_norm=config.optimiser.clip)
        self.optimiser.step()
        self.average.update_parameters(self.trainee.network)
        return {"loss": loss, **found}

    def _note(self, kind: str, found: dict[str, Tensor]) -> None:
        """A line of metrics.jsonl and points of TensorBoard's curves."""
        if self.fabric.is_global_zero:
            values = to_scalars(found)
            self.run.note(self.step, kind, values)
            self.fabric.log_dict({f"{kind}/{name}": value for name, value in values.items()}, self.step)

    def _measure(self, validation: dict[str, Share]) -> None:
        if not self.fabric.is_global_zero:
            return
        for name, share in validation.items():
            found = measure(
                cast(DaHyF, self.average.module),
                self.trainee.objective,
                (map_tensors(self.fabric.to_device, batch) for batch in measured_batches(share)),
            )
            self.run.note(self.step, name, found)
            self.fabric.log_dict({f"{name}/{key}": value for key, value in found.items()}, self.step)

    def _state(self) -> dict[str, Any]:
        return {"learner": self.learner, "average": self.average, "optimiser": self.optimiser, "step": self.step}

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
