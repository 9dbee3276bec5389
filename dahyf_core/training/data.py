"""Data sets of a configuration, opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dahyf_core.datasets import HandDataset, Sample
from dahyf_core.errors import SettingsError
from dahyf_core.network.trunk import Trunk
from dahyf_core.synthesis import ALL_READERS
from dahyf_core.training.batches import PatchSource, Source, WeightedSource
from dahyf_core.training.config import DataConfig
from dahyf_core.training.features import FeatureSource, write_features
from dahyf_core.training.run_folder import RunFolder

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Selected:
    """Some rows of a data set."""

    dataset: HandDataset
    rows: NDArray[np.integer]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Sample:
        return self.dataset[int(self.rows[index])]

    @property
    def sources(self) -> Sequence[str]:
        return [self.dataset.sources[row] for row in self.rows]


def open_weighted_sources(
    configs: Sequence[DataConfig], run: RunFolder, seed: int, progress: Progress
) -> list[WeightedSource]:
    """All data sets of a run."""
    return [
        WeightedSource(open_source(config, run, seed, progress), config.count, config.label_weight)
        for config in configs
    ]


def open_source(config: DataConfig, run: RunFolder, seed: int, progress: Progress) -> Source:
    """One data set; its features are computed now where the configuration wants them ahead and they are not there."""
    if config.reader == "features":
        return FeatureSource(config.path)
    if config.reader not in ALL_READERS:
        raise SettingsError(
            f"The data set {config.name} has an unknown reader, {config.reader}.",
            f"Readers are {', '.join(sorted([*ALL_READERS, 'features']))}.",
        )
    dataset = ALL_READERS[config.reader](config.path, config.split)
    if config.limit and config.limit < len(dataset):
        dataset = Selected(dataset, np.linspace(0, len(dataset) - 1, config.limit).astype(int))
    source = PatchSource(dataset, config.augmentation, config.mirror_fraction)
    if not config.cached_variants:
        return source
    folder = run.features(config.name)
    write_features(
        source,
        Trunk().eval(),
        folder,
        config.cached_variants,
        seed,
        lambda done, total: progress(config.name, done, total),
    )
    return FeatureSource(folder)
