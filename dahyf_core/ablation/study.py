"""All runs of an ablation in one folder. Finished runs are not repeated, and stopped runs are resumed."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dahyf_core.ablation.rows import Row
from dahyf_core.ablation.scores import binned, scores, wrist_by_angle
from dahyf_core.capture import replacing
from dahyf_core.errors import SettingsError
from dahyf_core.training import RunFolder, TrainingConfig, train
from dahyf_core.training.batches import WeightedSource
from dahyf_core.training.config import DataConfig, dump_config
from dahyf_core.training.data import DataOpener, Progress
from dahyf_core.training.features import COMPLETE
from dahyf_core.training.loop import TrainingModel
from dahyf_core.training.run_folder import load_weights

HANDS, OTHERS, WIDE = "hands", "handless", "wide"
"""Names of the recipe's validation sets: hands, patches without hands, and hands across a wide-angle frame."""
EDGES = np.arange(0.0, 41.0, 5.0)
"""Degrees off axis."""
SCORES = "scores.json"
RECIPE = "recipe.json"

Facts = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """A recipe with data and schedule, and a folder. Raises SettingsError if the recipe has no validation set of
    hands."""

    folder: Path
    recipe: TrainingConfig

    def __post_init__(self) -> None:
        if HANDS not in (data.name for data in self.recipe.validation):
            raise SettingsError(
                "The recipe has no validation data to score with.", f'Add a [[validation]] with name = "{HANDS}".'
            )

    def run(
        self, rows: Sequence[Row], seeds: Sequence[int], progress: Progress, stop: Callable[[], bool] = lambda: False
    ) -> list[Facts]:
        """Train and score each row with each seed, seed after seed. Earlier scores are read from the folder.

        stop: called after each step and run; True ends the study and keeps what is done.

        Raises SettingsError if the folder holds a study of another recipe.
        """
        self._keep_recipe()
        recipe = self._with_shared_features(progress)
        found: list[Facts] = []
        for seed in seeds:
            for row in rows:
                if stop():
                    return found
                facts = self._facts(recipe, row, seed, progress, stop)
                if facts is not None:
                    found.append(facts)
        return found

    def _keep_recipe(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        file, text = self.folder / RECIPE, dump_config(self.recipe)
        if not file.exists():
            with replacing(file) as stream:
                stream.write(text.encode())
        elif file.read_text(encoding="utf-8") != text:
            raise SettingsError(
                f"The study in {self.folder} uses another recipe, which {file} holds.",
                "Give another folder with -o, or use that recipe.",
            )

    def _with_shared_features(self, progress: Progress) -> TrainingConfig:
        """The recipe with features that all runs share. They are computed here."""
        shared = RunFolder(self.folder)

        def ready(data: DataConfig) -> DataConfig:
            if not data.cached_variants:
                return data
            if not (shared.features(data.name) / COMPLETE).exists():
                DataOpener.of(self.recipe, shared, progress).source(data)
            return replace(data, reader="features", path=shared.features(data.name).resolve(), cached_variants=0)

        data, validation = (tuple(map(ready, part)) for part in (self.recipe.data, self.recipe.validation))
        return replace(self.recipe, data=data, validation=validation)

    def _facts(
        self, recipe: TrainingConfig, row: Row, seed: int, progress: Progress, stop: Callable[[], bool]
    ) -> Facts | None:
        """The scores of one run; None if it was stopped."""
        folder = self.folder / f"{row.name}-{seed}"
        file = folder / SCORES
        if file.exists():
            facts: Facts = json.loads(file.read_text(encoding="utf-8"))
            return facts
        if (folder / "config.json").exists():
            run, config = RunFolder.open(folder)
        else:
            config = row.applied(replace(recipe, validation=()), seed)
            run = RunFolder.create(folder, config)
        name = f"{row.name} {seed}"
        train(config, run, lambda _, done, total: progress(name, done, total), stop)
        if stop():
            return None
        facts = {"row": row.name, "title": row.title, "seed": seed, **measured(config, run, recipe.validation)}
        with replacing(file) as stream:
            stream.write(json.dumps(facts, indent=1).encode())
        return facts


def measured(config: TrainingConfig, run: RunFolder, validation: Sequence[DataConfig]) -> Facts:
    """The scores of a run's weights, and its wrist rotation by angle where there are wide hands."""
    model = TrainingModel.create(config)
    model.network.load_state_dict(load_weights(run.weights))
    network, objective = model.network.eval(), model.objective
    opener = DataOpener.of(config, run, lambda *_: None)
    sets = {data.name: WeightedSource(opener.source(data), 0) for data in validation}
    facts: Facts = {"scores": scores(network, objective, sets[HANDS], sets.get(OTHERS))}
    if WIDE in sets:
        facts["wide"] = scores(network, objective, sets[WIDE], None)
        angles, errors = wrist_by_angle(network, objective, sets[WIDE])
        facts["wrist_by_angle"] = {"edges": EDGES.tolist(), "degrees": list(binned(angles, errors, EDGES))}
    return facts


def by_row(found: Sequence[Facts]) -> Iterator[tuple[str, list[Facts]]]:
    """Titles and the runs of each row, in their order."""
    for title in dict.fromkeys(facts["title"] for facts in found):
        yield title, [facts for facts in found if facts["title"] == title]
