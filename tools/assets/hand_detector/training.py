"""Trains the hand detector. A killed training goes on where its last checkpoint is."""

import json
import math
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hand_detector.composer import Composer
from hand_detector.network import HandDetector, from_palm_detector
from hand_detector.targets import DetectionLoss, Truth, truth_of

CHECKPOINT_STEPS = 25
EVERY_LOG = 10
SAMPLED, LEAST_SIZE = 0.3, 0.01
"""Share of the rate; root mean square of an array that begins as nothing."""


@dataclass(frozen=True)
class TrainingSettings:
    """steps: of `batch` pictures. rate: AdamW's, in sizes of the arrays that learn, greatest after `warmup` steps,
    falling to a twentieth as a cosine.

    average: decay of the running mean of the weights, which is what is kept.
    """

    steps: int = 2000
    batch: int = 24
    rate: float = 1.5e-3
    warmup: int = 60
    weight_decay: float = 1e-3
    average: float = 0.99

    def rate_at(self, step: int) -> float:
        progress = min(1.0, step / self.steps)
        return self.rate * min(1.0, (step + 1) / self.warmup) * (0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * progress)))


def train(composer: Composer, start: Path, folder: Path, settings: TrainingSettings) -> HandDetector:
    """Train from the palm detector in `start`; checkpoints and a log go to `folder`. Returns the mean network."""
    folder.mkdir(parents=True, exist_ok=True)
    net, mean = from_palm_detector(start), from_palm_detector(start)
    net = net.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(_groups(net), lr=settings.rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay)
    first = _resume(folder / "checkpoint.pt", net, mean, optimiser)
    loss_of, log, shown = DetectionLoss(), (folder / "log.jsonl").open("a"), []
    began = time.monotonic()
    for step, (pictures, truths) in _batches(composer, settings, first):
        for group in optimiser.param_groups:
            group["lr"] = group["share"] * settings.rate_at(step)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            outputs = net(pictures)
        loss, parts = loss_of(outputs, truths)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        _move_mean(mean, net, min(settings.average, (step + 1) / (step + 10)))
        shown.append(parts)
        if (step + 1) % EVERY_LOG == 0:
            row = {name: round(float(np.mean([each.get(name, 0.0) for each in shown])), 4) for name in parts}
            print(
                json.dumps({"step": step + 1, "seconds": round(time.monotonic() - began)} | row), file=log, flush=True
            )
            shown.clear()
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == settings.steps:
            _save(folder / "checkpoint.pt", step + 1, net, mean, optimiser)
    return mean


def load_mean(path: Path, start: Path) -> HandDetector:
    """The mean network of a checkpoint."""
    net = from_palm_detector(start)
    net.load_state_dict(torch.load(path, weights_only=True)["mean"])
    return net.eval()


def _groups(net: HandDetector) -> list[dict[str, Any]]:
    """Each array learns in proportion to its own size: the network has no normalisation, and is sharp.

    Those whose gradients come from few pictures learn more slowly.
    """
    groups = []
    for name, parameter in net.named_parameters():
        size = max(LEAST_SIZE, float(parameter.detach().square().mean().sqrt()))
        share = SAMPLED if "depthwise" in name or "act" in name else 1.0
        groups.append({"params": [parameter], "share": share * size})
    return groups


def _batches(
    composer: Composer, settings: TrainingSettings, first: int
) -> Iterator[tuple[int, tuple[torch.Tensor, list[Truth]]]]:
    def batch(step: int) -> tuple[torch.Tensor, list[Truth]]:
        pictures = [composer.picture(step * settings.batch + row) for row in range(settings.batch)]
        return torch.from_numpy(np.stack([each.pixels for each in pictures])), [truth_of(each) for each in pictures]

    with ThreadPoolExecutor(1) as ahead:
        coming = ahead.submit(batch, first)
        for step in range(first, settings.steps):
            ready, coming = coming.result(), ahead.submit(batch, step + 1)
            yield step, ready


def _move_mean(mean: HandDetector, net: HandDetector, decay: float) -> None:
    with torch.no_grad():
        for old, new in zip(mean.parameters(), net.parameters(), strict=True):
            old.lerp_(new, 1 - decay)


def _save(path: Path, step: int, net: HandDetector, mean: HandDetector, optimiser: torch.optim.Optimizer) -> None:
    state = {"step": step, "net": net.state_dict(), "mean": mean.state_dict(), "optimiser": optimiser.state_dict()}
    temporary = path.with_suffix(".part")
    torch.save(state, temporary)
    temporary.rename(path)


def _resume(path: Path, net: HandDetector, mean: HandDetector, optimiser: torch.optim.Optimizer) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    for part, name in ((net, "net"), (mean, "mean"), (optimiser, "optimiser")):
        part.load_state_dict(state[name])
    return state["step"]
