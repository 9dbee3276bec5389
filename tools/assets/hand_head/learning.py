"""Training of the head on kept features, and how well it does on photographs that it never saw."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dahyf_core.network.verification import HandHead

EPOCHS = 10
BATCH = 128
RATE = 3e-3
DECAY = 0.2
MIXING = 0.4
"""Of the beta distribution by which pairs of examples are mixed (mixup, Zhang et al. 2018)."""
SMOOTHING = 0.02
"""Labels are this far from certain: some photographs are labelled wrongly."""
VALIDATION = 5
"""One group in so many is not learned from."""
TRUE_ACCEPTANCE = 0.99


def load(folder: Path) -> dict[str, NDArray]:
    """All shards as one: middle, presence, is_hand, group, kind."""
    shards = [np.load(path, allow_pickle=False) for path in sorted(folder.glob("*.npz"))]
    return {name: np.concatenate([shard[name] for shard in shards]) for name in SHARD_ARRAYS}


SHARD_ARRAYS = ("middle", "presence", "is_hand", "group", "kind")


def is_validation(group: NDArray[np.str_]) -> NDArray[np.bool_]:
    """(N,) which examples are for validation; all of one group are on one side."""
    return np.array([int(hashlib.md5(name.encode()).hexdigest(), 16) % VALIDATION == 0 for name in group])


def train(data: Mapping[str, NDArray], seed: int = 0) -> HandHead:
    """A head on the examples that are not for validation."""
    torch.manual_seed(seed)
    head = HandHead().to(memory_format=torch.channels_last)
    rows = np.flatnonzero(~is_validation(data["group"]))
    wanted = torch.from_numpy(data["is_hand"]).float() * (1 - 2 * SMOOTHING) + SMOOTHING
    optimiser = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    steps = EPOCHS * (len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps, pct_start=0.15)
    order = np.random.default_rng(seed)
    for epoch in range(EPOCHS):
        total, shuffled = 0.0, order.permutation(rows)
        for batch in np.split(shuffled[: len(shuffled) // BATCH * BATCH], len(shuffled) // BATCH):
            share, other = float(order.beta(MIXING, MIXING)), order.permutation(batch)
            logits = head(share * _features(data, batch) + (1 - share) * _features(data, other))
            mixed = share * wanted[batch] + (1 - share) * wanted[other]
            loss = nn.functional.binary_cross_entropy_with_logits(logits, mixed)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {EPOCHS}: loss {total / (len(rows) // BATCH):.3f}", flush=True)
    return head.eval()


def _features(data: Mapping[str, NDArray], rows: NDArray[np.integer]) -> torch.Tensor:
    return torch.from_numpy(data["middle"][rows]).float().contiguous(memory_format=torch.channels_last)


def scores(head: HandHead, data: Mapping[str, NDArray], rows: NDArray[np.integer]) -> NDArray[np.float32]:
    """(N,) probabilities of a hand."""
    with torch.inference_mode():
        parts = [head(_features(data, part)).sigmoid() for part in np.array_split(rows, max(1, len(rows) // 256))]
    return torch.cat(parts).numpy()


def judge(score: NDArray[np.floating], is_hand: NDArray[np.bool_], kind: NDArray[np.str_]) -> dict[str, object]:
    """AUROC; the threshold that 99 % of the hands pass, and the share of all else that passes it too, by kind."""
    rank = score.argsort().argsort()
    hands, others = int(is_hand.sum()), int((~is_hand).sum())
    threshold = float(np.quantile(score[is_hand], 1 - TRUE_ACCEPTANCE))
    passed = score >= threshold
    return {
        "hands": hands,
        "others": others,
        "auroc": round(float(rank[is_hand].sum() - hands * (hands - 1) / 2) / (hands * others), 4),
        "threshold": round(threshold, 3),
        "false_acceptance": round(float(passed[~is_hand].mean()), 3),
        "by_kind": {str(name): round(float(passed[kind == name].mean()), 3) for name in np.unique(kind)},
    }


def report(head: HandHead, data: Mapping[str, NDArray], path: Path) -> None:
    """Write how the head and the network's own confidence do on the validation examples."""
    rows = np.flatnonzero(is_validation(data["group"]))
    facts = {
        name: judge(score, data["is_hand"][rows], data["kind"][rows])
        for name, score in (("head", scores(head, data, rows)), ("confidence", data["presence"][rows]))
    }
    path.write_text(json.dumps(facts, indent=2) + "\n")
    print(json.dumps(facts, indent=2))
