"""Batches for any step of a run. They depend only on the seed and the step, so resuming needs no other state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.datasets import AmplitudeMixing, Augmentation, HandDataset, Patch, cut_sample
from dahyf_core.geometry import KEYPOINT_SETS
from dahyf_core.network import Labels, View

AHEAD = 8
"""Batches that each worker makes ahead."""


@dataclass(frozen=True)
class Batch:
    """inputs: images (B, 3, S, S) of bytes, or the two maps of features that were computed ahead."""

    inputs: tuple[Tensor, ...]
    view: View
    labels: Labels


class Source(Protocol):
    """A source of patches."""

    def __len__(self) -> int: ...

    def batch(self, rows: NDArray[np.integer], random: np.random.Generator) -> Batch:
        """One patch for each of these rows."""
        ...


@dataclass(frozen=True)
class PatchSource:
    """Patches cut anew each time.

    mirror_fraction: the share that is shown as the hand of the other side. mixing: what gives them the amplitudes of
    photographs. size: of the patches, px. hidden_joints: whether joints that are hidden, but whose place is known,
    count in the picture too.
    """

    dataset: HandDataset
    augmentation: Augmentation
    mirror_fraction: float = 0.0
    mixing: AmplitudeMixing | None = None
    size: int = PATCH_SIZE
    hidden_joints: bool = False

    def __len__(self) -> int:
        return len(self.dataset)

    def batch(self, rows: NDArray[np.integer], random: np.random.Generator) -> Batch:
        patches = [cut_sample(self.dataset[int(row)], self.augmentation, random, self.size) for row in rows]
        if self.hidden_joints:
            patches = [replace(patch, visible=patch.visible | np.isfinite(patch.joint_visible)) for patch in patches]
        if self.mixing is not None:
            patches = [replace(patch, image=self.mixing(patch.image, random)) for patch in patches]
        turned = random.random(len(rows)) < self.mirror_fraction
        shown = [mirror_patch(patch) if over else patch for patch, over in zip(patches, turned, strict=True)]
        return stack(shown, ~turned)


@dataclass(frozen=True)
class WeightedSource:
    """A source, its number of patches in each batch, and the weight of its 3D labels.

    label_fade: share of the steps until which the weight falls to 0, as a line does; 0 if it stays.
    """

    source: Source
    count: int
    label_weight: float = 1.0
    label_fade: float = 0.0

    def weight_at(self, share: float) -> float:
        """The weight of 3D labels after a share of the steps."""
        return self.label_weight * (max(0.0, 1 - share / self.label_fade) if self.label_fade else 1.0)


class StepBatches(Dataset[Batch]):
    """Item `step` is that step's batch for one of `world` processes."""

    def __init__(
        self, weighted_sources: Sequence[WeightedSource], seed: int, rank: int = 0, world: int = 1, steps: int = 1
    ) -> None:
        """steps: of the whole run, in which weights of labels fade."""
        self.weighted_sources = weighted_sources
        self.seed, self.rank, self.world, self.steps = seed, rank, world, steps

    def __getitem__(self, step: int) -> Batch:
        parts = []
        for number, weighted in enumerate(self.weighted_sources):
            first = (step * self.world + self.rank) * weighted.count
            rows = np.array([self.row(number, weighted, first + place) for place in range(weighted.count)])
            batch = weighted.source.batch(rows, np.random.default_rng((self.seed, number, step, self.rank)))
            weight = batch.labels.label_weight * weighted.weight_at(step / self.steps)
            parts.append(replace(batch, labels=replace(batch.labels, label_weight=weight)))
        return concatenate(parts)

    def row(self, number: int, weighted: WeightedSource, drawn: int) -> int:
        """The row that is drawn as the `drawn`-th: every epoch goes through all of them, in an order of its own."""
        epoch, place = divmod(drawn, len(weighted.source))
        return int(shuffled(len(weighted.source), self.seed, number, epoch)[place])


@lru_cache(maxsize=16)
def shuffled(count: int, *seed: int) -> NDArray[np.integer]:
    """The order of one epoch."""
    return np.random.default_rng(seed).permutation(count)


def batches(dataset: StepBatches, steps: range, workers: int) -> DataLoader[Batch]:
    """The batches of these steps, in order, made ahead by worker processes."""
    ahead = AHEAD if workers else None
    return DataLoader(dataset, batch_size=None, sampler=steps, num_workers=workers, prefetch_factor=ahead)


def mirror_patch(patch: Patch) -> Patch:
    """A right hand as a left one: the patch in a mirror. Its pose is no longer one of the right hand model."""
    return replace(
        patch,
        image=np.ascontiguousarray(patch.image[:, ::-1]),
        center=patch.center * (-1, 1),
        joints_2d=(PATCH_SIZE, 0) + patch.joints_2d * (-1, 1),
        dense_2d=(PATCH_SIZE, 0) + patch.dense_2d * (-1, 1),
        joints_3d=np.full_like(patch.joints_3d, np.nan),
        rotations=np.full_like(patch.rotations, np.nan),
    )


def stack(patches: Sequence[Patch], right: NDArray[np.bool_]) -> Batch:
    """One batch of patches. Labels that are unknown become zeros that a mask leaves out."""

    def column(name: str) -> Tensor:
        return torch.from_numpy(np.stack([np.asarray(getattr(patch, name), dtype=np.float32) for patch in patches]))

    joints_2d, joints_3d, rotations, shape = map(column, ("joints_2d", "joints_3d", "rotations", "shape"))
    joint_visible, dense_2d = column("joint_visible"), column("dense_2d")
    is_hand = torch.tensor([patch.is_hand for patch in patches])
    visible = torch.from_numpy(np.stack([patch.visible for patch in patches]))
    return Batch(
        inputs=(torch.from_numpy(np.stack([patch.image for patch in patches])).permute(0, 3, 1, 2),),
        view=View(column("center"), column("side"), column("focal")),
        labels=Labels(
            joints_2d=joints_2d.nan_to_num(),
            visible=visible & ~joints_2d.isnan().any(dim=-1) & is_hand[:, None],
            joints_3d=joints_3d.nan_to_num(),
            keypoints=torch.tensor([KEYPOINT_SETS.index(patch.keypoints) for patch in patches]),
            rotations=rotations.nan_to_num(),
            shape=shape.nan_to_num(),
            has_3d=~joints_3d.isnan().any(dim=(-1, -2)) & is_hand,
            has_parameters=~rotations.flatten(1).isnan().any(dim=1) & ~shape.isnan().any(dim=1) & is_hand,
            is_hand=is_hand,
            right=torch.from_numpy(right),
            label_weight=torch.ones(len(patches)),
            joint_visible=joint_visible.nan_to_num(-1.0),
            dense_2d=dense_2d.nan_to_num(),
            dense_known=~dense_2d.isnan().any(dim=-1) & is_hand[:, None],
        ),
    )


Value = TypeVar("Value")


def map_tensors(function: Callable[[Tensor], Tensor], value: Value) -> Value:
    """The same dataclass, tuple or tensor, with the function applied to every tensor in it."""
    return _combine(lambda tensors: function(tensors[0]), [value])


def concatenate(values: Sequence[Value]) -> Value:
    """One dataclass, tuple or tensor, of many along their first axis."""
    return _combine(lambda tensors: torch.cat(list(tensors)), values)


def _combine(function: Callable[[Sequence[Tensor]], Tensor], values: Sequence[Any]) -> Any:
    first = values[0]
    if isinstance(first, Tensor):
        return function(values)
    if isinstance(first, tuple):
        return tuple(_combine(function, column) for column in zip(*values, strict=True))
    if is_dataclass(first) and not isinstance(first, type):
        names = [field.name for field in fields(first)]
        return type(first)(**{name: _combine(function, [getattr(value, name) for value in values]) for name in names})
    raise TypeError(f"{type(first).__name__} holds no tensors")
