"""Data sets of a configuration, opened."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dahyf_core.camera import PATCH_SIZE
from dahyf_core.datasets import OPEN_HAND_READERS, AmplitudeMixing, HandDataset, Sample
from dahyf_core.datasets.sample import unknown
from dahyf_core.errors import SettingsError
from dahyf_core.hand_model import HandModel, load_hand_model
from dahyf_core.network.backbone import create_backbone
from dahyf_core.network.export import patch_size
from dahyf_core.network.trunk import Trunk, TwoPartTrunk
from dahyf_core.synthesis import ALL_READERS
from dahyf_core.training.batches import PatchSource, Source, WeightedSource
from dahyf_core.training.config import DataConfig, TrainingConfig
from dahyf_core.training.features import FeatureSource, write_features
from dahyf_core.training.run_folder import RunFolder, load_weights

Progress = Callable[[str, int, int], None]
TRUNK = "backbone."
"""Where names of a trunk's weights begin."""


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


@dataclass(frozen=True)
class WithoutParameters:
    """A data set whose pose and shape are those of another hand model than the network's, and become unknown."""

    dataset: HandDataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Sample:
        return replace(self.dataset[index], pose=unknown(16, 3), shape=unknown(10))

    @property
    def sources(self) -> Sequence[str]:
        return self.dataset.sources


def cut_size(config: TrainingConfig) -> int:
    """Side of the patches that are cut, px: the network's own, unless MediaPipe's trunk looks on as teacher."""
    return PATCH_SIZE if config.objective.distillation else patch_size(config.network)


def still_trunk(config: TrainingConfig) -> TwoPartTrunk:
    """The trunk of a configuration, whose early part does not learn. Raises SettingsError where it has none."""
    backbone = create_backbone(config.network.backbone, pretrained=config.start is None)
    if config.objective.distillation or not isinstance(backbone, TwoPartTrunk):
        raise SettingsError(
            "cached_variants is for trunks whose early part may stand still: lite's, and lite2's without distillation.",
            "Leave out cached_variants.",
        )
    if config.start is not None:
        weights = load_weights(config.start)
        backbone.load_state_dict(
            {name.removeprefix(TRUNK): values for name, values in weights.items() if name.startswith(TRUNK)}
        )
    elif not isinstance(backbone, Trunk):
        raise SettingsError(
            "With cached_variants the plain convolutions of lite2 stand still, and they have learned nothing yet.",
            "Give the weights of a run that taught them: start = WEIGHTS.safetensors.",
        )
    return backbone.eval()


@dataclass(frozen=True)
class DataOpener:
    """Opens the data sets of a run. trunk: makes the one that features come from. mano: the network's hand where it is
    not the open hand. size: of patches, px."""

    run: RunFolder
    seed: int
    progress: Progress
    trunk: Callable[[], TwoPartTrunk]
    mano: HandModel | None = None
    size: int = PATCH_SIZE

    @classmethod
    def of(cls, config: TrainingConfig, run: RunFolder, progress: Progress) -> "DataOpener":
        """For a configuration. Raises ModelFileError where its hand model cannot be read."""
        mano = load_hand_model(config.hand_model) if config.hand_model else None
        return cls(run, config.seed, progress, partial(still_trunk, config), mano, cut_size(config))

    def weighted(self, configs: Sequence[DataConfig]) -> list[WeightedSource]:
        """All these data sets."""
        return [
            WeightedSource(self.source(config), config.count, config.label_weight, config.label_fade)
            for config in configs
        ]

    def source(self, config: DataConfig) -> Source:
        """One data set; its features are computed now if the configuration wants them ahead and they are not there."""
        if config.reader == "features":
            return FeatureSource(config.path)
        mixing = None
        if config.amplitudes is not None:
            mixing = AmplitudeMixing(config.amplitudes, config.amplitude, size=self.size)
        source = PatchSource(
            self._dataset(config), config.augmentation, config.mirror_fraction, mixing, self.size, config.hidden_joints
        )
        if not config.cached_variants:
            return source
        folder = self.run.features(config.name)
        write_features(
            source,
            self.trunk(),
            folder,
            config.cached_variants,
            self.seed,
            lambda done, total: self.progress(config.name, done, total),
        )
        return FeatureSource(folder)

    def _dataset(self, config: DataConfig) -> HandDataset:
        if config.reader not in ALL_READERS:
            raise SettingsError(
                f"The data set {config.name} has an unknown reader, {config.reader}.",
                f"Readers are {', '.join(sorted([*ALL_READERS, 'features']))}.",
            )
        dataset = ALL_READERS[config.reader](config.path, config.split, self.mano)
        if not len(dataset):
            raise SettingsError(
                f"The data set {config.name} has no sample in the split {config.split}.",
                "Add data, or choose another split.",
            )
        if self.mano is not None and config.reader in OPEN_HAND_READERS:
            dataset = WithoutParameters(dataset)
        if config.limit and config.limit < len(dataset):
            dataset = Selected(dataset, np.linspace(0, len(dataset) - 1, config.limit).astype(int))
        return dataset
