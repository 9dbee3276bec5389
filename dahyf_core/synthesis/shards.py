"""A synthetic set on disk: numbered .npz files of JPEG pictures and labels, and a JSON file of how it was made."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from dahyf_core.capture import replacing
from dahyf_core.datasets import READERS, Reader, Sample
from dahyf_core.errors import DatasetError, OutputError
from dahyf_core.hand_model import HandModel, Side, load_hand_model
from dahyf_core.synthesis.generator import Generator, decode
from dahyf_core.synthesis.labels import Batch, Labels, picture_camera
from dahyf_core.synthesis.mapped_arrays import map_arrays
from dahyf_core.synthesis.recipe import geometry_digest

FORMAT, VERSION = "dahyf synthetic hands", 2
RECIPE_FILE = "recipe.json"
SHARD_SIZE = 500
"""Pictures in a shard; only the last may have fewer."""
OPEN_SHARDS = 2000
"""Shards whose arrays are mapped at once. They take no memory, only addresses."""

Progress = Callable[[int, int], None]


def write_set(generator: Generator, folder: Path, count: int, progress: Progress = lambda done, total: None) -> None:
    """Write pictures number 0 to count - 1 as shards that the folder does not hold yet.

    A run that was stopped goes on where it was; a greater count extends a finished set. progress(done, total) is called
    after each picture. Raises OutputError when the folder holds a set of another recipe or cannot be written.
    """
    _claim(folder, generator)
    for number in range(-(-count // SHARD_SIZE)):
        numbers = range(number * SHARD_SIZE, min((number + 1) * SHARD_SIZE, count))
        path = _shard_path(folder, number)
        if not path.is_file() or _length(path) < len(numbers):
            _write_shard(generator, path, numbers, lambda index: progress(index + 1, count))
        progress(numbers.stop, count)


class SyntheticHands:
    """The pictures of a folder that `dahyf synth` wrote, as a data set (datasets.HandDataset)."""

    def __init__(self, folder: Path, model: HandModel, keypoints: str = "mediapipe") -> None:
        """model: the right hand model of the set. keypoints: the model's set that samples have.

        Raises DatasetError when the folder holds no set, an unfinished or damaged one, or one of another hand.
        """
        self._folder = folder
        recipe = _read_recipe(folder)
        if recipe["hand_model"] != geometry_digest(model):
            raise DatasetError(f"The pictures of {folder} show another hand model.", "Make them with `dahyf synth`.")
        self.size = int(recipe["settings"]["size"])
        self._seed = recipe["seed"]
        self._models = {"right": model, "left": model.mirrored()}
        self._keypoints = keypoints
        self._lengths = [_length(path) for path in sorted(folder.glob("*.npz"))]
        if not self._lengths or any(length != SHARD_SIZE for length in self._lengths[:-1]):
            raise DatasetError(f"The set in {folder} is not complete.", "Run the same `dahyf synth` again.")

    def __len__(self) -> int:
        return sum(self._lengths)

    def __getitem__(self, index: int) -> Sample:
        number, row = divmod(range(len(self))[index], SHARD_SIZE)
        files, labels = _read_shard(_shard_path(self._folder, number))
        side: Side = "left" if labels.side[row] == "left" else "right"
        model, one = self._models[side], slice(row, row + 1)
        posed = model.skeleton(labels.pose[one], labels.shape[one], labels.translation[one])
        joints = model.keypoints(posed, self._keypoints)[0]
        camera = picture_camera(labels, row, self.size)
        return Sample(
            image=decode(files[row]),
            intrinsics=camera,
            source=self._source(index),
            side=side,
            joints_2d=camera.project(joints),
            visible=labels.visible[row],
            joints_3d=joints,
            keypoints=self._keypoints,
            pose=labels.pose[row].astype(float),
            shape=labels.shape[row].astype(float),
            joint_visible=labels.visible[row].astype(float),
            dense_2d=labels.dense_2d[row].astype(float),
            dense_visible=labels.dense_visible[row].astype(float),
        )

    @property
    def sources(self) -> list[str]:
        """Every picture is an origin of its own."""
        return [self._source(index) for index in range(len(self))]

    def batches(self) -> Iterator[Batch]:
        """All pictures with all labels, a shard at a time, in order."""
        for number in range(len(self._lengths)):
            files, labels = _read_shard(_shard_path(self._folder, number))
            yield Batch(np.stack([decode(file) for file in files]), labels)

    def _source(self, index: int) -> str:
        return f"synthetic/{self._seed}/{index}"


ALL_READERS: Mapping[str, Reader] = MappingProxyType(
    {**READERS, "synthetic": lambda path, split, mano=None: SyntheticHands(path, load_hand_model())}
)
"""Drawn sets as well as photographed ones, by the name that configurations and commands give."""


def _claim(folder: Path, generator: Generator) -> None:
    """Make the folder one for this recipe."""
    recipe = {"format": FORMAT, "version": VERSION, **json.loads(json.dumps(asdict(generator.recipe)))}
    path = folder / RECIPE_FILE
    if path.is_file():
        if json.loads(path.read_text(encoding="utf-8")) != recipe:
            raise OutputError(
                f"{folder} holds pictures that were made with other settings or data.",
                "Choose another folder, or use the same seed, settings, backgrounds and poses.",
            )
        return
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be created: {error.strerror}.", "Choose another folder.") from error
    with replacing(path) as stream:
        stream.write(json.dumps(recipe, indent=2).encode())


def _write_shard(generator: Generator, path: Path, numbers: range, progress: Callable[[int], None]) -> None:
    files, labels = [], []
    for index in numbers:
        file, label = generator.jpeg(index)
        files.append(file)
        labels.append(label)
        progress(index)
    starts = np.cumsum([0, *map(len, files)])
    with replacing(path) as stream:
        arrays = {"jpeg": np.concatenate(files), "jpeg_start": starts, **Labels.concatenate(labels).arrays()}
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # no array is called allow_pickle


def _shard_path(folder: Path, number: int) -> Path:
    return folder / f"{number:05d}.npz"


def _read_recipe(folder: Path) -> dict[str, Any]:
    try:
        recipe = json.loads((folder / RECIPE_FILE).read_text(encoding="utf-8"))
        if (recipe["format"], recipe["version"]) != (FORMAT, VERSION):
            raise ValueError(f"it is {recipe['format']}, version {recipe['version']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{folder} is not a synthetic set: {error}.", "Make it with `dahyf synth`.") from error
    return recipe


def _length(path: Path) -> int:
    with _opened(path) as file:
        return len(file["index"])


@lru_cache(maxsize=OPEN_SHARDS)
def _read_shard(path: Path) -> tuple[list[NDArray[np.uint8]], Labels]:
    try:
        arrays = map_arrays(path)
        jpeg, starts = arrays.pop("jpeg"), arrays.pop("jpeg_start")
        labels = Labels(**arrays)
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
        raise DatasetError(f"{path} is damaged: {error}.", "Delete it and run the same `dahyf synth` again.") from error
    return [jpeg[first:last] for first, last in pairwise(starts)], labels


def _opened(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, BadZipFile) as error:
        raise DatasetError(f"{path} is damaged: {error}.", "Delete it and run the same `dahyf synth` again.") from error
