"""Features of a trunk's early part, computed ahead: training the rest then sees hundreds of patches a second."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from dahyf_core.errors import DatasetError
from dahyf_core.network import Labels, View
from dahyf_core.network.export import export_early
from dahyf_core.network.trunk import TwoPartTrunk
from dahyf_core.runtime import create_session
from dahyf_core.training.batches import Batch, Source, map_tensors

MAPS = ("fine", "middle")
BATCH = 32
COMPLETE = "complete.json"
NAMES = {"trust": "label_weight"}
"""Current names of renamed labels in feature files, by their old names."""


class FeatureSource:
    """Features that `write_features` wrote. Maps are read from the disk when needed."""

    def __init__(self, folder: Path) -> None:
        """Raises DatasetError when the folder holds no complete set of features."""
        remedy = "Write the features again."
        if not (folder / COMPLETE).is_file():
            raise DatasetError(f"{folder} holds no complete set of features.", remedy)
        try:
            self._maps = [np.load(folder / f"{name}.npy", mmap_mode="r") for name in MAPS]
            with np.load(folder / "labels.npz", allow_pickle=False) as file:
                columns = {NAMES.get(name, name): torch.from_numpy(file[name]) for name in file.files}
            self._view = View(**_columns_of(View, columns))
            self._labels = Labels(**_columns_of(Labels, columns))
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(f"The features in {folder} are damaged: {error}.", remedy) from error

    def __len__(self) -> int:
        return len(self._view.side)

    def batch(self, rows: NDArray[np.integer], random: np.random.Generator) -> Batch:
        """The patches of these rows; nothing about them is left to chance."""
        index = torch.from_numpy(rows)
        maps = tuple(torch.from_numpy(stored[rows]).float() for stored in self._maps)
        view, labels = map_tensors(lambda tensor: tensor[index], (self._view, self._labels))
        return Batch(maps, view, labels)


def write_features(
    source: Source,
    trunk: TwoPartTrunk,
    folder: Path,
    variants: int,
    seed: int,
    progress: Callable[[int, int], None],
    threads: int = 0,
) -> None:
    """Features of every row, seen `variants` times, with their labels, into a folder: .npy maps and labels.npz.

    progress: called with the patches done and their number. threads: of ONNX Runtime, see `create_session`. A folder
    that is complete is left as it is.
    """
    if (folder / COMPLETE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.tile(np.arange(len(source)), variants)
    columns: list[dict[str, Tensor]] = []
    with TemporaryDirectory() as work:
        export_early(trunk, Path(work) / "early.onnx")
        session = create_session(Path(work) / "early.onnx", threads)
        blank = np.zeros((1, trunk.picture, trunk.picture, 3), dtype=np.uint8)
        shapes = [maps.shape[1:] for maps in session.run(patches=blank)]
        stored = [
            open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.float16, shape=(len(rows), *shape))
            for name, shape in zip(MAPS, shapes, strict=True)
        ]
        for start in range(0, len(rows), BATCH):
            batch = source.batch(rows[start : start + BATCH], np.random.default_rng((seed, start)))
            maps = session.run(patches=batch.inputs[0].permute(0, 2, 3, 1).numpy())
            for array, values in zip(stored, maps, strict=True):
                array[start : start + BATCH] = values
            columns.append({**vars(batch.view), **vars(batch.labels)})
            progress(start + len(batch.inputs[0]), len(rows))
    for array in stored:
        array.flush()
    names = columns[0]
    joined = {name: torch.cat([part[name] for part in columns]).numpy() for name in names}
    np.savez(folder / "labels.npz", allow_pickle=False, **joined)
    (folder / COMPLETE).write_text(json.dumps({"patches": len(rows), "variants": variants, "seed": seed}))


def _columns_of(kind: type[Any], columns: dict[str, Tensor]) -> dict[str, Tensor]:
    return {field.name: columns[field.name] for field in fields(kind)}
