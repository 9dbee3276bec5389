"""A recipe with another backbone or other hands."""

from dataclasses import replace
from pathlib import Path

from dahyf_core.errors import SettingsError
from dahyf_core.network.config import Backbone
from dahyf_core.training import TrainingConfig
from dahyf_core.training.config import DataConfig

HANDLESS_READERS = ("backgrounds", "hanco-without-hands")


def with_backbone(recipe: TrainingConfig, backbone: Backbone) -> TrainingConfig:
    """The recipe with that backbone. Only `lite` has features that can be computed ahead."""
    changed = replace(recipe, network=replace(recipe.network, backbone=backbone))
    if backbone == "lite":
        return changed
    return replace(
        changed,
        data=tuple(replace(data, cached_variants=0) for data in recipe.data),
        validation=tuple(replace(data, cached_variants=0) for data in recipe.validation),
    )


def with_hands(recipe: TrainingConfig, reader: str, path: Path) -> TrainingConfig:
    """The recipe with one data set instead of all its hands for training and for validation.

    Patches without hands stay, and so do validation sets that are not called "hands". Raises SettingsError if the
    recipe has no training data with hands.
    """
    hands = [data for data in recipe.data if data.reader not in HANDLESS_READERS]
    if not hands:
        raise SettingsError(
            "The recipe has no training data with hands.", "Add a [[data]] table with a reader of hands."
        )
    others = tuple(data for data in recipe.data if data.reader in HANDLESS_READERS)
    count = sum(data.count for data in hands)
    train = replace(
        hands[0], name=reader, reader=reader, path=path, split="train", count=count, label_weight=1.0, limit=0
    )

    def scored_by(data: DataConfig) -> DataConfig:
        return replace(data, reader=reader, path=path, split="test") if data.name == "hands" else data

    return replace(recipe, data=(train, *others), validation=tuple(map(scored_by, recipe.validation)))
